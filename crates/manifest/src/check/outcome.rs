//! `preview`: what becomes of the fields of the target. Every field that is named exists, in the request and in the rows
//! that show it.

use super::{
    merge,
    places::{self, Want},
    reads::{self, Use},
    recipes::Recipe,
};
use crate::{
    finding::Finding,
    model::{Field, Kind, Preview},
    path::{At, Spot},
    suggest::nearest,
};

/// `rows` are the shapes of the rows that are changed, with the tools that show them.
pub fn check(
    recipe: &Recipe<'_>,
    preview: &Preview,
    rows: &[(&str, Option<&Field>)],
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    compare(recipe, preview, rows, &at.key("compare"), findings);
    if let Some(request) = recipe.request {
        merge::from(recipe, &preview.from, Use::Present, request, &at.key("from"), findings);
    }
    for (name, note) in preview.unread.iter() {
        let here = at.key("unread");
        let here = here.key(name);
        argument(recipe, name, "request field: what to know of it", here.at_key(), findings);
        said(note, "`unread` says nothing", &here, findings);
    }
    for (position, name) in preview.keeps.iter().enumerate() {
        argument(recipe, name, "a request field", at.key("keeps").item(position).at_value(), findings);
    }
    for (key, empty) in [("sets", preview.sets.is_empty()), ("recomputed", preview.recomputed.is_empty())] {
        if !empty && rows.is_empty() {
            let finding = Finding::new(at.key(key).at_key(), format!("`{key}` without `target`"));
            findings.push(finding.label("speaks of fields of its row"));
            return;
        }
    }
    let roots = recipe.roots(&["$request", "$before"]);
    for (path, value) in preview.sets.iter() {
        let here = at.key("sets");
        let here = here.key(path);
        for (tool, row) in rows {
            let Some(row) = row else { continue };
            let field = reads::field_of(row, path, tool, here.at_key(), findings);
            places::check(value, Want { field, any_of: false }, &roots, &here, findings);
        }
    }
    for (path, recomputed) in preview.recomputed.iter() {
        let here = at.key("recomputed");
        let here = here.key(path);
        for (tool, row) in rows {
            if let Some(row) = row {
                reads::field_of(row, path, tool, here.at_key(), findings);
            }
        }
        for (position, name) in recomputed.by.iter().enumerate() {
            argument(recipe, name, "a request field", here.key("by").item(position).at_value(), findings);
        }
        said(&recomputed.note, "`note` says nothing", &here.key("note"), findings);
    }
}

fn compare(
    recipe: &Recipe<'_>,
    preview: &Preview,
    rows: &[(&str, Option<&Field>)],
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    if !preview.compare.is_empty() && rows.is_empty() {
        findings
            .push(Finding::new(at.at_key(), "`compare` without `target`").label("compared with the row of `target`"));
        return;
    }
    for (name, path) in preview.compare.iter() {
        let here = at.key(name);
        argument(recipe, name, "request field: row field", here.at_key(), findings);
        for (tool, row) in rows {
            if let Some(row) = row {
                reads::field_of(row, path, tool, here.at_value(), findings);
            }
        }
    }
}

/// A field of the request, or of the items of one of its lists.
fn argument(recipe: &Recipe<'_>, name: &str, label: &str, spot: Spot, findings: &mut Vec<Finding>) {
    let Some(request) = recipe.request.filter(|request| request.kind != Kind::Map) else { return };
    let of_items = request.fields.iter().filter_map(|(_, field)| field.items.as_deref());
    if request.fields.get(name).is_none() && !of_items.into_iter().any(|items| items.fields.get(name).is_some()) {
        let near = nearest(name, request.fields.keys());
        findings.push(
            Finding::new(spot, format!("the request has no field `{name}`")).label(label.to_owned()).instead(near),
        );
    }
}

fn said(text: &str, problem: &str, at: &At<'_>, findings: &mut Vec<Finding>) {
    if text.trim().is_empty() {
        findings.push(Finding::new(at.at_value(), problem).label("one sentence"));
    }
}
