//! The record of every call, refusals included: one line of structured log, target `audit`, never a secret or an argument's value.

mod record;

pub use record::{Audit, Record};
