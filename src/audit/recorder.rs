//! Where records go: changes wait for the disk, reads do not. Nothing is lost in silence: what could not be written is counted,
//! told loudly and recorded as `lost` as soon as writing works again.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use flvx_panel::spec::Danger;
use tokio::sync::Mutex;

use super::{
    Event, Record,
    entry::{Ending, Entry, What},
    line,
    queue::{Lost, Queue},
    stream::Stream,
};
use crate::{
    result::{CallOutput, ErrorKind, ToolError},
    store::{Store, StoreError},
};

/// How late a read's record may be written.
const LATE: Duration = Duration::from_millis(50);
/// How long to wait before writing is tried again after it failed.
const AGAIN: Duration = Duration::from_secs(1);

/// What the operator wants of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether there is one.
    pub enabled: bool,
    /// A file that gets every record as a line too.
    pub jsonl: Option<PathBuf>,
}

/// A record that could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record cannot be kept: {0}")]
pub struct Unrecorded(#[from] pub StoreError);

impl Unrecorded {
    /// What the caller of a change is told that was refused because of it.
    pub fn refusal(&self) -> ToolError {
        ToolError {
            retry_after_ms: Some(5_000),
            ..ToolError::new(
                ErrorKind::RecordUnavailable,
                "changes are recorded before they are made, and the record cannot be written now",
                "Nothing was sent. Tell the operator: the gateway's log says why (a full disk, usually). Reading still works.",
            )
        }
    }
}

/// The record of this gateway. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Audit {
    inner: Option<Arc<Inner>>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    queue: Arc<Queue>,
    stream: Option<Stream>,
    /// One group is written at a time.
    turn: Mutex<()>,
    worker: OnceLock<()>,
}

impl Audit {
    /// A record in that store, or none when the operator switched it off.
    ///
    /// # Errors
    /// The file of lines cannot be used.
    pub fn new(store: Store, settings: &Settings) -> Result<Self, String> {
        if !settings.enabled {
            return Ok(Self { inner: None });
        }
        let stream = settings.jsonl.as_deref().map(Stream::open).transpose()?;
        let inner = Inner { store, queue: Arc::default(), stream, turn: Mutex::default(), worker: OnceLock::new() };
        Ok(Self { inner: Some(Arc::new(inner)) })
    }

    /// Whether anything is recorded.
    pub fn is_on(&self) -> bool {
        self.inner.is_some()
    }

    /// Writes down that a change is about to be made. It is on disk when the future is ready.
    ///
    /// # Errors
    /// It could not be written, and the change must not be made.
    pub async fn intent(&self, record: &Record) -> Result<(), Unrecorded> {
        let Some(inner) = &self.inner else { return Ok(()) };
        inner.put(vec![Entry::now(What::Intent(Box::new(record.clone())))]).await
    }

    /// Writes down what came of a call: a change's record is on disk when the future is ready, a read's soon after.
    ///
    /// # Errors
    /// The result of a change could not be written; it was counted and told to the log.
    pub async fn write(&self, record: Record, output: &CallOutput, took: Duration) -> Result<(), Unrecorded> {
        self.end(record, Ending::new(output, took)).await
    }

    /// Writes down a call that came to no result, with a word for the reason: a name that is no tool, a caller that went away.
    pub fn refused(&self, record: Record, kind: &'static str, took: Duration) {
        let ending = Ending::without_result(kind, took);
        let Some(inner) = &self.inner else { return };
        line::tell(&record, &ending);
        inner.push(Entry::now(What::Call(Box::new(record), ending)));
    }

    /// Writes down an event. It is on disk when the future is ready.
    ///
    /// # Errors
    /// It could not be written; it was counted and told to the log.
    pub async fn event(&self, event: Event) -> Result<(), Unrecorded> {
        let Some(inner) = &self.inner else { return Ok(()) };
        inner.put_or_lose(Entry::now(What::Event(event))).await
    }

    /// Writes down an event soon, without waiting: for events that strangers can cause as often as they like.
    pub fn note(&self, event: Event) {
        if let Some(inner) = &self.inner {
            inner.push(Entry::now(What::Event(event)));
        }
    }

    /// Writes all that waits, into the store and the file of lines. For the end of the program.
    pub async fn flush(&self) {
        if let Some(inner) = &self.inner {
            let inner = Arc::clone(inner);
            let _ = to_its_end(async move {
                inner.drain().await;
                if let Some(stream) = &inner.stream {
                    stream.pump(&inner.store).await;
                }
            })
            .await;
        }
    }

    /// Writes all that waits into the store, so that it can be found there. Does not wait for the file of lines.
    pub async fn catch_up(&self) {
        if let Some(inner) = &self.inner {
            let inner = Arc::clone(inner);
            let _ = to_its_end(async move { inner.drain().await }).await;
        }
    }

