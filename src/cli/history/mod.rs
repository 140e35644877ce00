//! `history`: the changes on record, and the word of a person about one that no read can settle. Works on the state folder
//! beside a running gateway.

mod list;
mod settle;
mod show;

use clap::{Args, Subcommand};

use super::{
    Failure,
    options::{open_store, runtime},
};
use crate::store::{LedgerRow, Stage, Store};

/// Options of `history`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp history list --unknown
  flvx-mcp history show 01a2037792d170acaa83c654c8410844
  flvx-mcp history settle 01a2037792d170acaa83c654c8410844 --as not-done --reason 'looked at the panel'

The state folder is that of the gateway: set MCP_STATE_DIR as it is set there, and run this as the same user.

Exit codes: 0 done; 1 nothing found, or it cannot be settled; 2 the command line or the state cannot be used, or there is no such change.")]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Changes, newest first
    List(list::Options),
    /// Everything about one change
    Show(show::Options),
    /// Say what came of a change that nobody knows the outcome of
    Settle(settle::Options),
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let store = open_store()?;
        match &options.command {
            Command::List(options) => list::run(&store, options).await,
            Command::Show(options) => show::run(&store, options).await,
            Command::Settle(options) => settle::run(&store, options).await,
        }
    })
}

async fn find(store: &Store, trace_id: &str) -> Result<LedgerRow, Failure> {
    let row = store.ledger_row(trace_id.to_owned()).await?;
    row.ok_or_else(|| Failure::Usage(format!("no change of the name `{trace_id}` is on record; see history list")))
}

/// What is known of a change, in one word.
fn state(store: &Store, row: &LedgerRow) -> String {
    match (row.stage, row.outcome.as_deref()) {
        (Stage::Settled, outcome) => outcome.unwrap_or("unknown").to_owned(),
        (_, _) if store.is_alive(&row.owner) => "running".to_owned(),
        (Stage::Intent, _) => "not_sent".to_owned(),
        (Stage::Sending, _) => "unknown".to_owned(),
    }
}
