//! The recipes of every mutation in the manifest, run on the sandbox: read, merge, call, read back. No route is left
//! out; what a test counts it also prints (`--nocapture`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod completed;
mod created;
mod inverses;
mod lies;
mod preview;
mod proven;
mod reads;
mod secrets;
mod told;
mod undone;
mod world;

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/whole.rs"]
mod whole;
