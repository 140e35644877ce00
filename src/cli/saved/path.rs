//! `saved path`: where a saved file lies, for programs that take a file.

use clap::Args;

use super::find;
use crate::{
    cli::{Failure, format::print},
    store::Store,
};

/// Options of `saved path`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Its id, or the beginning of it
    id: String,
}

pub(super) async fn run(store: &Store, options: &Options) -> Result<(), Failure> {
    let saved = find(store, &options.id).await?;
    print(&saved.path.display().to_string())
}
