//! New rows at the end of the chain.

use rusqlite::{Connection, OptionalExtension as _, params, types::ValueRef};

use super::{
    Link,
    link::part,
    walk::{End, read_end},
};
use crate::store::{Store, StoreError};

/// A row that has no place in the chain yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRow {
    /// When, ms since the epoch.
    pub time_ms: i64,
    /// Name of the call; empty: none.
    pub trace_id: String,
    /// `call`, `intent`, or the word of an event.
    pub kind: String,
    /// Who.
    pub principal: String,
    /// Which tool; empty: none.
    pub tool: String,
    /// What came of it.
    pub outcome: String,
    /// Kind of the error; empty: none.
    pub error: String,
    /// Words to find it by: `|node=3|`.
    pub targets: String,
    /// The record's JSON without its opening `{"seq":N,`.
    pub body: String,
}

impl NewRow {
    /// The record's JSON at a place in the chain.
    pub fn record(&self, seq: i64) -> String {
        format!("{{\"seq\":{seq},{}", self.body)
    }

    /// The columns as they go into the hash.
    pub fn columns(&self, record: &str) -> Vec<Vec<u8>> {
        let text = |text: &str| part(ValueRef::Text(text.as_bytes()));
        vec![
            part(ValueRef::Integer(self.time_ms)),
            text(&self.trace_id),
            text(&self.kind),
            text(&self.principal),
            text(&self.tool),
            text(&self.outcome),
            text(&self.error),
            text(&self.targets),
            text(record),
        ]
    }
}

impl Store {
    /// Appends records; they are on disk when the future is ready. They are written out on the store's own thread. Gives the
    /// row that the first of them hangs on.
    ///
    /// # Errors
    /// None of them was written.
    pub async fn append_audit<R: Into<NewRow> + Send + 'static>(&self, records: Vec<R>) -> Result<Link, StoreError> {
        let store = self.clone();
        self.write(move |connection| append(&store, connection, records.into_iter().map(Into::into))).await
    }
}

pub(super) fn append(
    store: &Store,
    connection: &Connection,
    rows: impl Iterator<Item = NewRow>,
) -> rusqlite::Result<Link> {
    let before = newest(store, connection)?;
    let mut last = before;
    let mut time_ms = 0;
    let mut insert = connection.prepare("INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?;
    for row in rows {
        let seq = next(last.seq)?;
        let record = row.record(seq);
        let hash = store.audit_hash(&last.hash, seq, &row.columns(&record));
        insert.execute(params![
            seq,
            row.time_ms,
            row.trace_id,
            row.kind,
            row.principal,
            row.tool,
            row.outcome,
            row.error,
            row.targets,
            record,
            hash.as_slice()
        ])?;
        time_ms = row.time_ms;
        last = Link { seq, hash };
    }
    write_end(store, connection, "head", &last, time_ms)?;
    Ok(before)
}

/// What the next row hangs on: the sealed head. Rows that were cut off behind it stay missing, because their numbers are
/// never given again. A head that somebody touched leaves a gap of one number, so that it can never look whole again.
fn newest(store: &Store, connection: &Connection) -> rusqlite::Result<Link> {
    let head = read_end(store, connection, "head")?;
    if let End::Sealed { link, .. } = head {
        return Ok(link);
    }
    let row = connection
        .query_row("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get::<_, i64>(0)?, part(row.get_ref(1)?)))
        })
        .optional()?;
    let anchor = read_end(store, connection, "anchor")?;
    let untouched = row.is_none() && head == End::Absent && anchor == End::Absent;
    if untouched {
        return Ok(Link::GENESIS);
    }
    let seq = row.as_ref().map_or(0, |(seq, _)| *seq).max(anchor.link().map_or(0, |link| link.seq));
    let hash = row.and_then(|(_, hash)| hash.get(1..)?.try_into().ok()).unwrap_or([0; 32]);
    Ok(Link { seq: next(seq)?, hash })
}

/// The number behind one. Only somebody who wrote into the file himself comes to the end of them.
fn next(seq: i64) -> rusqlite::Result<i64> {
    seq.checked_add(1).ok_or(rusqlite::Error::IntegralValueOutOfRange(0, seq))
}

pub(super) fn write_end(
    store: &Store,
    connection: &Connection,
    which: &str,
    link: &Link,
    time_ms: i64,
) -> rusqlite::Result<()> {
    let seal = store.audit_seal(which, link, time_ms);
    connection
        .prepare("INSERT OR REPLACE INTO audit_end VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![which, link.seq, link.hash.as_slice(), time_ms, seal.as_slice()])
        .map(|_| ())
}
