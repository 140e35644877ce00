//! `saved list`: what is kept, of which call, for whom.

use clap::Args;

use crate::{
    cli::{
        Failure,
        format::{Format, Table},
    },
    store::{SavedFilter, SavedKind, Store, utc},
};

/// Options of `saved list`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Only this kind: backup, before (a change) or secret
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<SavedKind>,
    /// Only what was saved for this principal
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only what this call saved
    #[arg(long, value_name = "TRACE_ID")]
    trace: Option<String>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn kind(word: &str) -> Result<SavedKind, String> {
    SavedKind::from_word(word).ok_or_else(|| "the kinds are backup, before and secret".to_owned())
}

pub(super) async fn run(store: &Store, options: &Options) -> Result<(), Failure> {
    let filter = SavedFilter {
        kind: options.kind,
        principal: options.user.clone(),
        trace_id: options.trace.clone(),
        ..SavedFilter::default()
    };
    let found = store.list_saved(filter.clone()).await?;
    let (listed, all) = (found.len(), store.count_saved(filter).await?);
    if listed < all {
        eprintln!(
            "flvx-mcp: the newest {listed} of {all} are listed; --kind, --user and --trace say which others are meant"
        );
    }
    let mut table = Table::new(&["id", "kind", "time", "user", "tool", "bytes", "note"]);
    for saved in found {
        let time = utc(saved.created_ms);
        table.row([
            saved.id,
            saved.kind.word().to_owned(),
            time,
            saved.principal,
            saved.tool,
            saved.bytes.to_string(),
            saved.note,
        ]);
    }
    table.print(options.format)
}
