//! Reads the panel's Go source by its syntax tree, and holds the manifest against it.
mod diff;
mod eval;
mod expected;
pub mod facts;
mod go;
mod keys;
mod locate;
mod read;
mod routers;
pub use read::{read, Source};
pub use {diff::*, expected::*, locate::*};
