//! Goes from row to row and holds each against the one before it. After a damaged row the walk goes on from what can still be
//! known, so that one damage is told once and where it is.

use std::fmt;

use serde_json::Value;

use super::MOST_TOLD;
use crate::store::{
    Store,
    audit::{End, Link, RawRow},
};

/// What is wrong with a place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The row is not what was written.
    Changed,
    /// Another record stands here: the one of that number.
    Moved(i64),
    /// It follows a damaged row, or a gap, and cannot be proven by itself.
    Unproven,
    /// Rows up to this number are gone.
    Missing(i64),
    /// The newest rows, up to this number, are gone.
    CutOff(i64),
    /// A row that was never written: before the anchor or behind the head.
    Inserted,
    /// The seal of the anchor does not fit.
    AnchorBroken,
    /// The seal of the head does not fit.
    HeadBroken,
    /// The head is gone.
    HeadMissing,
    /// The record that was noted elsewhere is not here, or is another one.
    NotAsNoted,
    /// A line that is no record.
    NotARecord,
    /// SQLite finds table or indices damaged.
    Database(String),
}

impl Fault {
    /// Stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Moved(_) => "moved",
            Self::Unproven => "unproven",
            Self::Missing(_) => "missing",
            Self::CutOff(_) => "cut_off",
            Self::Inserted => "inserted",
            Self::AnchorBroken => "anchor_broken",
            Self::HeadBroken => "head_broken",
            Self::HeadMissing => "head_missing",
            Self::NotAsNoted => "not_as_noted",
            Self::NotARecord => "not_a_record",
            Self::Database(_) => "database",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("is not what was written"),
            Self::Moved(from) => write!(f, "is the record of number {from}, moved here"),
            Self::Unproven => f.write_str("follows a damaged record or a gap and cannot be proven by itself"),
            Self::Missing(last) => write!(f, "is gone, and all up to number {last}"),
            Self::CutOff(last) => write!(f, "was cut off, with all up to number {last}, the newest"),
            Self::Inserted => f.write_str("was never written by this gateway"),
            Self::AnchorBroken => f.write_str("the anchor (where pruning ended) is not what was written"),
            Self::HeadBroken => f.write_str("the head (number of the newest record) is not what was written"),
            Self::HeadMissing => f.write_str("the head (number of the newest record) is gone"),
            Self::NotAsNoted => f.write_str("is not the record that was noted elsewhere"),
            Self::NotARecord => f.write_str("is no record"),
            Self::Database(line) => write!(f, "the database is damaged: {line}"),
        }
    }
}

/// Something that does not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Number of the record; 0: none. In a file a line that is no record has the line's number.
    pub seq: i64,
    /// Its time, as far as the row tells.
    pub time_ms: Option<i64>,
    /// Its call, as far as the row tells.
    pub trace_id: String,
    /// What is wrong.
    pub fault: Fault,
}

impl Damage {
    pub(super) fn nowhere(seq: i64, fault: Fault) -> Self {
        Self { seq, time_ms: None, trace_id: String::new(), fault }
    }

    fn at(row: &RawRow, fault: Fault) -> Self {
        Self { seq: row.seq, time_ms: row.time_ms(), trace_id: row.trace_id(), fault }
    }
}

/// The walk.
pub(super) struct Walker {
    store: Store,
    pub anchor: Link,
    seq: i64,
    /// What the next row may hang on: after a damaged row its stored hash, or the one it should have; none: not known.
    before: Vec<[u8; 32]>,
    /// The row before was damaged.
    unsure: bool,
    any_start: bool,
    pub records: u64,
    damages: Vec<Damage>,
    count: u64,
}

impl Walker {
    pub fn new(store: Store, anchor: Link) -> Self {
        Self {
            store,
            anchor,
            seq: anchor.seq,
            before: vec![anchor.hash],
            unsure: false,
            any_start: false,
            records: 0,
            damages: Vec::new(),
            count: 0,
        }
    }

    /// The first row is taken as it is.
    pub fn begin_anywhere(&mut self) {
        self.any_start = true;
    }

    pub fn damage(&mut self, damage: Damage) {
        self.count += 1;
        if self.damages.len() < MOST_TOLD {
            self.damages.push(damage);
        }
    }

    /// Rows up to there are gone by right.
    pub fn jump(&mut self, link: Link) {
        if link.seq > self.seq {
            (self.seq, self.before, self.unsure, self.anchor) = (link.seq, vec![link.hash], false, link);
        }
    }

    /// The next row; `said` is the hash before it, as a file tells it.
    pub fn step(&mut self, row: &RawRow, said: Option<[u8; 32]>) {
        self.records += 1;
        if std::mem::take(&mut self.any_start) {
            (self.seq, self.before) = (row.seq.saturating_sub(1), said.into_iter().collect());
        }
        if row.seq <= self.seq {
            return self.damage(Damage::at(row, Fault::Inserted));
        }
        let behind_a_gap = row.seq > self.seq + 1;
        if behind_a_gap {
            self.damage(Damage::nowhere(self.seq + 1, Fault::Missing(row.seq - 1)));
            (self.before, self.unsure) = (said.into_iter().collect(), false);
        }
        self.seq = row.seq;
        let right: Vec<[u8; 32]> =
            self.before.iter().map(|before| self.store.audit_hash(before, row.seq, &row.columns)).collect();
        let stored = row.hash();
        // What a file says of the row before must agree with that row.
        let agrees = self.unsure || self.before.is_empty() || said.is_none_or(|said| self.before.contains(&said));
        let fits = agrees && stored.is_some_and(|hash| right.is_empty() || right.contains(&hash));
        if fits && behind_a_gap && right.is_empty() {
            self.damage(Damage::at(row, Fault::Unproven));
        }
        if fits {
            (self.before, self.unsure) = (stored.into_iter().collect(), false);
            return;
        }
        let fault = match number(&row.record()) {
            Some(other) if other != row.seq => Fault::Moved(other),
            _ if self.unsure => Fault::Unproven,
            _ => Fault::Changed,
        };
        self.damage(Damage::at(row, fault));
        self.before = stored.into_iter().chain(right).collect();
        self.unsure = true;
    }

    /// Holds the end of the walk against the head.
    pub fn end(&mut self, head: End, anchored: bool) {
        match head {
            End::Broken => self.damage(Damage::nowhere(self.seq, Fault::HeadBroken)),
            End::Absent if self.records > 0 || anchored => self.damage(Damage::nowhere(self.seq, Fault::HeadMissing)),
            End::Absent => {}
            End::Sealed { link, .. } if link.seq > self.seq => {
                self.damage(Damage::nowhere(self.seq + 1, Fault::CutOff(link.seq)));
            }
            End::Sealed { link, .. } if link.seq < self.seq => {
                self.damage(Damage::nowhere(link.seq + 1, Fault::Inserted));
            }
            End::Sealed { link, .. } => {
                let fits = self.before.is_empty() || self.before.contains(&link.hash);
                if !fits && !self.unsure {
                    self.damage(Damage::nowhere(link.seq, Fault::Changed));
                }
            }
        }
    }

    /// Where the walk is.
    pub fn last(&self) -> Link {
        Link { seq: self.seq, hash: self.before.first().copied().unwrap_or_default() }
    }

    pub fn damages(self) -> (Vec<Damage>, u64) {
        (self.damages, self.count)
    }
}

/// The number that a record itself says.
fn number(record: &str) -> Option<i64> {
    serde_json::from_str::<Value>(record).ok()?.get("seq")?.as_i64()
}
