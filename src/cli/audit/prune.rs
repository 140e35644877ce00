//! `audit prune`: takes old records away by hand; MCP_AUDIT_RETENTION_DAYS does it by itself.

use clap::Args;

use super::moment;
use crate::{
    audit::{Audit, Settings, prune, when::Edge},
    cli::{
        Failure,
        format::print,
        options::{open_store, person},
    },
};

/// Options of `audit prune`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp audit export --until 2025-12-31 > until-2025.jsonl && flvx-mcp audit prune --before 2026-01-01

What is left can still be proven, and a record says who pruned and how much. Damaged records, and all behind them, stay.
Exit code 0: done; 1: a damaged record stopped it.")]
pub struct Options {
    /// Records older than that go: 90d, 2026-01-01, or ms since the epoch
    #[arg(long, value_name = "WHEN")]
    before: String,
}

/// Runs the command.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let before_ms = moment(Some(&options.before), Edge::Since)?.unwrap_or_default();
    let store = open_store()?;
    let audit = Audit::new(store.clone(), &Settings { enabled: true, jsonl: None }).map_err(Failure::Usage)?;
    let (records, damaged) = prune(&store, &audit, before_ms, Some(&person())).await?;
    print(&format!("{records} records were pruned"))?;
    match damaged {
        None => Ok(()),
        Some(seq) => Err(Failure::Failed(Some(format!(
            "record {seq} is damaged, so nothing is pruned from there on; flvx-mcp audit verify says more"
        )))),
    }
}
