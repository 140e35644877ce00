//! The gateway's own tools: who am I towards the panel (`auth.*`), and what is going on (`ops.*`). Each is one file with its
//! table entry and its code; none is a plain panel route.

mod audit_search;
mod auth;
mod capabilities;
mod diagnose;
mod health;
mod history;
mod login;
mod preview;
mod routes;
mod undo;

use flvx_panel::spec::OwnHandler;

use crate::gateway::{OwnCode, OwnTool, Run};

pub use routes::describe;

/// All of it, for the gateway's registry.
pub const OWN: OwnCode = OwnCode { tools: TOOLS, handler };

static TOOLS: &[OwnTool] = &[
    audit_search::TOOL,
    auth::LOGOUT,
    auth::VALIDATE,
    auth::WHOAMI,
    capabilities::TOOL,
    diagnose::TOOL,
    health::TOOL,
    history::TOOL,
    preview::TOOL,
    routes::TOOL,
    undo::TOOL,
];

/// The code behind a route that the gateway carries out itself.
fn handler(own: OwnHandler) -> Run {
    match own {
        OwnHandler::Login => login::run,
    }
}