    /// Opens the file of lines anew, after it was moved away.
    ///
    /// # Errors
    /// It cannot be opened; lines go on into the old one.
    pub fn reopen(&self) -> Result<(), String> {
        match self.inner.as_ref().and_then(|inner| inner.stream.as_ref()) {
            Some(stream) => stream.reopen(),
            None => Ok(()),
        }
    }

    /// A keyed digest of a state in its canonical spelling, for [`Record::digests`]: it shows that two states are the same and
    /// nothing else of them.
    pub fn digest(&self, canonical: &str) -> Option<[u8; 32]> {
        let inner = self.inner.as_ref()?;
        Some(inner.store.mac("audit state", &[canonical.as_bytes()]))
    }

    async fn end(&self, record: Record, ending: Ending) -> Result<(), Unrecorded> {
        let Some(inner) = &self.inner else { return Ok(()) };
        line::tell(&record, &ending);
        let change = record.danger.is_some_and(|danger| danger >= Danger::Write);
        let entry = Entry::now(What::Call(Box::new(record), ending));
        if change {
            return inner.put_or_lose(entry).await;
        }
        inner.push(entry);
        Ok(())
    }
}

impl Inner {
    /// Writes at once and waits for it.
    async fn put(self: &Arc<Self>, entries: Vec<Entry>) -> Result<(), Unrecorded> {
        let before = self.store.append_audit(entries).await?;
        self.to_stream(before);
        Ok(())
    }

    /// Writes at once, waits for it, and counts what could not be written, whether the caller is still there or not.
    async fn put_or_lose(self: &Arc<Self>, entry: Entry) -> Result<(), Unrecorded> {
        let inner = Arc::clone(self);
        let outcome = to_its_end(async move {
            let lost = Lost { records: 1, from_ms: entry.time_ms, to_ms: entry.time_ms };
            let outcome = inner.put(vec![entry]).await;
            if let Err(error) = &outcome {
                inner.lose(lost, &error.0);
                inner.start();
            }
            outcome
        });
        outcome.await.unwrap_or(Err(Unrecorded(StoreError::Closed)))
    }

    fn push(self: &Arc<Self>, entry: Entry) {
        self.queue.push(entry);
        self.start();
    }

    /// Starts the task that writes what waits, at the first use: before that there may be no runtime.
    fn start(self: &Arc<Self>) {
        self.worker.get_or_init(|| {
            tokio::spawn(work(Arc::downgrade(self), Arc::clone(&self.queue)));
        });
    }

    /// Writes what waits. It must not be given up half-way, for what was taken would neither be written nor counted.
    async fn drain(self: &Arc<Self>) {
        let _turn = self.turn.lock().await;
        let (mut entries, lost) = self.queue.take();
        let span = |entries: &[Entry]| Lost {
            records: entries.len() as u64,
            from_ms: entries.first().map_or(0, |entry| entry.time_ms),
            to_ms: entries.last().map_or(0, |entry| entry.time_ms),
        };
        let waited = span(&entries);
        if let Some(lost) = lost {
            entries.insert(0, Entry::now(What::Event(lost.event())));
        }
        if entries.is_empty() {
            return;
        }
        match self.store.append_audit(entries).await {
            Ok(before) => {
                self.queue.works();
                if let Some(lost) = lost {
                    tracing::error!(records = lost.records, "calls are recorded again; the gap is part of the record");
                }
                self.to_stream(before);
            }
            Err(error) => {
                for lost in lost.into_iter().chain((waited.records > 0).then_some(waited)) {
                    self.lose(lost, &error);
                }
            }
        }
    }

    fn lose(&self, lost: Lost, error: &StoreError) {
        if self.queue.lose(lost) {
            tracing::error!(%error, "CALLS ARE NOT RECORDED: the record cannot be written. Changes are refused, reads go on and are only counted");
        }
    }

    /// Has the new rows written to the file of lines. When that is going on already, it goes on a little longer.
    fn to_stream(self: &Arc<Self>, before: crate::store::audit::Link) {
        let Some(stream) = &self.stream else { return };
        stream.begin(before);
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            if let Some(stream) = &inner.stream {
                stream.follow(&inner.store).await;
            }
        });
    }
}

/// Carries work out whatever becomes of the caller that waits for it. `None`: the runtime ended first.
async fn to_its_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    match tokio::spawn(work).await {
        Ok(done) => Some(done),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => None,
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The worker sees that there is nobody left to work for.
        self.queue.wake.notify_one();
    }
}

async fn work(inner: Weak<Inner>, queue: Arc<Queue>) {
    loop {
        if queue.has_lost() {
            tokio::time::sleep(AGAIN).await;
        } else {
            queue.wake.notified().await;
            // A group, or what came in the meantime.
            let _ = tokio::time::timeout(LATE, queue.full.notified()).await;
        }
        let Some(inner) = inner.upgrade() else { return };
        inner.drain().await;
    }
}
