//! How MCP clients reach the gateway: stdio and streamable HTTP over one [`McpServer`], and what they are told of it.

mod http;
mod instructions;
mod listing;
mod prompts;
mod resources;
mod server;
mod splice;
mod stdio;

pub use http::{Running, serve_http};
pub use listing::Listing;
pub use server::McpServer;
pub use stdio::serve_stdio;
