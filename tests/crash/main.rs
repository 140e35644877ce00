//! The program is killed with SIGKILL at every point of a change where it speaks to the panel, at random times in between, and
//! started again over the same state: whatever the point, the panel sees the change at most once, and who asks again with the
//! same key is told the truth.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod life;
mod proof;
mod random;
mod scene;
mod stages;
mod twins;

#[path = "../support/mod.rs"]
mod support;
