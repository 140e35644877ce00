//! The chain as it lies there, for whoever proves it: nothing in here is believed, so columns come as bytes with their types.

use rusqlite::{Connection, OptionalExtension as _};

use super::{
    Link,
    link::{COUNT, COVERED, part},
};
use crate::store::{Store, StoreError};

/// An end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// There is none.
    Absent,
    /// It is there, and its seal does not fit.
    Broken,
    /// As this store wrote it.
    Sealed {
        /// Where it is.
        link: Link,
        /// When it was moved.
        time_ms: i64,
    },
}

impl End {
    /// Where it is, if that is sure.
    pub fn link(&self) -> Option<Link> {
        match self {
            Self::Sealed { link, .. } => Some(*link),
            _ => None,
        }
    }
}

/// Both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// Behind the rows that were pruned.
    pub anchor: End,
    /// The newest row.
    pub head: End,
}

/// One row, unproven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// Number.
    pub seq: i64,
    /// The columns that the hash covers.
    pub columns: Vec<Vec<u8>>,
    /// The hash, whatever its form.
    pub hash: Vec<u8>,
}

impl RawRow {
    /// The hash if it has the form of one.
    pub fn hash(&self) -> Option<[u8; 32]> {
        self.hash.as_slice().try_into().ok()
    }

    /// When, as far as the column tells.
    pub fn time_ms(&self) -> Option<i64> {
        let bytes = self.columns.first()?.strip_prefix(b"i")?;
        Some(i64::from_be_bytes(bytes.try_into().ok()?))
    }

    /// The call's name, as far as the column tells.
    pub fn trace_id(&self) -> String {
        self.text(1)
    }

    /// The record, as far as the column tells.
    pub fn record(&self) -> String {
        self.text(COUNT - 1)
    }

    fn text(&self, column: usize) -> String {
        let bytes = self.columns.get(column).and_then(|bytes| bytes.get(1..)).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// Some rows, and the ends as they were in the same moment.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows in order.
    pub rows: Vec<RawRow>,
    /// The ends.
    pub ends: Ends,
}

impl Store {
    /// The rows behind a number, at most so many; `None`: from the smallest number that there is.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn audit_page(&self, after: Option<i64>, most: usize) -> Result<Page, StoreError> {
        let store = self.clone();
        self.read(move |connection| {
            let snapshot = connection.unchecked_transaction()?;
            let ends = ends(&store, &snapshot)?;
            // A condition that the primary key answers, also for the smallest number.
            let (behind, from) = after.map_or((">=", i64::MIN), |after| (">", after));
            let sql = format!("SELECT seq, hash, {COVERED} FROM audit WHERE seq {behind} ?1 ORDER BY seq LIMIT ?2");
            let mut query = snapshot.prepare(&sql)?;
            let rows = query.query_map((from, i64::try_from(most).unwrap_or(i64::MAX)), |row| {
                let columns = (2..2 + COUNT).map(|column| Ok(part(row.get_ref(column)?)));
                let hash = part(row.get_ref(1)?);
                Ok(RawRow {
                    seq: row.get(0)?,
                    columns: columns.collect::<rusqlite::Result<_>>()?,
                    // Only a blob is a hash.
                    hash: hash.strip_prefix(b"b").map(<[u8]>::to_vec).unwrap_or_default(),
                })
            })?;
            let rows = rows.collect::<rusqlite::Result<_>>()?;
            Ok(Page { rows, ends })
        })
        .await
    }

    /// Both ends of the chain.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn audit_ends(&self) -> Result<Ends, StoreError> {
        let store = self.clone();
        self.read(move |connection| ends(&store, connection)).await
    }

    /// What SQLite itself finds wrong with table and indices; empty: nothing. An index that was touched hides records.
    ///
    /// # Errors
    /// The state cannot be read at all.
    pub async fn audit_integrity(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut query = connection.prepare("PRAGMA integrity_check('audit')")?;
            let lines = query.query_map([], |row| row.get::<_, String>(0))?;
            Ok(lines.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().filter(|line| line != "ok").collect())
        })
        .await
    }
}

fn ends(store: &Store, connection: &Connection) -> rusqlite::Result<Ends> {
    Ok(Ends { anchor: read_end(store, connection, "anchor")?, head: read_end(store, connection, "head")? })
}

pub(super) fn read_end(store: &Store, connection: &Connection, which: &str) -> rusqlite::Result<End> {
    let found = connection
        .prepare("SELECT seq, hash, time_ms, seal FROM audit_end WHERE which = ?1")?
        .query_row([which], |row| {
            Ok((part(row.get_ref(0)?), part(row.get_ref(1)?), part(row.get_ref(2)?), part(row.get_ref(3)?)))
        })
        .optional()?;
    let Some((seq, hash, time_ms, seal)) = found else { return Ok(End::Absent) };
    let number = |bytes: &[u8]| Some(i64::from_be_bytes(bytes.strip_prefix(b"i")?.try_into().ok()?));
    let read = || {
        let link = Link::new(number(&seq)?, hash.strip_prefix(b"b")?)?;
        let time_ms = number(&time_ms)?;
        (seal.strip_prefix(b"b")? == store.audit_seal(which, &link, time_ms)).then_some(End::Sealed { link, time_ms })
    };
    Ok(read().unwrap_or(End::Broken))
}
