//! One call's way, stage by stage (`call.rs` is the line itself; every other file is one stage or one thing a stage needs).
//!
//! resolve name -> arguments -> credential -> danger and gate -> ledger begin -> panel -> shape -> ledger end -> audit

mod arguments;
mod batch;
mod call;
pub mod check;
mod credentials;
mod explain;
mod registry;
pub mod shape;

pub use arguments::Arguments;
pub use call::{Caller, Gateway, UnknownTool};
pub use check::Problem;
pub use credentials::Credentials;
pub use explain::explain;
pub use registry::{OwnCode, OwnTool, Registry, Run, Running, Tool};
