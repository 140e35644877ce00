//! Files that hold secrets: backups, states saved before a change, new secrets for a person. Each is a file of its own that only
//! this user can read, and a row that says where it came from. A file is on disk before its row is, so a row never names
//! nothing; what a crash leaves without a row is cleared away at a later start. Who may see one is decided by the caller.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use sha2::{Digest as _, Sha256};

use super::{Folder, Store, StoreError};

/// A file without a row may be one that another process is about to give its row, unless it is older than this.
const ORPHAN_AFTER: Duration = Duration::from_secs(600);
/// Most that a list gives.
const MOST_LISTED: i64 = 1_000;

/// The rows that a [`SavedFilter`] lets through.
const CHOSEN: &str = "(?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR panel = ?2) AND (?3 IS NULL OR principal = ?3) \
    AND (?4 IS NULL OR trace_id = ?4)";
const COLUMNS: &str = "id, kind, trace_id, panel, principal, tool, file, bytes, sha256, note, created_ms";

/// What a saved file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedKind {
    /// A document that the panel gave, secrets and all.
    Backup,
    /// The state before a change.
    Before,
    /// A new secret, for a person.
    Secret,
}

impl SavedKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Backup, Self::Before, Self::Secret];

    /// The word in records; also the folder.
    pub fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Before => "before",
            Self::Secret => "secret",
        }
    }

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Backup | Self::Before => "json",
            Self::Secret => "txt",
        }
    }
}

/// What is to be saved, and where it comes from.
#[derive(Debug, Clone)]
pub struct NewSaved {
    /// What it is.
    pub kind: SavedKind,
    /// The call that saves it.
    pub trace_id: String,
    /// The panel that it is of.
    pub panel: String,
    /// Who called.
    pub principal: String,
    /// The tool whose answer it is, or is part of: by its table the secrets in it are known.
    pub tool: String,
    /// One line for a person; no secret in it.
    pub note: String,
}

/// A file that was saved. Its content is not in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// Its name: 128 random bits.
    pub id: String,
    /// What it is.
    pub kind: SavedKind,
    /// The call that saved it.
    pub trace_id: String,
    /// The panel that it is of.
    pub panel: String,
    /// Who called.
    pub principal: String,
    /// The tool whose answer it is, or is part of.
    pub tool: String,
    /// Where it lies. Only for whoever sits at the machine.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// What its content must have as SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// One line for a person.
    pub note: String,
    /// When, in ms since the epoch.
    pub created_ms: i64,
}

impl Saved {
    /// Start of the name of every saved file as a resource.
    pub const URI: &'static str = "flvx://saved/";

    /// Its name as a resource.
    pub fn uri(&self) -> String {
        format!("{}{}", Self::URI, self.id)
    }
}

/// Which saved files a list gives. All that is said must hold.
#[derive(Debug, Clone, Default)]
pub struct SavedFilter {
    /// Of this kind.
    pub kind: Option<SavedKind>,
    /// Of this panel.
    pub panel: Option<String>,
    /// Saved for this principal.
    pub principal: Option<String>,
    /// Saved by this call.
    pub trace_id: Option<String>,
}

impl Store {
    /// Keeps a content that holds secrets. When the future is ready, file and row are on disk.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`] and others; then nothing was saved.
    pub async fn keep(&self, new: NewSaved, content: Vec<u8>) -> Result<Saved, StoreError> {
        let id = random_id();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let created_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let file = format!("{}-{id}.{}", stamp(now.as_secs()), new.kind.extension());
        let folder = self.folder().clone();
        let (path, bytes, digest) = blocking(move || {
            let path = folder.inside(new.kind.word())?.join(&file);
            folder.write_new(&path, &content)?;
            Ok((path, content.len(), Sha256::digest(&content)))
        })
        .await?;
        let saved = Saved {
            id,
            kind: new.kind,
            trace_id: new.trace_id,
            panel: new.panel,
            principal: new.principal,
            tool: new.tool,
            path,
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            sha256: format!("{digest:x}"),
            note: new.note,
            created_ms,
        };
        let row = saved.clone();
        if let Err(error) = self.write(move |connection| insert(connection, &row, digest.as_slice())).await {
            // Nobody will ever ask for it.
            let _ = fs::remove_file(&saved.path);
            return Err(error);
        }
        Ok(saved)
    }

