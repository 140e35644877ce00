//! What must be true before a change runs: its danger, its confirmation, and that it runs once.

mod canonical;
mod gate;
mod ledger;

pub use canonical::{canonical, digest};
pub use gate::{Gate, effective_danger};
pub use ledger::{Begin, Ledger, Ticket};
