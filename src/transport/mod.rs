//! How MCP clients reach the gateway: stdio and streamable HTTP over one [`McpServer`], and what they are told of it.

mod approval;
mod auth;
mod entrance;
mod http;
mod instructions;
mod intake;
mod listener;
mod listing;
mod places;
mod prompts;
mod resources;
mod saved;
mod server;
mod splice;
mod stdio;

pub use auth::{Refusal, Watch};
pub use entrance::Entrance;
pub use http::{Running, serve_http};
pub use listing::Listing;
pub use server::McpServer;
pub use stdio::serve_stdio;
