//! The manifest of the panel's routes: its language, its loader, its checks and (feature `codegen`) its expansion.
//!
//! [`load`] reads `routes/*.yaml`, runs every check and gives either a [`Manifest`] or all [`Diagnostics`] of all
//! files at once. The build script and the program's `routes` command both stand on it.

mod check;
#[cfg(feature = "codegen")]
pub mod codegen;
mod diagnostic;
mod finding;
mod fit;
mod load;
mod locate;
mod manifest;
pub mod model;
mod path;
mod resolve;
mod schema;
mod shape;
mod source;
mod structure;
mod suggest;
mod version;
pub mod yaml;

pub use diagnostic::{Diagnostic, Diagnostics, Place, Style};
pub use fit::Problem;
pub use load::load;
pub use manifest::Manifest;
pub use schema::{language_schema, shared_language_schema};
pub use version::Version;
