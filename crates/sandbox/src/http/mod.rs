//! The panel's HTTP side: requests and replies, decoding, login tokens, the table of routes, faults, and the server.

pub mod auth;
pub mod decode;
pub mod faults;
pub(crate) mod hold;
pub mod reply;
pub mod request;
pub mod router;
pub mod server;

pub use decode::{Bad, Kind, Loose, Strict};
pub use reply::{Answer, Reply};
pub use request::{Ctx, Request, Response};
pub use router::{Route, Verb};
