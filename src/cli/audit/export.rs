//! `audit export`: a piece of the chain as lines, each with the hash before it and its own, so that the file can be proven.

use clap::Args;

use super::moment;
use crate::{
    audit::when::Edge,
    cli::{Failure, format::print, options::open_store},
    store::{
        Store,
        audit::{Filter, Link},
    },
};

/// Records of one step.
const STEP: usize = 2_000;

/// Options of `audit export`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp audit export > records.jsonl
  flvx-mcp audit export --since 2026-01-01 --until 2026-01-31 > january.jsonl
  flvx-mcp audit verify --file january.jsonl

The lines are one unbroken piece of the chain. Exit code 0: written; 1: there is nothing in that span.")]
pub struct Options {
    /// From then on: 2h, 3d, 2026-01-31, 2026-01-31T08:00:00Z, or ms since the epoch
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Until then
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
}

/// Runs the command.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let since_ms = moment(options.since.as_deref(), Edge::Since)?;
    let until_ms = moment(options.until.as_deref(), Edge::Until)?;
    let store = open_store()?;
    let span = Filter { since_ms, until_ms, ..Filter::default() };
    let first = store.audit_in_order(span, 1).await?;
    let last = store.audit_last(until_ms).await?;
    let (Some(first), Some(last)) = (first.first(), last) else {
        return Err(Failure::Failed(Some("there is no record in that span".to_owned())));
    };
    let mut before = before(&store, first.link.seq).await?;
    // None: the first number is the smallest that there is.
    let mut after = first.link.seq.checked_sub(1);
    loop {
        let filter = Filter { after_seq: after, ..Filter::default() };
        let rows = store.audit_in_order(filter, STEP).await?;
        for row in &rows {
            if row.link.seq > last {
                return Ok(());
            }
            print(&row.line(before.filter(|link| link.seq + 1 == row.link.seq).map(|link| link.hash).as_ref()))?;
            before = Some(row.link);
            after = Some(row.link.seq);
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// What the first line hangs on.
async fn before(store: &Store, first: i64) -> Result<Option<Link>, Failure> {
    if first == 1 {
        return Ok(Some(Link::GENESIS));
    }
    let (Some(wanted), Some(after)) = (first.checked_sub(1), first.checked_sub(2)) else { return Ok(None) };
    let filter = Filter { after_seq: Some(after), ..Filter::default() };
    let row = store.audit_in_order(filter, 1).await?;
    let row = row.first().map(|row| row.link).filter(|link| link.seq == wanted);
    let anchor = store.audit_ends().await?.anchor.link();
    Ok(row.or(anchor.filter(|link| link.seq == wanted)))
}
