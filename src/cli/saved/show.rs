//! `saved show`: the content of a saved file. Without `--reveal` the secrets in it are hidden, so that it can be looked at beside
//! other people; a new secret is nothing else, so then only its description is printed.

use bytes::Bytes;
use clap::Args;
use flvx_panel::generated::route;

use super::find;
use crate::{
    cli::{Failure, format::print},
    gateway::shape::{REDACTED, Redactor, shape_whole},
    store::{SavedKind, Store},
};

/// Options of `saved show`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Its id, or the beginning of it
    id: String,
    /// Print it exactly as it was saved, secrets and all
    #[arg(long)]
    reveal: bool,
}

pub(super) async fn run(store: &Store, options: &Options) -> Result<(), Failure> {
    let failed = |text: String| Failure::Failed(Some(text));
    let saved = find(store, &options.id).await?;
    let content = store.read_saved(&saved).await?;
    let shown = match route(&saved.tool).and_then(|route| route.data) {
        _ if options.reveal => Bytes::from(content),
        Some(field) if saved.kind != SavedKind::Secret => {
            shape_whole(field, Bytes::from(content), &mut Redactor::default())
                .map_err(|error| failed(error.to_string()))?
        }
        _ => Bytes::from(format!("{REDACTED} ({}, {} bytes; --reveal prints it)", saved.note, saved.bytes)),
    };
    let text = String::from_utf8(shown.to_vec()).map_err(|_| failed("the file is no text".to_owned()))?;
    print(&text)
}
