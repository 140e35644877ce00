//! The language of `routes/*.yaml`: what a maintainer can say about a route.
//!
//! These types are the single definition. The loader parses into them, the JSON Schema for editors is derived from
//! them, the code generator and the program read them. Meaning that spans several entries (a recipe that names a
//! field of another route) is checked in [`crate::check`]; here is only the form.

mod field;
mod recipe;
mod route;
mod unique;

pub use field::{Field, Kind, Location, Shape};
pub use recipe::{
    Conditions, Created, Expect, Lossless, Makes, Merge, Preview, Read, Recomputed, Save, Then, Undo, Verify,
};
pub use route::{
    Answer, AnswerTo, Batch, Cost, Danger, Decoding, Domain, Effect, Entry, ErrorRule, Escalation, Example, Expected,
    Keywords, LimitClass, Method, Omitted, OwnHandler, Request, Response, Role, Shared,
};
pub use unique::Unique;

/// Reads a value that is written, also when it is `null`: `default: null` is a fact and not the absence of one.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde::Deserialize::deserialize(deserializer).map(Some)
}
