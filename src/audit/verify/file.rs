//! A file of lines, from `audit export` or `MCP_AUDIT_JSONL`: each line is the record with the hash before it and its own.

use std::io::BufRead;

use serde_json::Value;

use super::{Damage, Expected, Fault, walker::Walker};
use crate::{
    audit::entry::Found,
    store::{
        Store,
        audit::{Link, RawRow},
    },
};

/// What a walk over a file showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// Lines that were looked at.
    pub records: u64,
    /// First record.
    pub first: i64,
    /// Last record.
    pub last: Link,
    /// What is wrong, at most [`super::MOST_TOLD`].
    pub damages: Vec<Damage>,
    /// How much is wrong altogether.
    pub count: u64,
    /// What became of a head that was noted elsewhere.
    pub expected: Expected,
}

/// Walks over the lines of a file. Before its first and behind its last line a file proves nothing.
///
/// # Errors
/// The file cannot be read.
pub fn verify_file(store: &Store, lines: impl BufRead, expect: Option<Link>) -> std::io::Result<FileReport> {
    let mut walker = Walker::new(store.clone(), Link::GENESIS);
    walker.begin_anywhere();
    let (mut first, mut seen) = (None, None);
    for (index, line) in lines.split(b'\n').enumerate() {
        let line = line?;
        if line.is_empty() {
            continue;
        }
        match read(&line) {
            Some((row, before)) => {
                first.get_or_insert(row.seq);
                if let Some(expect) = expect.filter(|expect| expect.seq == row.seq) {
                    seen = Some(row.hash() == Some(expect.hash));
                }
                if before.is_none() {
                    // Without the hash before it a line behind a gap would pass unproven.
                    walker.damage(Damage {
                        seq: row.seq,
                        time_ms: row.time_ms(),
                        trace_id: row.trace_id(),
                        fault: Fault::Unproven,
                    });
                }
                walker.step(&row, before);
            }
            None => walker.damage(Damage::nowhere(i64::try_from(index + 1).unwrap_or(i64::MAX), Fault::NotARecord)),
        }
    }
    let expected = match (expect, seen) {
        (None, _) => Expected::NotAsked,
        (Some(_), Some(true)) => Expected::Found,
        (Some(expect), None) if first.is_some_and(|first| expect.seq < first) => Expected::Pruned,
        (Some(expect), _) => {
            walker.damage(Damage::nowhere(expect.seq, Fault::NotAsNoted));
            Expected::Wrong
        }
    };
    let (records, last) = (walker.records, walker.last());
    let (damages, count) = walker.damages();
    Ok(FileReport { records, first: first.unwrap_or(0), last, damages, count, expected })
}

/// The row that a line is made of, and the hash before it.
fn read(line: &[u8]) -> Option<(RawRow, Option<[u8; 32]>)> {
    let text = std::str::from_utf8(line).ok()?;
    let value: Value = serde_json::from_str(text).ok()?;
    let string = |key: &str| value.get(key).and_then(Value::as_str);
    let seq = value.get("seq")?.as_i64()?;
    let hash = link(seq, string("hash")?)?;
    let before = match string("prev") {
        Some(before) => Some(link(0, before)?.hash),
        None => None,
    };
    let mut tail = format!(",\"hash\":\"{}\"}}", string("hash")?);
    if let Some(before) = string("prev") {
        tail = format!(",\"prev\":\"{before}\"{tail}");
    }
    let record = format!("{}}}", text.strip_suffix(&tail)?);
    let error = value.get("error").and_then(|error| error.get("kind")).and_then(Value::as_str);
    let found = Found {
        time_ms: value.get("time")?.as_i64()?,
        trace_id: string("trace_id").unwrap_or_default(),
        kind: string("kind")?,
        principal: string("principal")?,
        tool: string("tool").unwrap_or_default(),
        outcome: string("outcome"),
        ok: value.get("ok").and_then(Value::as_bool),
        error,
    };
    let targets = value.get("targets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let targets =
        targets.iter().filter_map(|target| Some((target.get("kind")?.as_str()?, target.get("key")?.as_str()?)));
    let row = found.row(targets, String::new());
    Some((RawRow { seq, columns: row.columns(&record), hash: hash.hash.to_vec() }, before))
}

fn link(seq: i64, hash: &str) -> Option<Link> {
    format!("{seq}:{hash}").parse().ok()
}
