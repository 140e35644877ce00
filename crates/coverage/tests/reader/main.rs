//! The reader on small Go packages of our own, one for each form that real panels use, and on input that is meant to
//! hurt; the comparison, its reports and its drafts on a manifest of a few lines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod access;
mod answers;
mod baseline;
mod compare;
mod hostile;
mod keys;
mod libraries;
mod methods;
mod mounts;
mod registrations;
mod reports;
mod scaffold;
mod support;
