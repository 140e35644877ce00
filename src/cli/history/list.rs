//! `history list`: changes, newest first.

use clap::Args;

use super::state;
use crate::{
    audit::when::iso,
    cli::{
        Failure,
        format::{Format, Table, print},
    },
    store::{LedgerFilter, Store},
};

/// Options of `history list`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp history list --limit 50
  flvx-mcp history list --unknown --format json
  flvx-mcp history list --user alice --tool node.delete")]
pub struct Options {
    /// Only those that nobody knows the outcome of
    #[arg(long)]
    unknown: bool,
    /// Name of the principal
    #[arg(long)]
    user: Option<String>,
    /// Name of the tool, as in node.delete
    #[arg(long)]
    tool: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub async fn run(store: &Store, options: &Options) -> Result<(), Failure> {
    let filter = LedgerFilter {
        principal: options.user.clone(),
        tool: options.tool.clone(),
        unknown: options.unknown,
        limit: options.limit,
        ..LedgerFilter::default()
    };
    let rows = store.ledger_rows(filter).await?;
    if rows.is_empty() && options.format == Format::Table {
        return print("no such change is on record");
    }
    let mut table = Table::new(&["time", "trace id", "principal", "tool", "outcome", "undone by"]);
    for row in &rows {
        table.row([
            iso(row.started_ms),
            row.trace_id.clone(),
            row.key.principal.clone(),
            row.key.tool.clone(),
            state(store, row),
            row.undone_by.clone().unwrap_or_default(),
        ]);
    }
    table.print(options.format)
}
