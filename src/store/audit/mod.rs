//! The record of every call as a chain of rows: each row's hash is a keyed digest of all its columns and of the hash before it,
//! and both ends of the chain are sealed.
//!
//! This is the form in which records are kept, found, walked and pruned; what a record says is `crate::audit`'s matter. The
//! next row is always made inside a write transaction from the sealed head, so several processes on one store keep one chain.

mod append;
mod link;
mod prune;
mod search;
mod walk;

pub use append::NewRow;
pub use link::{Link, LinkError, hex};
pub use prune::{Pruned, Stopped};
pub use search::{Filter, Stored, target_word};
pub use walk::{End, Ends, Page, RawRow};
