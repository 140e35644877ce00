//! `save`: what is kept in a file before a change, and which of its rows.

use super::{
    places::{self, Root},
    reads::{self, Call},
    recipes::Recipe,
};
use crate::{
    finding::Finding,
    model::{Conditions, Entry, Field, Kind, Save, Unique},
    path::At,
    shape::{data_of, follow},
    suggest::nearest,
};

/// Checks the read and its filters, and gives the shape of what is kept, as far as it is known.
pub fn check<'a>(recipe: &Recipe<'a>, save: &Save, findings: &mut Vec<Finding>) -> Option<&'a Field> {
    recipe.route.at(|at| {
        let at = at.key("save");
        if !recipe.route.entry.undo.as_ref().is_some_and(super::undo::uses_saved) {
            findings.push(
                Finding::new(at.at_key(), "`save` is never used")
                    .label("`undo` takes nothing from `$saved`, so no secret need be kept"),
            );
        }
        let tool = reads::called(recipe.route, &save.read, &at.key("read"), findings)?;
        reads::only_reads(tool, at.key("read").at_value(), findings);
        let roots = recipe.roots(&["$request", "$before"]);
        Call { tool, given: &save.request, named: at.key("read").at_value() }.check(
            &roots,
            &at.key("request"),
            findings,
        );
        let data = saved_data(tool, save, &at, findings)?;
        let roots = roots.with("$saved", Root::There(Some(data)));
        lists(&save.keep, data, &save.read, &roots, &at.key("keep"), findings);
        order(save, &at.key("keep"), findings);
        Some(data)
    })
}

fn saved_data<'a>(tool: &'a Entry, save: &Save, at: &At<'_>, findings: &mut Vec<Finding>) -> Option<&'a Field> {
    let data = data_of(tool);
    if data.is_none() {
        let finding = Finding::new(at.key("read").at_value(), format!("there is nothing to save of `{}`", save.read));
        findings.push(finding.label("its answer has no `data`"));
    }
    data
}

/// Lists by name with conditions on their rows: `save.keep`, and `rows` of a call that follows.
pub fn lists(
    given: &Unique<Vec<Conditions>>,
    data: &Field,
    tool: &str,
    roots: &places::Roots<'_>,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    for (list, alternatives) in given.iter() {
        let here = at.key(list);
        let row = match follow(data, list).ok().and_then(|reached| reached.field) {
            Some(field) if field.kind == Kind::Array => field.items.as_deref(),
            _ => {
                let lists = data.fields.iter().filter(|(_, field)| field.kind == Kind::Array);
                let near = nearest(list, lists.map(|(name, _)| name));
                let finding = Finding::new(here.at_key(), format!("`{list}` is no list in what `{tool}` answers"));
                findings.push(finding.label("rows of lists are kept").instead(near));
                continue;
            }
        };
        if alternatives.is_empty() || alternatives.iter().any(Unique::is_empty) {
            let finding = Finding::new(here.at_value(), "conditions are missing");
            findings.push(finding.label("which rows? A list that is not named is kept whole"));
        }
        for (position, conditions) in alternatives.iter().enumerate() {
            reads::conditions(conditions, row, tool, roots, &here.item(position), findings);
        }
    }
}

/// A list is filtered before others look at what is left of it.
fn order(save: &Save, at: &At<'_>, findings: &mut Vec<Finding>) {
    let mut later: Vec<&str> = save.keep.keys().collect();
    for (list, alternatives) in save.keep.iter() {
        let here = at.key(list);
        for (position, conditions) in alternatives.iter().enumerate() {
            let here = here.item(position);
            for (path, value) in conditions.iter() {
                let looked_at = value.as_str().and_then(|text| text.strip_prefix("$saved."));
                let Some(looked_at) = looked_at.and_then(|path| path.split(['.', '[']).next()) else { continue };
                if later.contains(&looked_at) {
                    let finding = Finding::new(here.key(path).at_value(), format!("`{looked_at}` is not filtered yet"));
                    findings.push(finding.label("lists are filtered in the order in which they stand"));
                }
            }
        }
        later.retain(|name| *name != list);
    }
}
