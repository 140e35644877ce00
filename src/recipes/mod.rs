//! Runs the recipes of the manifest: reads the state before a change, completes an update that would reset what is left
//! out, and proves afterwards by reading what became of it.
//!
//! What differs per route is data (`target`, `preview`, `merge`, `verify`, `save`, `undo` in `routes/*.yaml`); nothing here knows
//! a tool by name. The way of one change is [`preview`], [`before`], [`merge`], [`saved`], the call itself, [`verify`], and
//! [`inverse`] for whoever may want it back. Reads run with the credential of the
//! change; what they bring never leaves the module except as filled-in arguments, new ids and differences, and in
//! differences and previews a secret is only ever called one.

mod before;
mod compare;
mod error;
mod fill;
mod fit;
mod merge;
mod place;
mod preview;
mod reads;
mod recipe;
mod redact;
mod rows;
mod save;
mod targets;
mod undo;
mod verify;

pub use before::{Before, before};
pub use error::RecipeError;
pub use merge::{Merged, merge};
pub use preview::{Change, Dependents, FieldChange, Previewed, Takeback, Target, fingerprint, preview};
pub use recipe::Recipe;
pub use redact::REDACTED;
pub use save::saved;
pub use targets::{named, targets};
pub use undo::{Happened, Inverse, InverseCall, Ready, UndoError, in_parts, inverse};
pub use verify::{Difference, ItemState, State, Verified, verify};
