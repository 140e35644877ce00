//! x
mod eval;
pub mod facts;
mod go;
mod keys;
mod read;
mod routers;
pub use read::{read, Source};
