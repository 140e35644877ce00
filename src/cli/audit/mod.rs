//! `audit`: looks into the record of calls, proves it, takes it out and makes it shorter. Works on the state folder beside a
//! running gateway.

mod export;
mod head;
mod prune;
mod search;
mod show;
mod verify;

use clap::{Args, Subcommand};

use super::{Failure, options::runtime};
use crate::audit::{
    now_ms,
    when::{self, Edge},
};

/// Options of `audit`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The state folder is the gateway's own: MCP_STATE_DIR, or flvx-mcp below XDG_STATE_HOME or ~/.local/state. A gateway may be running on it.
docs/audit.md says what is recorded and what verify can and cannot prove.

Exit codes: 0 done; 1 nothing found, or (verify) something is damaged; 2 the command line cannot be used, or there is no state that can be opened.")]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Find records, newest first
    Search(search::Options),
    /// Show everything about one call
    Show(show::Options),
    /// Prove that nothing was changed, taken out, moved or added
    Verify(verify::Options),
    /// Print number and hash of the newest record, to be noted elsewhere
    Head(head::Options),
    /// Write records as lines with their hashes
    Export(export::Options),
    /// Take old records away; the rest can still be proven
    Prune(prune::Options),
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    runtime()?.block_on(async {
        match &options.command {
            Command::Search(options) => search::run(options).await,
            Command::Show(options) => show::run(options).await,
            Command::Verify(options) => verify::run(options).await,
            Command::Head(options) => head::run(options).await,
            Command::Export(options) => export::run(options).await,
            Command::Prune(options) => prune::run(options).await,
        }
    })
}

fn moment(text: Option<&str>, edge: Edge) -> Result<Option<i64>, Failure> {
    text.map(|text| when::parse(text, edge, now_ms())).transpose().map_err(|error| Failure::Usage(error.to_string()))
}
