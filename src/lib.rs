//! `flvx-mcp`: a gateway that offers the whole API of a FLVX panel to MCP clients, safely. `docs/architecture.md` has the
//! picture; modules depend on each other in one direction only: `cli -> transport -> ops -> gateway -> recipes, policy, audit -> store -> access, result`.

pub mod access;
pub mod audit;
pub mod clean;
pub mod cli;
pub mod config;
pub mod gateway;
mod nearest;
pub mod ops;
pub mod policy;
pub mod recipes;
pub mod result;
pub mod store;
pub mod trace;
pub mod transport;
