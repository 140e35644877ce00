//! Recipes: how other routes are used to preview, complete, prove and take back a change.
//!
//! Values in a recipe are JSON, with text that starts with `$` standing for a place:
//! `$request.id` (an argument), `$request.ids[]` (each item of a list argument; in a `match`: any of them),
//! `$before.name` (the target's row as it was), `$after.id` (the row found by `verify`), `$data.token` (the answer's data);
//! in `undo` also `$old` (what `undo.old` read) and `$saved` (what `save` kept). `$$…` is a text that starts with one dollar sign. The build checks that every place exists.

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
    /// `preview`: request field = value, or one of a list of values, under which the read is made at all. A list argument has it
    /// when one of its items is such a value.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub when: Unique<Value>,
    /// `preview.dependents`: the rows are known to later reads under this name: `$found.tunnels[].id`. Several reads may share it.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub known_as: Option<String>,
    /// `merge.from`, `preview.from`: row field taken from each row; absent: `data` itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take: Option<String>,
}

/// What is shown before the change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// What it does to the target, as a verb in the third person: `pauses`. Absent: `deletes`, `creates` or `changes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub does: Option<String>,
    /// What is changed, where `target` cannot say it: rows of several kinds, or only under some arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Read>,
    /// Reads whose rows name a target that has no name of its own: a permission is called after its user and its tunnel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named_by: Vec<Read>,
    /// What is made when there is no row yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub makes: Option<Makes>,
    /// Request field (or field of an item of a list) -> row field that shows its present value; `""` is the row itself. Fields
    /// that are not named here are compared with the row field of the same name.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub compare: Unique<String>,
    /// Request field -> read that shows its present value, where the target's row does not: `take` as in `merge.from`.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub from: Unique<Read>,
    /// Request field -> what to know of it: the call uses or stores it, and no read shows its present value.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub unread: Unique<String>,
    /// Request fields (or keys of the items of a list) that do not become the value of the row field of the same name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keeps: Vec<String>,
    /// Row field -> value that the call gives it although no argument says so.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub sets: Unique<Value>,
    /// Row field that the panel computes anew -> from what.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub recomputed: Unique<Recomputed>,
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

/// A thing that a call makes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Makes {
    /// What a person calls such a thing: `forward`.
    pub kind: String,
    /// Its name: `$request.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
}

/// A row field that the panel computes anew.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recomputed {
    /// Request fields of which at least one must change for it; absent: always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// From what, in one sentence.
    pub note: String,
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

/// Conditions on rows: row field = value, all must hold; `{ not: value }` is any other. A field that is itself a place
/// (`$request.type`) is a condition on the call.
pub type Conditions = Unique<Value>;

/// A read made before the change whose answer is kept in a file, because it holds secrets; `$saved` in `undo`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Save {
    /// Tool that is called; its danger is `read` or `sensitive`.
    pub read: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub request: Unique<Value>,
    /// List in its `data` -> which of its rows are kept: those that fit any of the conditions. Lists that are not named are
    /// kept whole. Lists are filtered in this order, and a later one may look at an earlier one with `$saved`.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub keep: Unique<Vec<Conditions>>,
}

/// An inverse call for what the change made anew.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// Tool of the call.
    pub tool: String,
    /// Its arguments; `$after` is the new row.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub request: Unique<Value>,
}

/// A call that follows the inverse.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Then {
    /// Tool of the call.
    pub tool: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub request: Unique<Value>,
    /// Row field = value: `$before` are only the target rows that were so. Without any the call is not made.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub rows: Conditions,
    /// List in `$saved` -> which of its rows this call sees: those that fit any of the conditions.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub saved: Unique<Vec<Conditions>>,
}

/// How the change is taken back.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// One more read before the change; its rows are `$old`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Box<Read>>,
    /// Tool of the inverse call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Its arguments. What comes to nothing is left out; so is, in a call of the changed tool itself, a field that the change
    /// did not send and that the panel keeps then.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub request: Unique<Value>,
    /// Instead of `request`, for a body with free keys: the object that holds the old values; exactly the keys of the changed
    /// call go back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Value>,
    /// `given`: the key or keys, where they are not the keys of the changed call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Value>,
    /// One inverse call for each target row (`$before` is then that row) instead of one for all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub each: bool,
    /// Row field = value: only target rows that were so are taken back; the others were not changed.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub rows: Conditions,
    /// List in `$saved` -> which of its rows the call sees: those that fit any of the conditions.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub saved: Unique<Vec<Conditions>>,
    /// The inverse of rows that were not there before; one call for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Created>,
    /// Calls that follow, in this order. One that has nothing to act on is not made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Then>,
    /// What is done instead for an account that may not make the read of `save`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_save: Option<Box<Undo>>,
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
