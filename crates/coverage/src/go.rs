//! Go as it is written: files found, parsed and lowered into a small tree of our own.
//!
//! Nothing here knows of routes or HTTP. What a file says is kept as it stands; what could not be read is told with
//! its place, so that nobody takes a half-read checkout for a whole one.

pub mod ast;
mod files;
mod lower;
pub mod packages;
mod parse;

pub use files::find;
pub use packages::{Packages, Ref, Resolved, Ty};
pub use parse::{Trouble, parse};
