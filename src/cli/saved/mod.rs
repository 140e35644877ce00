//! `saved`: the files with secrets in them, for whoever sits at the machine. One file a subcommand; it works on the state folder
//! alone, beside a gateway that runs.

mod list;
mod path;
mod remove;
mod show;

use clap::{Args, Subcommand};

use super::{
    Failure,
    options::{open_store, runtime},
};
use crate::store::{Saved, Store};

/// Options of `saved`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// List the saved files, newest first
    List(list::Options),
    /// Print one, its secrets hidden unless --reveal is given
    Show(show::Options),
    /// Print where one lies
    Path(path::Options),
    /// Delete one
    Remove(remove::Options),
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let store = open_store()?;
        match &options.command {
            Command::List(options) => list::run(&store, options).await,
            Command::Show(options) => show::run(&store, options).await,
            Command::Path(options) => path::run(&store, options).await,
            Command::Remove(options) => remove::run(&store, options).await,
        }
    })
}

/// Least of an id that says which is meant.
const SHORTEST: usize = 4;

/// The one of that id, or of whose id this is the beginning.
async fn find(store: &Store, id: &str) -> Result<Saved, Failure> {
    if id.len() < SHORTEST {
        return Err(Failure::Usage(format!(
            "`{id}` is too short to say which is meant: give {SHORTEST} letters of the id or more; `flvx-mcp saved list` names them"
        )));
    }
    let mut meant = store.saved_beginning(id).await?.into_iter();
    match (meant.next(), meant.next()) {
        (Some(saved), None) => Ok(saved),
        (Some(_), Some(_)) => Err(Failure::Usage(format!("several saved files begin with {id}; give more of the id"))),
        (None, _) => Err(Failure::Usage(format!("there is no saved file {id}; `flvx-mcp saved list` names them"))),
    }
}
