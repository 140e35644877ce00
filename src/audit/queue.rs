//! Records that wait to be written together, and the count of those that could not be. Bounded: when the disk does not keep
//! up, further records are counted instead of kept.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::{Event, entry::Entry};

/// Records that start a group at once.
pub(super) const GROUP: usize = 64;
/// Most records that wait.
const MOST: usize = 8_192;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    /// Something is there.
    pub wake: Notify,
    /// A whole group is there.
    pub full: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: Vec<Entry>,
    lost: Option<Lost>,
    /// The log was told that there is no room.
    told_full: bool,
    /// The log was told that nothing can be written.
    told_failed: bool,
}

/// Records that are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost {
    pub records: u64,
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Lost {
    /// The record about it.
    pub fn event(self) -> Event {
        Event::new(Event::LOST).with("records", self.records).with("from_ms", self.from_ms).with("to_ms", self.to_ms)
    }

    fn and(self, other: Option<Self>) -> Self {
        let Some(other) = other else { return self };
        Self {
            records: self.records + other.records,
            from_ms: self.from_ms.min(other.from_ms),
            to_ms: self.to_ms.max(other.to_ms),
        }
    }
}

impl Queue {
    /// Adds a record, or counts it as lost when there is no room.
    pub fn push(&self, entry: Entry) {
        let mut tell = false;
        let waiting = {
            let mut waiting = self.lock();
            if waiting.entries.len() >= MOST {
                let lost = Lost { records: 1, from_ms: entry.time_ms, to_ms: entry.time_ms };
                waiting.lost = Some(lost.and(waiting.lost));
                tell = !std::mem::replace(&mut waiting.told_full, true);
            } else {
                waiting.entries.push(entry);
            }
            waiting.entries.len()
        };
        if tell {
            tracing::error!(
                waiting,
                "CALLS ARE NOT RECORDED: more records come than the disk takes; further ones are only counted until it has caught up"
            );
        }
        match waiting {
            1 => self.wake.notify_one(),
            GROUP => self.full.notify_one(),
            _ => {}
        }
    }

    /// Takes all of it.
    pub fn take(&self) -> (Vec<Entry>, Option<Lost>) {
        let mut waiting = self.lock();
        (std::mem::take(&mut waiting.entries), waiting.lost.take())
    }

    /// Counts records that could not be written, and wakes whoever writes that down. Gives whether the log is to be told: once
    /// until writing works again.
    pub fn lose(&self, lost: Lost) -> bool {
        let mut waiting = self.lock();
        waiting.lost = Some(lost.and(waiting.lost));
        self.wake.notify_one();
        !std::mem::replace(&mut waiting.told_failed, true)
    }

    /// Writing works: what goes wrong from now on is news.
    pub fn works(&self) {
        let mut waiting = self.lock();
        (waiting.told_full, waiting.told_failed) = (false, false);
    }

    /// Whether some were lost and nobody could write that down yet.
    pub fn has_lost(&self) -> bool {
        self.lock().lost.is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::entry::What, *};

    #[test]
    fn beyond_its_bound_the_queue_counts_and_does_not_grow() {
        let queue = Queue::default();
        for time_ms in 0..10_000 {
            queue.push(Entry { time_ms, what: What::Event(Event::new("test")) });
        }
        let (entries, lost) = queue.take();
        assert_eq!(entries.len(), MOST);
        assert_eq!(lost, Some(Lost { records: 10_000 - MOST as u64, from_ms: MOST as i64, to_ms: 9_999 }));
    }

    #[test]
    fn the_log_is_told_once_until_writing_works_again() {
        let queue = Queue::default();
        let lost = Lost { records: 1, from_ms: 1, to_ms: 1 };
        assert!(queue.lose(lost));
        let (_, taken) = queue.take();
        assert_eq!(taken, Some(lost));
        assert!(!queue.lose(lost), "the same failure goes on");
        queue.works();
        assert!(queue.lose(lost));
        assert_eq!(queue.take().1.map(|lost| lost.records), Some(2));
    }
}
