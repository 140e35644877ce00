//! Completing an update: the panel resets what is left out, so what the caller left out is taken from the stored row.

use std::collections::BTreeMap;

use flvx_manifest::model::{Merge, Read};
use flvx_panel::{
    client::{Credential, PanelClient},
    spec::{Field, Kind, Route},
};
use serde_json::{Map, Value};

use super::{
    Before, Recipe, RecipeError,
    fit::fit,
    place::{self, Held, Scope},
    reads::{self, Panel},
};

/// What the merge did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    /// Arguments that were filled in with their stored values.
    pub filled: Vec<String>,
    /// What could not be kept, one sentence each.
    pub warnings: Vec<String>,
}

/// Fills the arguments that the caller left out. What he gave, also `null`, is never touched.
///
/// # Errors
/// The target is not there (its stored values cannot be kept), or a read failed. Nothing was changed.
pub async fn merge(
    client: &PanelClient,
    credential: &Credential,
    route: &'static Route,
    request: &mut Map<String, Value>,
    before: &Before,
) -> Result<Merged, RecipeError> {
    let recipe = Recipe::of(route)?;
    let Some(merge) = &recipe.merge else { return Ok(Merged::default()) };
    check(recipe, merge, request, before)?;
    let panel = Panel { client, credential };
    let mut present = BTreeMap::new();
    for (name, read) in merge.from.iter().filter(|(name, _)| !request.contains_key(*name)) {
        present.insert(name, column(&panel, read, field(route, name), request, before).await?);
    }
    Ok(fill_in(route, merge, request, before, &present))
}

/// The same without a read: `present` is what the reads of `from` showed.
///
/// # Errors
/// As there.
pub(super) fn merge_read(
    route: &'static Route,
    request: &mut Map<String, Value>,
    before: &Before,
    present: &BTreeMap<&str, Option<Value>>,
) -> Result<Merged, RecipeError> {
    let recipe = Recipe::of(route)?;
    let Some(merge) = &recipe.merge else { return Ok(Merged::default()) };
    check(recipe, merge, request, before)?;
    Ok(fill_in(route, merge, request, before, present))
}

/// What is left out can only be kept of one target.
fn check(recipe: &Recipe, merge: &Merge, request: &Map<String, Value>, before: &Before) -> Result<(), RecipeError> {
    let complete = merge.fields.keys().chain(merge.from.keys()).all(|name| request.contains_key(name));
    if complete { Ok(()) } else { one_target(recipe, request, before) }
}

fn fill_in(
    route: &Route,
    merge: &Merge,
    request: &mut Map<String, Value>,
    before: &Before,
    present: &BTreeMap<&str, Option<Value>>,
) -> Merged {
    let mut merged = Merged::default();
    // All values are looked up in the request as it came: a field must not depend on the order of filling.
    let mut found = stored(merge, request, before);
    for name in merge.from.keys().filter(|name| !request.contains_key(*name)) {
        match present.get(name).cloned().flatten() {
            Some(value) => found.push((name.to_owned(), value)),
            None => merged.warnings.push(format!(
                "`{name}` was left out and its stored value could not be read back: the panel resets it"
            )),
        }
    }
    for (name, value) in found {
        let fitting = field(route, &name).map_or_else(|| Some(value.clone()), |field| fit(&value, field));
        match fitting {
            Some(fitting) => {
                request.insert(name.clone(), fitting);
                merged.filled.push(name);
            }
            // A stored null is what the panel makes of an argument that is left out.
            None if value.is_null() => {}
            None => merged
                .warnings
                .push(format!("`{name}` was left out and its stored value cannot be sent back: the panel resets it")),
        }
    }
    merged.warnings.extend(
        merge
            .unreadable
            .iter()
            .filter(|(path, _)| left_out(request, path))
            .map(|(path, text)| format!("`{path}`: {text}")),
    );
    merged
}

