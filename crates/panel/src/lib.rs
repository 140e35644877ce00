//! The FLVX panel as a Rust library: route tables, typed requests and answers generated from `routes/*.yaml`, and the
//! HTTP client that they share. Nothing here knows of MCP.

pub mod client;
pub mod generated;
mod secret;
pub mod spec;

pub use secret::{Secret, looks_secret};
