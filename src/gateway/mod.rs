//! One call's way, stage by stage (`call.rs` is the line itself; every other file is one stage or one thing a stage needs).
//!
//! resolve name -> arguments -> credential -> a read: panel -> shape
//!                                         -> a change (`mutate.rs`): what came of the key before -> gate -> intent on disk
//!                                            -> read before -> merge -> save -> panel -> shape -> verify -> settled on disk
//! -> audit

mod arguments;
mod batch;
mod call;
mod change;
pub mod check;
mod confirm;
mod credentials;
mod desk;
mod earlier;
mod echo;
mod explain;
mod find_out;
mod in_force;
mod journal;
mod mutate;
mod offer;
mod open;
mod panel_call;
mod preview;
mod preview_tools;
mod registry;
mod resume;
pub mod shape;
mod subject;
mod undo;

pub use arguments::Arguments;
pub use call::{Caller, Gateway, UnknownTool};
pub use check::Problem;
pub use confirm::{Opened, is_phrase};
pub use credentials::Credentials;
pub use desk::Desk;
pub use explain::explain;
pub use journal::unavailable;
pub use offer::{Offer, Reach};
pub use preview_tools::{PREVIEWS, PreviewTool};
pub use registry::{OwnCode, OwnRun, OwnTool, Registry, Run, Running, Tool};
pub use undo::{Outlook, Step, TOOL as UNDO};
