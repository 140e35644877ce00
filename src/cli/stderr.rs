//! Standard error for the log, written by a thread of its own: whoever started the program and does not read what it says must
//! not stop it. What has no room meanwhile is dropped, counted and told.

use std::{
    io::{self, Write},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Lines that may wait.
const MOST_LINES: usize = 4_096;
/// How long the end of the program waits for what still has to be written.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How often a full queue is looked at again while the end waits.
const AGAIN: Duration = Duration::from_millis(2);
/// How often dropped lines are told at most.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// The log of this process, once it has begun.
static LOG: OnceLock<Lines> = OnceLock::new();

enum Message {
    Line(Vec<u8>),
    /// Answered when everything before it has been written.
    Flush(SyncSender<()>),
}

/// Takes lines without ever waiting.
#[derive(Debug, Clone)]
pub struct Lines {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Lines {
    /// Lines written to `out` by a new thread; `json`: what it says itself is JSON too.
    fn to(out: impl Write + Send + 'static, json: bool, room: usize) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(room);
        let dropped = Arc::new(AtomicU64::new(0));
        let mut writer = Writer { out, json, dropped: Arc::clone(&dropped), told: None };
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(&receiver))?;
        Ok(Self { sender, dropped })
    }

    fn put(&self, line: &[u8]) {
        if self.sender.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything is written, a last text included, but not for ever.
    fn finish(&self, text: Option<&str>, limit: Duration) {
        let end = Instant::now() + limit;
        if let Some(text) = text
            && !self.put_until(Message::Line(format!("{text}\n").into_bytes()), end)
        {
            return;
        }
        let (done, written) = sync_channel(1);
        if self.put_until(Message::Flush(done), end) {
            let _ = written.recv_timeout(end.saturating_duration_since(Instant::now()));
        }
    }

    fn put_until(&self, mut message: Message, end: Instant) -> bool {
        loop {
            match self.sender.try_send(message) {
                Ok(()) => return true,
                Err(TrySendError::Full(back)) if Instant::now() < end => message = back,
                Err(_) => return false,
            }
            thread::sleep(AGAIN);
        }
    }
}

/// Each event of the log comes as one piece.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The side of the thread.
struct Writer<W> {
    out: W,
    json: bool,
    dropped: Arc<AtomicU64>,
    told: Option<Instant>,
}

impl<W: Write> Writer<W> {
    fn run(&mut self, receiver: &Receiver<Message>) {
        loop {
            // Something is only dropped while the queue is full, so with nothing to tell it is safe to wait for a line.
            let next = if self.dropped.load(Ordering::Relaxed) == 0 {
                receiver.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                receiver.recv_timeout(TOLD_EVERY)
            };
            // Nobody can be told that standard error cannot be written.
            match next {
                Ok(Message::Line(line)) => {
                    let _ = self.out.write_all(&line);
                    if self.told.is_none_or(|told| told.elapsed() >= TOLD_EVERY) {
                        self.tell();
                    }
                }
                Ok(Message::Flush(done)) => {
                    self.tell();
                    let _ = self.out.flush();
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) => self.tell(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn tell(&mut self) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped == 0 {
            return;
        }
        self.told = Some(Instant::now());
        let words = format!("{dropped} log lines were dropped, because stderr was not read");
        let line = if self.json {
            format!("{{\"level\":\"WARN\",\"target\":\"flvx_mcp\",\"message\":\"{words}\"}}\n")
        } else {
            format!("{words}\n")
        };
        let _ = self.out.write_all(line.as_bytes());
    }
}

/// Where the log goes: the thread's queue, or standard error itself if there can be no thread.
pub fn writer(json: bool) -> Box<dyn Fn() -> Box<dyn Write> + Send + Sync> {
    match Lines::to(io::stderr(), json, MOST_LINES) {
        Ok(lines) => {
            let lines = LOG.get_or_init(|| lines).clone();
            Box::new(move || -> Box<dyn Write> { Box::new(lines.clone()) })
        }
        Err(_) => Box::new(|| -> Box<dyn Write> { Box::new(io::stderr()) }),
    }
}

/// The end of the program: a last text, and before it everything that the log still holds.
pub fn finish(text: Option<&str>) {
    match (LOG.get(), text) {
        (Some(lines), text) => lines.finish(text, LAST_WORDS),
        (None, Some(text)) => eprintln!("{text}"),
        (None, None) => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Mutex, MutexGuard};

    use super::*;

    /// A pipe that nobody reads while the test holds it.
    #[derive(Clone, Default)]
    struct Pipe(Arc<Mutex<Vec<u8>>>);

    impl Pipe {
        fn hold(&self) -> MutexGuard<'_, Vec<u8>> {
            self.0.lock().unwrap()
        }
    }

    impl Write for Pipe {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.hold().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_lines_are_written_before_the_end_and_the_last_text_after_them() {
        let pipe = Pipe::default();
        let mut lines = Lines::to(pipe.clone(), false, 8).unwrap();
        lines.write_all(b"one\n").unwrap();
        lines.write_all(b"two\n").unwrap();
        lines.finish(Some("three"), Duration::from_secs(10));
        assert_eq!(String::from_utf8(pipe.hold().clone()).unwrap(), "one\ntwo\nthree\n");
    }

    #[test]
    fn a_pipe_that_is_not_read_stops_nobody_and_what_was_dropped_is_told() {
        let pipe = Pipe::default();
        let mut lines = Lines::to(pipe.clone(), false, 4).unwrap();
        let held = pipe.hold();
        let started = Instant::now();
        for _ in 0..1_000 {
            lines.write_all(b"line\n").unwrap();
        }
        lines.finish(None, Duration::from_millis(50));
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        drop(held);
        lines.finish(None, Duration::from_secs(10));
        let text = String::from_utf8(pipe.hold().clone()).unwrap();
        let told = text.lines().filter_map(|line| line.split_once(" log lines were dropped"));
        let dropped: usize = told.map(|(count, _)| count.parse::<usize>().unwrap()).sum();
        let written = text.lines().filter(|line| *line == "line").count();
        assert!(dropped >= 995, "{text}");
        assert_eq!(dropped + written, 1_000, "{text}");
    }
}
