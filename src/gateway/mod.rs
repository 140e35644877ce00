//! One call's way, stage by stage (`call.rs` is the line itself; every other file is one stage or one thing a stage needs).
//!
//! resolve name -> arguments -> danger and gate -> ledger begin -> credential -> read before -> merge -> panel -> shape
//! -> verify -> ledger end -> audit

mod arguments;
mod batch;
mod call;
mod change;
pub mod check;
mod credentials;
mod explain;
mod panel_call;
mod registry;
pub mod shape;

pub use arguments::Arguments;
pub use call::{Caller, Gateway, UnknownTool};
pub use check::Problem;
pub use credentials::Credentials;
pub use explain::explain;
pub use registry::{OwnCode, OwnTool, Registry, Run, Running, Tool};
