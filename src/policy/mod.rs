//! What must be true before a change runs: its danger, and what it has to show.

mod canonical;
mod demand;
mod gate;

pub use canonical::{canonical, canonical_value};
pub use demand::{Demand, Demands};
pub use gate::{Gate, Gated, Shown, effective_danger};
