//! `audit show`: everything that is recorded of one call, in order.

use clap::Args;
use serde_json::Value;

use super::search::value;
use crate::{
    audit::when::iso,
    cli::{Failure, format::print, options::open_store},
    store::audit::Filter,
};

/// Most records of one trace.
const MOST: usize = 1_000;

/// Options of `audit show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp audit show 01a2037792d170acaa83c654c8410844

A change has two records: its intent, written before it was sent, and the call with what came of it. An intent alone means that
the gateway ended in between. Exit code 0: found; 1: no such record.")]
pub struct Options {
    /// Name of the call: trace_id in the result, the log and the panel's log
    trace: String,
}

/// Runs the command.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let filter = Filter { trace_id: Some(options.trace.clone()), ..Filter::default() };
    let found = open_store()?.audit_in_order(filter, MOST).await?;
    if found.is_empty() {
        return Err(Failure::Failed(Some(format!("nothing is recorded of {}", options.trace))));
    }
    for stored in &found {
        let record = value(stored);
        let time = record.get("time").and_then(Value::as_i64).map(iso).unwrap_or_default();
        let kind = record.get("kind").and_then(Value::as_str).unwrap_or_default();
        print(&format!("# {} {kind} · {time} · {}", stored.link.seq, stored.link.hex()))?;
        print(&serde_json::to_string_pretty(&record).unwrap_or_default())?;
    }
    Ok(())
}
