//! The state before a change: the rows that it is about, and what must be known to tell a new row from an old one.

use std::fmt;

use flvx_manifest::model::Read;
use flvx_panel::{
    client::{Credential, PanelClient},
    spec::Route,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Recipe, RecipeError,
    place::{self, Scope},
    reads::{self, Panel},
    redact::redacted,
};

/// What was read before a change. Rows may hold secrets, so `Debug` only counts them.
#[derive(Clone, Default)]
pub struct Before {
    pub(super) target: Vec<Value>,
    /// The rows of `undo.old`.
    pub(super) old: Vec<Value>,
    pub(super) proof: Option<Proof>,
    pub(super) given: Vec<String>,
}

/// What the read that will prove the change showed before it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Proof {
    /// Keys of all its rows, also of those that are not meant.
    pub keys: Vec<Value>,
    /// The rows that are meant.
    pub rows: Vec<Value>,
}

impl Before {
    /// The target's rows as they were; for the record of the change. They may hold secrets.
    pub fn rows(&self) -> &[Value] {
        &self.target
    }

    /// The same as a record that outlives the process, with every secret taken out: [`super::verify`] takes a secret that is
    /// not known for equal, and [`super::inverse`] never sends one.
    pub fn to_record(&self, route: &'static Route) -> Value {
        let redacted = self.without_secrets(route);
        let record =
            Record { target: redacted.target, old: redacted.old, proof: redacted.proof, given: redacted.given };
        // Plain JSON values always have a JSON form.
        serde_json::to_value(record).unwrap_or_default()
    }

    /// What [`Before::to_record`] wrote.
    ///
    /// # Errors
    /// It is no such record.
    pub fn from_record(record: &Value) -> Result<Self, serde_json::Error> {
        let Record { target, old, proof, given } = Record::deserialize(record)?;
        Ok(Self { target, old, proof, given })
    }

    /// The same with marks in place of the secrets.
    pub(super) fn without_secrets(&self, route: &'static Route) -> Self {
        let Ok(recipe) = Recipe::of(route) else { return Self { given: self.given.clone(), ..Self::default() } };
        let clean = |rows: &[Value], read: Option<&Read>| {
            let shape = read.and_then(reads::row_shape);
            rows.iter().map(|row| redacted(row, shape)).collect::<Vec<_>>()
        };
        let proof = self.proof.as_ref();
        Self {
            target: clean(&self.target, recipe.target.as_ref()),
            old: clean(&self.old, recipe.undo.as_ref().and_then(|undo| undo.old.as_deref())),
            proof: proof.map(|proof| Proof { keys: proof.keys.clone(), rows: clean(&proof.rows, recipe.proof_read()) }),
            given: self.given.clone(),
        }
    }

    /// What the proof's read showed, as far as it is known.
    pub(super) fn shown(&self) -> &[Value] {
        self.proof.as_ref().map_or(&self.target, |proof| &proof.rows)
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    target: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    old: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
    given: Vec<String>,
}

impl fmt::Debug for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.proof.as_ref().map(|proof| proof.keys.len());
        f.debug_struct("Before")
            .field("target_rows", &self.target.len())
            .field("known_rows", &known)
            .finish_non_exhaustive()
    }
}

/// Reads what the route's recipes need to know before the change; reads nothing when they need nothing. `request` is
/// what the caller gave.
///
/// # Errors
/// A read failed. Nothing was changed.
pub async fn before(
    client: &PanelClient,
    credential: &Credential,
    route: &'static Route,
    request: &Map<String, Value>,
) -> Result<Before, RecipeError> {
    let recipe = Recipe::of(route)?;
    let panel = Panel { client, credential };
    let mut before = Before { given: request.keys().cloned().collect(), ..Before::default() };
    let own_read = recipe.proof().and_then(|verify| verify.read.as_deref());
    if let Some(target) = recipe.target.as_ref().filter(|_| recipe.needs_target()) {
        let scope = Scope { request, before: &[], data: None, item: None };
        let rows = panel.rows(target, &scope).await?;
        before.target = reads::pick(target, &rows, &scope).into_iter().cloned().collect();
        if recipe.expects_new_row() && own_read.is_none() {
            before.proof = Some(Proof { keys: keys(recipe, &rows), rows: before.target.clone() });
        }
    }
    if let Some(read) = own_read {
        let scope = Scope { request, before: &before.target, data: None, item: None };
        let rows = panel.rows(read, &scope).await?;
        let meant = reads::pick(read, &rows, &scope).into_iter().cloned().collect();
        before.proof = Some(Proof { keys: keys(recipe, &rows), rows: meant });
    }
    if let Some(read) = recipe.undo.as_ref().and_then(|undo| undo.old.as_deref()) {
        let scope = Scope { request, before: &before.target, data: None, item: None };
        let rows = panel.rows(read, &scope).await?;
        before.old = reads::pick(read, &rows, &scope).into_iter().cloned().collect();
    }
    Ok(before)
}

fn keys(recipe: &Recipe, rows: &[Value]) -> Vec<Value> {
    let Some(key) = recipe.proof().and_then(|verify| verify.id.as_deref()) else { return Vec::new() };
    rows.iter().flat_map(|row| place::walk(row, key).0).cloned().collect()
}
