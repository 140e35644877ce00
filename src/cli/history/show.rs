//! `history show`: everything that is known of one change.

use clap::Args;
use serde_json::{Value, json};

use super::{find, state};
use crate::{
    clean::clean_value,
    cli::{Failure, format::print},
    store::Store,
};

/// Options of `history show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Example:
  flvx-mcp history show 01a2037792d170acaa83c654c8410844

Prints JSON. There are no secrets in it: they are never written down.")]
pub struct Options {
    /// Name of the change: trace_id in its result, or from history list
    trace_id: String,
}

/// Runs the command.
pub async fn run(store: &Store, options: &Options) -> Result<(), Failure> {
    let row = find(store, &options.trace_id).await?;
    let json = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let told = json!({
        "trace_id": row.trace_id,
        "state": state(store, &row),
        "panel": row.key.panel,
        "principal": row.key.principal,
        "credential": row.key.credential,
        "tool": row.key.tool,
        "idempotency_key": row.key.key,
        "request": json(&Some(row.arguments.clone())),
        "started_ms": row.started_ms,
        "sent_ms": row.sent_ms,
        "settled_ms": row.settled_ms,
        "verified": row.verified,
        "sent": json(&row.before),
        "result": json(&row.result),
        "undo": json(&row.undo),
        "saved": row.saved,
        "undoes": row.undoes,
        "undone_by": row.undone_by,
    });
    print(&serde_json::to_string_pretty(&clean_value(told)).unwrap_or_default())
}
