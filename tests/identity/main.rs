//! Who may do what: the policy file, proofs over HTTP, what is listed and callable for whom, and attacks on all of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../support/mod.rs"]
mod support;

mod attacks;
mod bearer;
mod command;
mod credentials;
mod file;
mod forms;
mod hidden;
mod jwt;
mod limits;
mod matrix;
mod mistakes;
mod provider;
mod reload;
mod sessions;
mod setup;
