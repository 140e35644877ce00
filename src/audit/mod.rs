//! The record: who did what, when, to which object, with what result. One record a call, refusals included, and an intent
//! before every change; chained in the store, so that what was written cannot be changed unseen.
//!
//! A change waits until its intent is on disk and is refused when it cannot be. Reads wait for nothing: their records go
//! into a bounded queue and are written in groups. How rows are chained and found is `store::audit`'s matter; no secret ever
//! reaches a record, because arguments are shown by the manifest's tables only ([`arguments`]).

mod arguments;
mod entry;
mod event;
mod line;
mod queue;
mod record;
mod recorder;
mod retention;
mod stream;
pub mod verify;
pub mod when;

pub use entry::{OUTCOMES, now_ms};
pub use event::Event;
pub use record::{BatchCounts, Confirmation, ConfirmedBy, Record, Target};
pub use recorder::{Audit, Settings, Unrecorded};
pub use retention::{prune, prune_daily};
