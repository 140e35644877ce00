//! `saved remove`: deletes a saved file and forgets it. There is no way back, so it takes the whole id.

use clap::Args;

use crate::{
    cli::{Failure, format::print},
    store::Store,
};

/// Options of `saved remove`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Its id
    id: String,
}

pub(super) async fn run(store: &Store, options: &Options) -> Result<(), Failure> {
    if !store.remove_saved(&options.id).await? {
        return Err(Failure::Usage(format!("there is no saved file {}; `flvx-mcp saved list` names them", options.id)));
    }
    print(&format!("{} is deleted", options.id))
}
