//! The state before a change: the rows that it is about, and what must be known to tell a new row from an old one.

use std::fmt;

use flvx_panel::{
    client::{Credential, PanelClient},
    spec::Route,
};
use serde_json::{Map, Value};

use super::{
    Recipe, RecipeError,
    place::{self, Scope},
    reads::{self, Panel},
};

/// What was read before a change. Rows may hold secrets, so `Debug` only counts them.
#[derive(Clone, Default)]
pub struct Before {
    pub(super) target: Vec<Value>,
    pub(super) proof: Option<Proof>,
    pub(super) given: Vec<String>,
}

/// What the read that will prove the change showed before it.
#[derive(Clone)]
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

    /// What the proof's read showed, as far as it is known.
    pub(super) fn shown(&self) -> &[Value] {
        self.proof.as_ref().map_or(&self.target, |proof| &proof.rows)
    }
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
    Ok(before)
}

fn keys(recipe: &Recipe, rows: &[Value]) -> Vec<Value> {
    let Some(key) = recipe.proof().and_then(|verify| verify.id.as_deref()) else { return Vec::new() };
    rows.iter().flat_map(|row| place::walk(row, key).0).cloned().collect()
}
