//! A call whose record is not written yet. When the caller goes away in the middle of a read, that is what is recorded.

use std::time::{Duration, Instant};

use crate::{
    audit::{Audit, Record},
    result::CallOutput,
};

/// A record that is being filled in.
pub(super) struct Open<'a> {
    audit: &'a Audit,
    record: Option<Record>,
    pub started: Instant,
}

impl<'a> Open<'a> {
    pub fn new(audit: &'a Audit, record: Record, started: Instant) -> Self {
        Self { audit, record: Some(record), started }
    }

    /// Adds to the record.
    pub fn with(&mut self, note: impl FnOnce(&mut Record)) {
        if let Some(record) = &mut self.record {
            note(record);
        }
    }

    /// The record as far as it is filled in.
    pub fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// Hands the record to whoever writes it.
    pub fn take(&mut self) -> Option<Record> {
        self.record.take()
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(record) = self.record.take() {
            self.audit.refused(record, "caller_gone", self.started.elapsed());
        }
    }
}

/// Writes the record of a call, and tells the caller when that did not work.
pub(super) async fn record_result(audit: &Audit, record: Record, output: &mut CallOutput, took: Duration) {
    if audit.write(record, output, took).await.is_err() {
        output.warnings.push("this result could not be recorded; tell the operator".to_owned());
    }
}