    /// What is known of a saved file. `None`: there is none of that name.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn saved(&self, id: &str) -> Result<Option<Saved>, StoreError> {
        let (id, root) = (id.to_owned(), self.path().to_owned());
        self.read(move |connection| {
            let query = format!("SELECT {COLUMNS} FROM saved WHERE id = ?1");
            connection.query_row(&query, [id], |row| from_row(row, &root)).optional()
        })
        .await
    }

    /// The content of a saved file, as it was saved.
    ///
    /// # Errors
    /// It is gone, or it is not what was saved any more.
    pub async fn read_saved(&self, saved: &Saved) -> Result<Vec<u8>, StoreError> {
        let (path, expected) = (saved.path.clone(), saved.sha256.clone());
        blocking(move || {
            let content = fs::read(&path).map_err(|error| StoreError::unusable(&path, error.to_string()))?;
            if format!("{:x}", Sha256::digest(&content)) == expected {
                return Ok(content);
            }
            Err(StoreError::unusable(
                &path,
                "it was changed after it was saved (its SHA-256 is another), so it is not used; `flvx-mcp saved remove` clears it away",
            ))
        })
        .await
    }

    /// The saved files whose ids begin so, at most two: enough to know whether only one is meant.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn saved_beginning(&self, beginning: &str) -> Result<Vec<Saved>, StoreError> {
        let (beginning, root) = (beginning.to_owned(), self.path().to_owned());
        self.read(move |connection| {
            let query = format!("SELECT {COLUMNS} FROM saved WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2");
            let mut statement = connection.prepare(&query)?;
            statement.query_map([beginning], |row| from_row(row, &root))?.collect()
        })
        .await
    }

    /// How many saved files there are, also beyond those that a list gives.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn count_saved(&self, filter: SavedFilter) -> Result<usize, StoreError> {
        let count = self.read(move |connection| {
            let query = format!("SELECT count(*) FROM saved WHERE {CHOSEN}");
            let kind = filter.kind.map(SavedKind::word);
            let wanted = params![kind, filter.panel, filter.principal, filter.trace_id];
            connection.query_row(&query, wanted, |row| row.get::<_, i64>(0))
        });
        Ok(usize::try_from(count.await?).unwrap_or_default())
    }

    /// The saved files, newest first. Of very many, only the newest.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn list_saved(&self, filter: SavedFilter) -> Result<Vec<Saved>, StoreError> {
        let root = self.path().to_owned();
        self.read(move |connection| {
            let query = format!("SELECT {COLUMNS} FROM saved WHERE {CHOSEN} ORDER BY created_ms DESC, id LIMIT ?5");
            let kind = filter.kind.map(SavedKind::word);
            let mut statement = connection.prepare(&query)?;
            let wanted = params![kind, filter.panel, filter.principal, filter.trace_id, MOST_LISTED];
            statement.query_map(wanted, |row| from_row(row, &root))?.collect()
        })
        .await
    }

    /// Forgets a saved file and deletes it. `false`: there is none of that name.
    ///
    /// # Errors
    /// The state cannot be written, or the file cannot be deleted.
    pub async fn remove_saved(&self, id: &str) -> Result<bool, StoreError> {
        let Some(saved) = self.saved(id).await? else { return Ok(false) };
        let name = saved.id;
        // The row first: a file without one is cleared away by itself.
        let gone = self.write(move |connection| connection.execute("DELETE FROM saved WHERE id = ?1", [name])).await?;
        match fs::remove_file(&saved.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::unusable(&saved.path, error.to_string()))
            }
            _ => Ok(gone > 0),
        }
    }
}

