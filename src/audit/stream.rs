//! The record as a file of lines, for log collectors and for a second place that a tamperer must find. It follows the store:
//! whatever is committed is read there in order and appended, so the file misses nothing, also after a crash.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;

use crate::store::{
    Store, StoreError,
    audit::{End, Filter, Link},
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
    turn: tokio::sync::Mutex<Turn>,
    /// The store has more than whoever has the turn may have seen.
    more: AtomicBool,
}

/// What only one at a time may touch.
#[derive(Debug, Default)]
struct Turn {
    /// The log was told that the file cannot be written.
    told: bool,
    /// The file's last line is known to be one of this store.
    known: bool,
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
            turn: tokio::sync::Mutex::default(),
            more: AtomicBool::new(false),
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

    /// Appends whatever the store has more, and waits for its turn to do so.
    pub async fn pump(&self, store: &Store) {
        {
            let mut turn = self.turn.lock().await;
            self.go_on(&mut turn, store).await;
        }
        // Somebody found the turn taken and left the rest to us.
        if self.more.load(Ordering::SeqCst) {
            self.follow(store).await;
        }
    }

    /// Appends whatever the store has more, or leaves it to whoever is about it already: a file that hangs gathers no crowd.
    pub async fn follow(&self, store: &Store) {
        self.more.store(true, Ordering::SeqCst);
        while self.more.load(Ordering::SeqCst) {
            let Ok(mut turn) = self.turn.try_lock() else { return };
            self.more.store(false, Ordering::SeqCst);
            self.go_on(&mut turn, store).await;
        }
    }

    async fn go_on(&self, turn: &mut Turn, store: &Store) {
        if !turn.known {
            let Some(last) = self.last() else { return };
            let Ok(elsewhere) = begins_elsewhere(store, last).await else { return };
            if let Some(start) = elsewhere {
                tracing::error!(
                    path = %self.path.display(),
                    last_seq = last.seq,
                    "MCP_AUDIT_JSONL ends with a record that this state does not have: the file belongs to another state, or this \
                     state lost records. All records of this state are appended from its first on; use a file of its own"
                );
                self.set_last(start);
            }
            turn.known = true;
        }
        loop {
            let Some(mut last) = self.last() else { return };
            let filter = Filter { after_seq: Some(last.seq), ..Filter::default() };
            let (Ok(ends), Ok(mut rows)) = (store.audit_ends().await, store.audit_in_order(filter, STEP).await) else {
                return;
            };
            // A row behind the sealed head is none of ours, and following its number would leave out all that come.
            if let End::Sealed { link: head, .. } = ends.head {
                rows.retain(|row| row.link.seq <= head.seq);
            }
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
            let written = tokio::task::spawn_blocking(move || append(&file, lines.as_bytes())).await;
            if let Err(error) = written.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
                if !std::mem::replace(&mut turn.told, true) {
                    tracing::error!(path = %self.path.display(), %error, "MCP_AUDIT_JSONL cannot be written; the store has the records, and the file gets them when it can be");
                }
                return;
            }
            self.set_last(last);
            turn.told = false;
        }
    }

    fn last(&self) -> Option<Link> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_last(&self, last: Link) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
    }
}

/// Where to begin instead, when the store does not have the record that the file ends with. A record that was pruned since
/// cannot be compared and counts as the store's own.
async fn begins_elsewhere(store: &Store, last: Link) -> Result<Option<Link>, StoreError> {
    let ends = store.audit_ends().await?;
    let filter = Filter { after_seq: Some(last.seq.saturating_sub(1)), ..Filter::default() };
    let row = store.audit_in_order(filter, 1).await?.first().map(|row| row.link).filter(|row| row.seq == last.seq);
    let known = row.or(ends.anchor.link().filter(|anchor| anchor.seq == last.seq));
    let behind_the_head = match ends.head {
        End::Absent => last.seq > 0,
        End::Broken => false,
        End::Sealed { link, .. } => last.seq > link.seq,
    };
    let own = known.map_or(!behind_the_head, |known| known.hash == last.hash);
    Ok((!own).then(|| ends.anchor.link().unwrap_or(Link::GENESIS)))
}

/// Appends all of it or nothing: half a group would stand there twice after the next try.
fn append(mut file: &File, lines: &[u8]) -> std::io::Result<()> {
    let length = file.metadata()?.len();
    let written = file.write_all(lines);
    if written.is_err() {
        // Pipes and the like cannot be cut; what they took is gone.
        let _ = file.set_len(length);
    }
    written
}

/// Opens the file for its owner alone, also one that was there with wider rights.
fn open(path: &Path) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| failed(path, &error))?;
    #[cfg(unix)]
    if let Err(error) = for_its_owner(&file) {
        tracing::warn!(path = %path.display(), %error, "MCP_AUDIT_JSONL: others may be able to read the file; its mode cannot be set to 0600");
    }
    Ok(file)
}

#[cfg(unix)]
fn for_its_owner(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = file.metadata()?;
    if found.is_file() && found.permissions().mode() & 0o777 != 0o600 {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
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
