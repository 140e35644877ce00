//! `audit head`: the newest record's number and hash, for a place that a tamperer does not reach.

use clap::Args;

use crate::{
    cli::{Failure, format::print, options::open_store},
    store::audit::End,
};

/// Options of `audit head`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp audit head | ssh elsewhere 'cat >> flvx-heads'
  flvx-mcp audit verify --expect \"$(ssh elsewhere tail -n 1 flvx-heads)\"

Exit code 0: printed; 1: there is none, or its seal does not fit (verify says more).")]
pub struct Options {}

/// Runs the command.
pub async fn run(_: &Options) -> Result<(), Failure> {
    match open_store()?.audit_ends().await?.head {
        End::Sealed { link, .. } => print(&link.to_string()),
        End::Absent => Err(Failure::Failed(Some("nothing is recorded yet".to_owned()))),
        End::Broken => {
            Err(Failure::Failed(Some("the head is not what was written; flvx-mcp audit verify says more".to_owned())))
        }
    }
}
