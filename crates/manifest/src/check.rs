//! The checks of meaning: everything that spans several keys, entries or files.
//!
//! Each file beside this one holds the checks of one part of the language. They read the [`Draft`] and tell findings;
//! none stops at the first, none changes anything.

mod access;
mod batch;
mod domain;
mod draft;
mod entry;
mod errors;
mod examples;
mod fields;
mod limits;
mod merge;
mod names;
mod outcome;
mod paths;
mod places;
mod preview;
mod reads;
mod recipes;
mod request;
mod response;
mod save;
mod types;
mod undo;
mod verify;
mod versions;

pub use draft::{Draft, DraftDomain, Known};

use crate::{finding::Finding, structure::Language};

/// Runs every check.
pub fn run(draft: &Draft<'_>, language: &Language, findings: &mut Vec<Finding>) {
    domain::check(draft, findings);
    types::check(draft, findings);
    names::check(draft, findings);
    paths::check(draft, findings);
    errors::check_shared(draft, findings);
    for route in draft.routes() {
        entry::check(&route, language, findings);
    }
}
