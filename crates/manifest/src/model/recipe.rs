//! Recipes: how other routes are used to preview, complete, prove and take back a change.
//!
//! Values in a recipe are JSON, with text that starts with `$` standing for a place:
//! `$request.id` (an argument), `$request.ids[]` (each item of a list argument; in a `match`: any of them),
//! `$before.name` (the target's row as it was), `$after.id` (the row found by `verify`), `$data.token` (the answer's data).
//! `$$…` is a text that starts with one dollar sign. The build checks that every place exists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Unique;

/// One read of the panel that picks rows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Tool that is called; its danger is `read` or `sensitive`.
    pub read: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub request: Unique<Value>,
    /// Path in its `data` to the list; absent: the list is where its `response.rows` says, or `data` is the one row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// Row field = value. All must hold. A dotted name with `[]` looks into lists: `inNodeId[].nodeId`.
    #[serde(default, rename = "match", skip_serializing_if = "Unique::is_empty")]
    pub matches: Unique<Value>,
    /// Row field that names a row to a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `target`: what a person calls such a thing: `node`, `forward`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `preview.dependents`: what they are, in the plural: `forwards of this tunnel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `merge.from`: row field taken from each row; absent: `data` itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<String>,
}

/// What is shown before the change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// The panel's own dry run, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
    /// Row fields of the target shown before and after: request field -> row field. Absent: those of the same name.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub compare: Unique<String>,
    /// What hangs on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependents: Vec<Read>,
    /// What will surprise, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traps: Vec<String>,
    /// How long it may take, in words with the worst case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
}

/// How an update that resets what is left out is completed from the stored row.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// Request field -> place of its stored value (`$before.flow`).
    pub fields: Unique<Value>,
    /// Other reads that fill fields: request field -> read and what to `take` of its rows. A list gets the value of every row,
    /// any other field that of the first.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub from: Unique<Read>,
    /// Request fields that cannot be read back, with what happens to them: named as a warning when left out.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub unreadable: Unique<String>,
}

/// What must be true afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// The rows exist.
    Present,
    /// No row matches any more.
    Absent,
    /// A row exists now that did not before; its key is the new id.
    Created,
}

/// How the change is proven.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// The read; absent: the target's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Box<Read>>,
    /// What must be true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// Row field = value that it must have now. A value from an argument that was left out is not compared.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub equals: Unique<Value>,
    /// `created`: the field that holds the new id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Why it cannot be proven by reading; then nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impossible: Option<String>,
    /// What the read cannot show even when it agrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<String>,
}

/// How much of the old state the inverse brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lossless {
    /// All of it.
    Full,
    /// Not what `loses` says.
    Partial,
}

/// How the change is taken back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// Tool of the inverse call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub request: Unique<Value>,
    /// One inverse call for each target row (`$before` is then that row) instead of one for all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub each: bool,
    /// How much comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lossless: Option<Lossless>,
    /// What does not come back, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loses: Vec<String>,
    /// Why there is no inverse; then nothing else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<String>,
}
