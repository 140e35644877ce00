//! The promises about changes, held against the whole gateway as a client uses it, on a fresh stand-in panel each time. The
//! tables go through every change of the manifest; what is counted is printed (`--nocapture`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod elicitation;
mod faults;
mod hands;
mod history;
mod lies;
mod merged;
mod races;
mod refusals;
mod table;
mod undo;

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/whole.rs"]
mod whole;
