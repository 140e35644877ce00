//! `preview`: what is shown before a change.

use super::{
    reads::{self, Use},
    recipes::Recipe,
};
use crate::{finding::Finding, model::Preview, path::At, shape::request_of, suggest::nearest};

/// The panel's own dry run, the comparison, what hangs on it.
pub fn check(recipe: &Recipe<'_>, preview: &Preview, findings: &mut Vec<Finding>) {
    recipe.route.at(|at| {
        let at = at.key("preview");
        if let Some(tool) = &preview.native {
            native(recipe, tool, &at.key("native"), findings);
        }
        compare(recipe, preview, &at.key("compare"), findings);
        for (position, read) in preview.dependents.iter().enumerate() {
            let roots = recipe.roots(&["$request", "$before"]);
            reads::check(recipe.route, read, Use::Dependents, &roots, &at.key("dependents").item(position), findings);
        }
        for (position, trap) in preview.traps.iter().enumerate() {
            if trap.trim().is_empty() {
                findings.push(
                    Finding::new(at.key("traps").item(position).at_value(), "a trap is empty").label("one sentence"),
                );
            }
        }
    });
}

/// The dry run takes the same request, so it must know what it needs from it.
fn native(recipe: &Recipe<'_>, name: &str, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Some(tool) = reads::called(recipe.route, name, at, findings) else { return };
    if let Some(danger) = tool.danger
        && super::draft::is_mutation(danger)
    {
        findings.push(Finding::new(at.at_value(), format!("`{name}` is no read")).label("a dry run changes nothing"));
    }
    let (Some(theirs), Some(ours)) = (tool.request.as_ref().map(request_of), recipe.request) else { return };
    for (key, _) in theirs.fields.iter().filter(|(key, field)| field.required && ours.fields.get(key).is_none()) {
        let finding = Finding::new(at.at_value(), format!("`{name}` needs `{key}`, which this route does not take"));
        findings.push(finding.label("a dry run gets the same request"));
    }
}

fn compare(recipe: &Recipe<'_>, preview: &Preview, at: &At<'_>, findings: &mut Vec<Finding>) {
    if !preview.compare.is_empty() && !recipe.has_target {
        findings
            .push(Finding::new(at.at_key(), "`compare` without `target`").label("compared with the row of `target`"));
        return;
    }
    for (field, path) in preview.compare.iter() {
        let here = at.key(field);
        if let Some(request) = recipe.request
            && request.fields.get(field).is_none()
        {
            let near = nearest(field, request.fields.keys());
            findings.push(
                Finding::new(here.at_key(), format!("the request has no field `{field}`"))
                    .label("request field: row field")
                    .instead(near),
            );
        }
        if let (Some(row), Some(target)) = (recipe.before, &recipe.route.entry.target) {
            reads::field_of(row, path, &target.read, here.at_value(), findings);
        }
    }
}