/// Clears away files that a crash left without a row.
pub(super) fn clear_orphans(folder: &Folder, database: &Path) -> Result<(), StoreError> {
    let mut old = Vec::new();
    for kind in SavedKind::ALL {
        for entry in fs::read_dir(folder.path().join(kind.word())).into_iter().flatten().flatten() {
            let age = entry.metadata().and_then(|known| known.modified()).ok().and_then(|time| time.elapsed().ok());
            if age.is_some_and(|age| age > ORPHAN_AFTER) {
                old.push(entry);
            }
        }
    }
    if old.is_empty() {
        return Ok(());
    }
    let connection = Connection::open(database)?;
    for entry in old {
        let name = entry.file_name().to_string_lossy().into_owned();
        let id = name.rsplit('-').next().and_then(|rest| rest.split('.').next()).unwrap_or_default().to_owned();
        let row = connection
            .query_row("SELECT 1 FROM saved WHERE id = ?1 AND file = ?2", [&id, &name], |_| Ok(()))
            .optional()?;
        if row.is_none() {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

fn insert(connection: &Connection, saved: &Saved, digest: &[u8]) -> rusqlite::Result<usize> {
    let file = saved.path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = i64::try_from(saved.bytes).unwrap_or(i64::MAX);
    connection.execute(
        &format!("INSERT INTO saved ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"),
        params![
            saved.id,
            saved.kind.word(),
            saved.trace_id,
            saved.panel,
            saved.principal,
            saved.tool,
            file,
            bytes,
            digest,
            saved.note,
            saved.created_ms
        ],
    )
}

fn from_row(row: &Row<'_>, root: &Path) -> rusqlite::Result<Saved> {
    let word: String = row.get(1)?;
    let Some(kind) = SavedKind::from_word(&word) else {
        return Err(rusqlite::Error::InvalidColumnType(1, "kind".to_owned(), rusqlite::types::Type::Text));
    };
    let file: String = row.get(6)?;
    // A name that leads elsewhere is none that this gateway wrote.
    if Path::new(&file).file_name() != Some(std::ffi::OsStr::new(&file)) {
        return Err(rusqlite::Error::InvalidColumnType(6, "file".to_owned(), rusqlite::types::Type::Text));
    }
    let digest: Vec<u8> = row.get(8)?;
    Ok(Saved {
        id: row.get(0)?,
        kind,
        trace_id: row.get(2)?,
        panel: row.get(3)?,
        principal: row.get(4)?,
        tool: row.get(5)?,
        path: root.join(word).join(file),
        bytes: u64::try_from(row.get::<_, i64>(7)?).unwrap_or_default(),
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        note: row.get(9)?,
        created_ms: row.get(10)?,
    })
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Other(error.to_string()))?
}

/// 128 random bits. Two UUIDs are drawn because six bits of each are fixed.
fn random_id() -> String {
    let drawn = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(uuid::Uuid::into_bytes).concat();
    let digest = Sha256::digest(drawn);
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A time in ms since the epoch, as people read it: `2026-01-31 23:59:59Z`.
pub fn utc(ms: i64) -> String {
    let (year, month, day, second) = civil(u64::try_from(ms / 1_000).unwrap_or_default());
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// `20260131T235959Z`, so that names in a folder stand in order.
fn stamp(seconds: u64) -> String {
    let (year, month, day, second) = civil(seconds);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// Year, month, day and second of the day. After Howard Hinnant's `civil_from_days`.
fn civil(seconds: u64) -> (u64, u64, u64, u64) {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day, second)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn new(kind: SavedKind, principal: &str) -> NewSaved {
        NewSaved {
            kind,
            trace_id: "t".to_owned(),
            panel: "http://panel".to_owned(),
            principal: principal.to_owned(),
            tool: "backup.export".to_owned(),
            note: "a note".to_owned(),
        }
    }

    fn files(store: &Store, kind: SavedKind) -> Vec<PathBuf> {
        let entries = fs::read_dir(store.path().join(kind.word())).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }

    #[tokio::test]
    async fn what_is_kept_can_be_read_again_and_only_by_its_owner() {
        let store = Store::open(Folder::temporary().unwrap()).unwrap();
        let saved = store.keep(new(SavedKind::Backup, "alice"), b"{\"a\":1}".to_vec()).await.unwrap();
        assert_eq!((saved.id.len(), saved.bytes), (32, 7));
        assert_eq!(fs::metadata(&saved.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(saved.path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        let again = store.saved(&saved.id).await.unwrap().unwrap();
        assert_eq!(again, saved);
        assert_eq!(store.read_saved(&again).await.unwrap(), b"{\"a\":1}");
        assert_eq!(store.saved("no such").await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_file_that_was_changed_or_deleted_is_refused() {
        let store = Store::open(Folder::temporary().unwrap()).unwrap();
        let saved = store.keep(new(SavedKind::Before, "alice"), b"old".to_vec()).await.unwrap();
        fs::write(&saved.path, b"new").unwrap();
        let error = store.read_saved(&saved).await.unwrap_err().to_string();
        assert!(error.contains("changed after it was saved"), "{error}");
        fs::remove_file(&saved.path).unwrap();
        assert!(store.read_saved(&saved).await.is_err());
        assert!(store.remove_saved(&saved.id).await.unwrap(), "a row whose file is gone can still be forgotten");
    }

    #[tokio::test]
    async fn a_row_that_leads_out_of_the_folder_is_no_saved_file() {
        let store = Store::open(Folder::temporary().unwrap()).unwrap();
        let saved = store.keep(new(SavedKind::Before, "alice"), b"x".to_vec()).await.unwrap();
        let key = store.path().join("key");
        for file in ["../key", "../../key", key.to_str().unwrap(), "..", ""] {
            let file = file.to_owned();
            let set =
                move |connection: &rusqlite::Connection| connection.execute("UPDATE saved SET file = ?1", [&file]);
            assert_eq!(store.write(set).await.unwrap(), 1);
            assert!(store.saved(&saved.id).await.is_err());
            assert!(store.remove_saved(&saved.id).await.is_err());
            assert!(key.exists());
        }
    }

    #[tokio::test]
    async fn lists_tell_what_was_asked_for_newest_first() {
        let store = Store::open(Folder::temporary().unwrap()).unwrap();
        let mut ids = Vec::new();
        for (kind, principal) in
            [(SavedKind::Backup, "alice"), (SavedKind::Secret, "alice"), (SavedKind::Backup, "bob")]
        {
            ids.push(store.keep(new(kind, principal), b"x".to_vec()).await.unwrap().id);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let listed = |filter| {
            let store = store.clone();
            async move { store.list_saved(filter).await.unwrap().into_iter().map(|saved| saved.id).collect::<Vec<_>>() }
        };
        let mut all = listed(SavedFilter::default()).await;
        all.reverse();
        assert_eq!(all, ids);
        let backups = SavedFilter {
            kind: Some(SavedKind::Backup),
            principal: Some("alice".to_owned()),
            ..SavedFilter::default()
        };
        assert_eq!(listed(backups).await, ids.get(..1).unwrap());
        assert!(store.remove_saved(ids.first().unwrap()).await.unwrap());
        assert!(!store.remove_saved(ids.first().unwrap()).await.unwrap());
        assert_eq!(files(&store, SavedKind::Backup).len(), 1);
    }

    #[tokio::test]
    async fn what_is_too_old_for_the_list_is_still_found_by_the_beginning_of_its_id() {
        let store = Store::open(Folder::temporary().unwrap()).unwrap();
        store
            .write(|connection| {
                connection.execute(
                    "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1002) \
                     INSERT INTO saved SELECT printf('%08x%024x', n, 0), 'backup', 't', 'p', iif(n = 2, 'bob', 'alice'), \
                     'backup.export', 'f', 1, x'00', '', n FROM number",
                    [],
                )
            })
            .await
            .unwrap();
        let ids = |found: Vec<Saved>| found.into_iter().map(|saved| saved.id).collect::<Vec<_>>();
        let listed = ids(store.list_saved(SavedFilter::default()).await.unwrap());
        let oldest = format!("{:08x}{:024x}", 1, 0);
        assert!(listed.len() == 1_000 && !listed.contains(&oldest));
        assert_eq!(store.count_saved(SavedFilter::default()).await.unwrap(), 1_002);
        let of_bob = SavedFilter { principal: Some("bob".to_owned()), ..SavedFilter::default() };
        assert_eq!(store.count_saved(of_bob).await.unwrap(), 1);
        assert_eq!(ids(store.saved_beginning("00000001").await.unwrap()), [oldest.as_str()]);
        assert_eq!(ids(store.saved_beginning(&oldest).await.unwrap()), [oldest.as_str()]);
        assert_eq!(store.saved_beginning("0000").await.unwrap().len(), 2, "more than one is meant");
        for nothing in ["0000%", "00000___", "00000001x", "000003EA"] {
            assert_eq!(store.saved_beginning(nothing).await.unwrap(), [], "{nothing}");
        }
    }

    #[tokio::test]
    async fn a_full_disk_keeps_neither_row_nor_file() {
        let store = Store::open(Folder::temporary().unwrap()).unwrap();
        store.write(|connection| connection.pragma_update(None, "max_page_count", 30)).await.unwrap();
        let note = "n".repeat(1 << 20);
        let refused = store.keep(NewSaved { note, ..new(SavedKind::Secret, "alice") }, b"secret".to_vec()).await;
        assert!(matches!(refused, Err(StoreError::DiskFull(_))), "{refused:?}");
        assert_eq!(files(&store, SavedKind::Secret), Vec::<PathBuf>::new());
    }

    #[tokio::test]
    async fn only_old_files_without_a_row_are_cleared_away_at_start() {
        let folder = Folder::temporary().unwrap();
        let store = Store::open(folder.clone()).unwrap();
        let saved = store.keep(new(SavedKind::Backup, "alice"), b"x".to_vec()).await.unwrap();
        let (old, young) =
            (folder.path().join("backup/20200101T000000Z-aa.json"), folder.path().join("backup/b-bb.json"));
        for path in [&old, &young] {
            fs::write(path, "orphan").unwrap();
        }
        for path in [&old, &saved.path] {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - 2 * ORPHAN_AFTER).unwrap();
        }
        let again = Store::open(folder).unwrap();
        assert!(!old.exists() && young.exists() && saved.path.exists());
        assert_eq!(again.list_saved(SavedFilter::default()).await.unwrap(), [saved]);
    }

    #[test]
    fn stamps_are_dates() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_400, "20000229T000000Z"),
            (1_767_225_599, "20251231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(stamp(seconds), text);
            let read: String = utc(i64::try_from(seconds).unwrap() * 1_000).replace(['-', ':'], "");
            assert_eq!(read.replace(' ', "T"), text);
        }
    }
}
