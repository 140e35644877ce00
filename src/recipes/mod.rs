//! Runs the recipes of the manifest: reads the state before a change, completes an update that would reset what is left
//! out, and proves afterwards by reading what became of it.
//!
//! What differs per route is data (`target`, `merge`, `verify` in `routes/*.yaml`); nothing here knows a tool by name.
//! The way of one change is [`before`], [`merge`], the call itself, [`verify`]. Reads run with the credential of the
//! change; what they bring never leaves the module except as filled-in arguments, new ids and differences, and in
//! differences a secret is only ever called one.

mod before;
mod compare;
mod error;
mod fit;
mod merge;
mod place;
mod reads;
mod recipe;
mod verify;

pub use before::{Before, before};
pub use error::RecipeError;
pub use merge::{Merged, merge};
pub use recipe::Recipe;
pub use verify::{Difference, ItemState, State, Verified, verify};
