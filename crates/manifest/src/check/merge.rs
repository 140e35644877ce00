//! `merge`: what is left out of an update is filled in from the stored row.

use super::{
    places::{self, Want},
    reads::{self, Use},
    recipes::Recipe,
};
use crate::{
    finding::Finding,
    fit::kind_in_words,
    model::{Field, Kind, Merge, Omitted, Read, Unique},
    path::{At, Spot},
    shape::follow,
    suggest::nearest,
};

/// Its fields exist and are read from places that exist; nothing that the panel would reset is forgotten.
pub fn check(recipe: &Recipe<'_>, merge: Option<&Merge>, findings: &mut Vec<Finding>) {
    let Some(request) = recipe.request else { return };
    recipe.route.at(|at| {
        let here = at.key("merge");
        if let Some(merge) = merge {
            fields(recipe, merge, request, &here, findings);
            from(recipe, &merge.from, Use::Column, request, &here.key("from"), findings);
            for (name, text) in merge.unreadable.iter() {
                let at = here.key("unreadable");
                let at = at.key(name);
                lost(request, name, at.at_key(), findings);
                if text.trim().is_empty() {
                    findings.push(
                        Finding::new(at.at_value(), "`unreadable` gives no reason")
                            .label("what happens to it when it is left out?"),
                    );
                }
            }
            once(merge, &here, findings);
        }
        let at = at.key("request");
        forgotten(merge, request, &at.key("fields"), findings);
    });
}

fn fields(recipe: &Recipe<'_>, merge: &Merge, request: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    let at = at.key("fields");
    let roots = recipe.roots(&["$request", "$before"]);
    for (name, value) in merge.fields.iter() {
        let here = at.key(name);
        let field = field_of_request(request, name, here.at_key(), findings);
        places::check(value, Want { field, any_of: false }, &roots, &here, findings);
    }
}

/// Request fields and the reads that hold their stored values.
pub fn from(
    recipe: &Recipe<'_>,
    reads: &Unique<Read>,
    usage: Use,
    request: &Field,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    let roots = recipe.roots(&["$request", "$before"]);
    for (name, read) in reads.iter() {
        let here = at.key(name);
        let field = field_of_request(request, name, here.at_key(), findings);
        let row = reads::check(recipe.route, read, usage, &roots, &here, findings);
        if let (Some(field), Some(row)) = (field, row) {
            let key = if read.take.is_some() { "take" } else { "read" };
            taken(field, row, read.take.as_deref(), here.key(key).at_value(), findings);
        }
    }
}

/// A list takes the value of every row, any other field that of the first; without a path the row itself is taken.
fn taken(field: &Field, row: &Field, path: Option<&str>, spot: Spot, findings: &mut Vec<Finding>) {
    let Some(value) = follow(row, path.unwrap_or_default()).ok().and_then(|reached| reached.field) else { return };
    let wanted = match (field.kind, field.items.as_deref()) {
        (Kind::Array, Some(items)) => items,
        _ => field,
    };
    if !places::compatible(value, wanted) {
        let what = path.map_or_else(|| "a row".to_owned(), |path| format!("`{path}`"));
        let finding = Finding::new(spot, format!("{what} is {}", kind_in_words(value.kind)));
        findings.push(finding.label(format!("{} is wanted", kind_in_words(wanted.kind))));
    }
}

/// What cannot be read back may be a part of a field: `outNodeId[].port`.
fn lost(request: &Field, path: &str, spot: Spot, findings: &mut Vec<Finding>) {
    if let Err(lost) = follow(request, path) {
        let finding = Finding::new(spot, format!("the request has no `{path}`"));
        findings.push(finding.label(lost.message).instead(lost.suggestion));
    }
}

fn field_of_request<'f>(request: &'f Field, name: &str, spot: Spot, findings: &mut Vec<Finding>) -> Option<&'f Field> {
    if request.kind == Kind::Map {
        return request.items.as_deref();
    }
    match request.fields.get(name) {
        Some(field) if field.ignored => {
            findings.push(Finding::new(spot, format!("the panel ignores `{name}`")).label("nothing to keep"));
            Some(field)
        }
        Some(field) => Some(field),
        None => {
            let near = nearest(name, request.fields.keys());
            findings.push(
                Finding::new(spot, format!("the request has no field `{name}`"))
                    .label("not a field of the request")
                    .instead(near),
            );
            None
        }
    }
}

/// Each field is filled in one way.
fn once(merge: &Merge, at: &At<'_>, findings: &mut Vec<Finding>) {
    for (name, _) in merge.from.iter().filter(|(name, _)| merge.fields.get(name).is_some()) {
        let finding = Finding::new(at.key("from").key(name).at_key(), format!("`{name}` is filled in two ways"));
        findings.push(
            finding.label("one of them must go").also(at.key("fields").key(name).at_key(), "already filled in here"),
        );
    }
    for (name, _) in
        merge.unreadable.iter().filter(|(name, _)| merge.fields.get(name).is_some() || merge.from.get(name).is_some())
    {
        let key = if merge.fields.get(name).is_some() { "fields" } else { "from" };
        let finding = Finding::new(
            at.key("unreadable").key(name).at_key(),
            format!("`{name}` is unreadable, but it is filled in"),
        );
        findings.push(finding.label("one of them must go").also(at.key(key).key(name).at_key(), "filled in here"));
    }
}

/// Every field that the panel resets is kept, or said to be lost.
fn forgotten(merge: Option<&Merge>, request: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    let resets = request
        .fields
        .iter()
        .filter(|(_, field)| !field.ignored && matches!(field.omitted, Some(Omitted::Reset | Omitted::Clear)));
    for (name, _) in resets {
        let kept = merge.is_some_and(|merge| {
            [merge.fields.get(name).is_some(), merge.from.get(name).is_some(), merge.unreadable.get(name).is_some()]
                .contains(&true)
        });
        if !kept {
            let finding = Finding::new(
                at.key(name).key("omitted").at_value(),
                format!("the panel loses `{name}` when it is left out, and `merge` does not keep it"),
            );
            findings.push(finding.label("name it under `merge.fields`, `merge.from` or `merge.unreadable`"));
        }
    }
}
