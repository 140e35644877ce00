//! The record: what is in it and what is not, how it is proven, and that it outlives whatever happens to the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod chain;
mod cli;
mod crash;
mod disk;
mod files;
mod hands;
mod many;
mod records;
mod retention;
mod secrets;
mod tamper;

#[path = "../support/mod.rs"]
mod support;
