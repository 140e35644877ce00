//! Reads the panel's Go source by its syntax tree, and holds the manifest against it.
//!
//! [`read`] turns a checkout into facts: routes with their methods, who may call them, what they take. [`check`] compares
//! these with `routes/*.yaml` and gives a [`Report`]; [`scaffold`] writes the first draft of what is missing there.
//! What cannot be understood is told with its place and never guessed.

mod bless;
mod check;
mod diff;
mod eval;
mod expected;
pub mod facts;
mod go;
mod keys;
mod locate;
mod read;
mod report;
mod routers;
mod scaffold;
mod snapshot;

pub use bless::{BlessError, Blessings};
pub use check::{CheckError, LOCK, Panel, Report, Request, Verdict, check};
pub use diff::{Comparison, Difference, What};
pub use locate::Line;
pub use read::{PREFIX, Problem, Source, read};
pub use report::Format;
pub use scaffold::{Draft, scaffold};
pub use snapshot::{Snapshot, SnapshotError};
