//! The record as a file of lines, for log collectors and for a second place that a tamperer must find. It follows the store:
//! whatever is committed is read there in order and appended, so the file misses nothing, also after a crash.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use crate::store::{
    Store,
    audit::{Filter, Link},
};

/// Records of one step.
const STEP: usize = 500;
/// How far from its end the file's last line is looked for.
const TAIL: u64 = 256 << 10;

/// The file.
#[derive(Debug)]
pub(super) struct Stream {
    path: PathBuf,
    file: Mutex<Arc<File>>,
    /// The record that was written last; `None`: none yet.
    last: Mutex<Option<Link>>,
    turn: tokio::sync::Mutex<bool>,
}

impl Stream {
    /// Opens the file, making it if need be, and finds where it ends.
    pub fn open(path: &Path) -> Result<Self, String> {
        let mut file = open(path)?;
        let last = last_record(&mut file).map_err(|error| failed(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new(Arc::new(file)),
            last: Mutex::new(last),
            turn: tokio::sync::Mutex::new(true),
        })
    }

    /// The file at the same path, which may be another one now.
    pub fn reopen(&self) -> Result<(), String> {
        let file = open(&self.path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(file);
        Ok(())
    }

    /// A file that holds nothing yet begins behind this record.
    pub fn begin(&self, before: Link) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(before);
    }

    /// Appends whatever the store has more.
    pub async fn pump(&self, store: &Store) {
        let mut works = self.turn.lock().await;
        loop {
            let Some(mut last) = *self.last.lock().unwrap_or_else(PoisonError::into_inner) else { return };
            let filter = Filter { after_seq: Some(last.seq), ..Filter::default() };
            let Ok(rows) = store.audit_in_order(filter, STEP).await else { return };
            if rows.is_empty() {
                return;
            }
            let mut lines = String::new();
            for row in &rows {
                // Behind a gap the hash before is not known here.
                let before = (row.link.seq == last.seq + 1).then_some(&last.hash);
                lines.push_str(&row.line(before));
                lines.push('\n');
                last = row.link;
            }
            let file = Arc::clone(&self.file.lock().unwrap_or_else(PoisonError::into_inner));
            let written = tokio::task::spawn_blocking(move || (&*file).write_all(lines.as_bytes())).await;
            match written {
                Ok(Ok(())) => {
                    *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
                    *works = true;
                }
                outcome => {
                    if std::mem::replace(&mut *works, false) {
                        let error =
                            outcome.err().map(|error| error.to_string()).unwrap_or_else(|| "not written".to_owned());
                        tracing::error!(path = %self.path.display(), error, "MCP_AUDIT_JSONL cannot be written; the store has the records, and the file gets them when it can be");
                    }
                    return;
                }
            }
        }
    }
}

fn open(path: &Path) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("MCP_AUDIT_JSONL: {}: {error}", path.display())
}

/// The record of the last line. Half a line, from a crash, is taken away.
fn last_record(file: &mut File) -> std::io::Result<Option<Link>> {
    let length = file.metadata()?.len();
    let start = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < tail.len() {
        file.set_len(start + whole as u64)?;
    }
    let lines = tail.get(..whole).unwrap_or_default();
    let last = lines.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap_or_default();
    let Ok(line) = serde_json::from_slice::<Value>(last) else { return Ok(None) };
    let link = || format!("{}:{}", line.get("seq")?.as_i64()?, line.get("hash")?.as_str()?).parse().ok();
    Ok(link())
}
