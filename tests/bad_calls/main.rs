//! Malformed calls and the exact answers to them. Nothing of this may reach the panel, whatever door it comes through.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod every_tool;
mod names;
mod outer;
mod refused;
mod request;