/// The fields under `fields` that are missing, with their stored values.
fn stored(merge: &Merge, request: &Map<String, Value>, before: &Before) -> Vec<(String, Value)> {
    let scope = Scope { request, before: &before.target, data: None, item: None };
    let missing = merge.fields.iter().filter(|(name, _)| !request.contains_key(*name));
    missing.filter_map(|(name, value)| Some((name.to_owned(), place::resolve(value, &scope)?))).collect()
}

/// What a read of `from` has for one field: a column for a list, the first row's value for anything else.
async fn column(
    panel: &Panel<'_>,
    read: &Read,
    field: Option<&Field>,
    request: &Map<String, Value>,
    before: &Before,
) -> Result<Option<Value>, RecipeError> {
    let scope = Scope { request, before: &before.target, data: None, item: None };
    let rows = panel.rows(read, &scope).await?;
    Ok(taken(read, &reads::pick(read, &rows, &scope), field))
}

/// What such a read has for a field, in the rows that it means.
pub(super) fn taken(read: &Read, rows: &[&Value], field: Option<&Field>) -> Option<Value> {
    let path = read.take.as_deref().unwrap_or_default();
    if field.is_some_and(|field| field.kind == Kind::Array) {
        // `data` itself may be the list, whose items then are the rows.
        return Some(rows.iter().flat_map(|row| place::walk(row, path).0).cloned().collect());
    }
    rows.first().and_then(|row| place::walk(row, path).0.first().map(|value| (*value).clone()))
}

/// A target that is meant by its id must be there, once.
fn one_target(recipe: &Recipe, request: &Map<String, Value>, before: &Before) -> Result<(), RecipeError> {
    let Some(target) = recipe.target.as_ref().filter(|target| !target.matches.is_empty()) else { return Ok(()) };
    let kind = || target.kind.clone().unwrap_or_else(|| "row".to_owned());
    let key = || sought(target, request);
    match before.target.len() {
        0 => Err(RecipeError::NoTarget { kind: kind(), key: key() }),
        1 => Ok(()),
        count => Err(RecipeError::SeveralTargets { kind: kind(), key: key(), count }),
    }
}

/// `id 7`: what identifies the target.
fn sought(target: &Read, request: &Map<String, Value>) -> String {
    let scope = Scope { request, before: &[], data: None, item: None };
    let parts = target.matches.iter().filter_map(|(name, value)| match place::held(value, &scope) {
        Held::One(value) => Some(format!("{name} {value}")),
        Held::Nothing | Held::Many(_) => None,
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The request field of this name.
pub(super) fn field(route: &Route, name: &str) -> Option<&'static Field> {
    match route.request.kind {
        Kind::Map => route.request.items,
        _ => route.request.fields.iter().find(|field| field.name == name),
    }
}

/// Whether the last name of a path is missing anywhere where it could stand: `outNodeId[].port` asks every item.
fn left_out(request: &Map<String, Value>, path: &str) -> bool {
    let Some((owners, name)) = path.rsplit_once('.') else { return !request.contains_key(path) };
    let (first, rest) = owners.split_at(owners.find(['.', '[']).unwrap_or(owners.len()));
    let Some(value) = request.get(first) else { return false };
    place::walk(value, rest.trim_start_matches('.')).0.iter().any(|owner| owner.get(name).is_none_or(Value::is_null))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    fn lacks(request: Value, path: &str) -> bool {
        left_out(request.as_object().unwrap(), path)
    }

    #[test]
    fn an_unreadable_key_is_left_out_when_one_item_lacks_it() {
        assert!(lacks(json!({}), "pwd"));
        assert!(!lacks(json!({"pwd": "x"}), "pwd"));
        assert!(lacks(json!({"out": [{"port": 1}, {"nodeId": 2}]}), "out[].port"));
        assert!(!lacks(json!({"out": [{"port": 1}]}), "out[].port"));
        assert!(!lacks(json!({"out": []}), "out[].port"));
        assert!(!lacks(json!({}), "out[].port"));
        assert!(lacks(json!({"hops": [[{"port": 1}], [{}]]}), "hops[][].port"));
    }
}
