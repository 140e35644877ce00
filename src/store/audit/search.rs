//! Finding records. Each question is answered by an index and the newest come first; `targets` alone is looked through.

use rusqlite::{Connection, types::Value};

use super::{Link, link::hex};
use crate::store::{Store, StoreError};

/// What is looked for; absent: anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Who.
    pub principal: Option<String>,
    /// Which tool; a `*` at its end stands for anything.
    pub tool: Option<String>,
    /// What came of it: `ok`, `failed`, an outcome of a change.
    pub outcome: Option<String>,
    /// Kind of the error.
    pub error: Option<String>,
    /// Kind of record.
    pub kind: Option<String>,
    /// A thing that was meant: `node=3`.
    pub target: Option<String>,
    /// Name of a call, or the trace that several calls share.
    pub trace_id: Option<String>,
    /// From then on, ms since the epoch.
    pub since_ms: Option<i64>,
    /// Until then, ms since the epoch.
    pub until_ms: Option<i64>,
    /// Behind this number.
    pub after_seq: Option<i64>,
}

/// A thing that was meant, as `targets` has it: `|user_group=3`. The same for what is written and for what is looked for.
pub fn target_word(kind: &str, key: &str) -> String {
    format!("|{}={}", kind.replace(' ', "_"), key.replace('|', "_"))
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the chain.
    pub link: Link,
    /// Its JSON.
    pub record: String,
}

impl Stored {
    /// The line of a file: the record, the hash before it where that is known, and its own.
    pub fn line(&self, before: Option<&[u8; 32]>) -> String {
        let open = self.record.strip_suffix('}').unwrap_or(&self.record);
        let before = before.map(|hash| format!(",\"prev\":\"{}\"", hex(hash))).unwrap_or_default();
        format!("{open}{before},\"hash\":\"{}\"}}", self.link.hex())
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Newest,
    Chain,
}

impl Store {
    /// The newest records that fit.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn search_audit(&self, filter: Filter, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.read(move |connection| find(connection, &filter, limit, Order::Newest)).await
    }

    /// The records that fit in the order in which they were written.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn audit_in_order(&self, filter: Filter, limit: usize) -> Result<Vec<Stored>, StoreError> {
        self.read(move |connection| find(connection, &filter, limit, Order::Chain)).await
    }

    /// Number of the last record that was written until then. Times and numbers are not in quite the same order: a read's
    /// record is written a moment late.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn audit_last(&self, until_ms: Option<i64>) -> Result<Option<i64>, StoreError> {
        let until_ms = until_ms.unwrap_or(i64::MAX);
        self.read(move |connection| {
            connection.query_row("SELECT max(seq) FROM audit WHERE time_ms <= ?1", [until_ms], |row| row.get(0))
        })
        .await
    }

    /// How SQLite goes about a search, in its own words.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn explain_audit_search(&self, filter: Filter, limit: usize) -> Result<Vec<String>, StoreError> {
        self.read(move |connection| {
            let (sql, values) = sql(&filter, limit, Order::Newest);
            let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            query.query_map(rusqlite::params_from_iter(values), |row| row.get("detail"))?.collect()
        })
        .await
    }
}

fn find(connection: &Connection, filter: &Filter, limit: usize, order: Order) -> rusqlite::Result<Vec<Stored>> {
    let (sql, values) = sql(filter, limit, order);
    let mut query = connection.prepare(&sql)?;
    let rows = query.query_map(rusqlite::params_from_iter(values), |row| {
        // What somebody wrote there instead of a hash keeps nothing else from being found.
        let hash = row.get_ref(1)?.as_bytes().unwrap_or_default().to_vec();
        // Texts that somebody damaged are shown as far as they can be read; `verify` is who judges them.
        let record = row.get_ref(2)?.as_bytes().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        Ok(Stored { link: Link::new(row.get(0)?, &hash).unwrap_or(Link { seq: row.get(0)?, hash: [0; 32] }), record })
    })?;
    rows.collect()
}

fn sql(filter: &Filter, limit: usize, order: Order) -> (String, Vec<Value>) {
    let mut wanted: Vec<&str> = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    let mut equal = |condition: &'static str, value: &Option<String>| {
        if let Some(value) = value {
            wanted.push(condition);
            values.push(value.clone().into());
        }
    };
    equal("principal = ?", &filter.principal);
    equal("outcome = ?", &filter.outcome);
    equal("error <> '' AND error = ?", &filter.error);
    equal("kind = ?", &filter.kind);
    let target = filter.target.as_deref().map(|target| match target.split_once('=') {
        Some((kind, key)) => format!("{}|", target_word(kind, key)),
        None => format!("|{target}|"),
    });
    equal("instr(targets, ?) > 0", &target);
    if let Some(tool) = &filter.tool {
        match tool.strip_suffix('*') {
            None => {
                wanted.push("tool = ?");
                values.push(tool.clone().into());
            }
            Some(start) => {
                wanted.push("tool >= ? AND tool < ?");
                values.extend([start.to_owned().into(), format!("{start}\u{10ffff}").into()]);
            }
        }
    }
    if let Some(trace) = &filter.trace_id {
        // Calls of one trace are `TRACE-SPAN`; `.` is what comes right behind `-`.
        wanted.push("trace_id >= ? AND trace_id < ?");
        values.extend([trace.clone().into(), format!("{trace}.").into()]);
    }
    for (condition, number) in
        [("time_ms >= ?", filter.since_ms), ("time_ms <= ?", filter.until_ms), ("seq > ?", filter.after_seq)]
    {
        if let Some(number) = number {
            wanted.push(condition);
            values.push(number.into());
        }
    }
    let condition = if wanted.is_empty() { String::new() } else { format!(" WHERE {}", wanted.join(" AND ")) };
    let order = match order {
        Order::Newest => "time_ms DESC, seq DESC",
        Order::Chain => "seq",
    };
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    (format!("SELECT seq, hash, record FROM audit{condition} ORDER BY {order} LIMIT ?"), values)
}
