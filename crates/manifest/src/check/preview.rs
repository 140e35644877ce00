//! `preview`: what is shown before a change, as far as it is read: what is changed, and what hangs on it. What becomes of the
//! fields is checked in [`super::outcome`].

use super::{
    outcome,
    places::{self, Root, Roots, Want},
    reads::{self, Use},
    recipes::Recipe,
};
use crate::{
    finding::Finding,
    model::{Expect, Field, Preview},
    path::At,
    shape::{list_of, object},
};

/// Everything that a preview says.
pub fn check(recipe: &Recipe<'_>, preview: &Preview, findings: &mut Vec<Finding>) {
    recipe.route.at(|at| {
        let at = at.key("preview");
        let rows = targets(recipe, preview, &at, findings);
        names(recipe, preview, &at, findings);
        outcome::check(recipe, preview, &rows, &at, findings);
        dependents(recipe, preview, &at.key("dependents"), findings);
        let sentences = preview.traps.iter().enumerate();
        for (position, _) in sentences.filter(|(_, trap)| trap.trim().is_empty()) {
            findings
                .push(Finding::new(at.key("traps").item(position).at_value(), "a trap is empty").label("one sentence"));
        }
        if preview.does.as_ref().is_some_and(|verb| verb.trim().is_empty()) {
            findings.push(Finding::new(at.key("does").at_value(), "`does` is empty").label("a verb: `pauses`"));
        }
    });
}

/// The rows that are changed, by the name of the tool that shows them.
fn targets<'a>(
    recipe: &Recipe<'a>,
    preview: &'a Preview,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<(&'a str, Option<&'a Field>)> {
    let here = at.key("targets");
    if recipe.has_target && !preview.targets.is_empty() {
        let finding = Finding::new(here.at_key(), "`targets` beside `target`");
        let target = recipe.route.at(|at| at.key("target").at_key());
        findings.push(finding.label("says once more what is changed").also(target, "already said here"));
    }
    let roots = recipe.roots(&["$request"]);
    let mut rows = Vec::new();
    for (position, read) in preview.targets.iter().enumerate() {
        let row = reads::check(recipe.route, read, Use::Targets, &roots, &here.item(position), findings);
        rows.push((read.read.as_str(), row));
    }
    if let Some(target) = &recipe.route.entry.target {
        rows = vec![(target.read.as_str(), recipe.before)];
    }
    rows
}

/// Starts of places once the rows that are changed are known. Those of `targets` can be of several kinds, so their shape is
/// not known.
fn known<'a>(recipe: &Recipe<'a>, preview: &Preview) -> Roots<'a> {
    match preview.targets.is_empty() {
        true => recipe.roots(&["$request", "$before"]),
        false => Roots::default().with("$request", Root::There(recipe.request)).with("$before", Root::There(None)),
    }
}

/// How the target, or what is made, is called.
fn names(recipe: &Recipe<'_>, preview: &Preview, at: &At<'_>, findings: &mut Vec<Finding>) {
    let roots = known(recipe, preview);
    for (position, read) in preview.named_by.iter().enumerate() {
        reads::check(recipe.route, read, Use::Names, &roots, &at.key("named_by").item(position), findings);
    }
    match &preview.makes {
        Some(makes) => {
            if makes.kind.trim().is_empty() {
                let finding = Finding::new(at.key("makes").key("kind").at_value(), "`kind` is empty");
                findings.push(finding.label("what a person calls such a thing"));
            }
            if let Some(name) = &makes.name {
                let want = Want { field: None, any_of: false };
                places::check(name, want, &recipe.roots(&["$request"]), &at.key("makes").key("name"), findings);
            }
        }
        None => {
            let created = recipe.route.entry.verify.as_ref().and_then(|verify| verify.expect) == Some(Expect::Created);
            if created && !recipe.has_target {
                let finding = Finding::new(at.at_key(), "`makes` is missing");
                findings.push(finding.label("what is made: `makes: { kind: forward, name: $request.name }`"));
            }
        }
    }
}

/// Reads of what hangs on the target; each can speak of the rows of those before it.
fn dependents(recipe: &Recipe<'_>, preview: &Preview, at: &At<'_>, findings: &mut Vec<Finding>) {
    let mut found: Vec<(String, Field)> = Vec::new();
    for (position, read) in preview.dependents.iter().enumerate() {
        let earlier = object(found.iter().cloned().collect());
        let root = match found.is_empty() {
            true => Root::Not("no read before this one says `as`"),
            false => Root::There(Some(&earlier)),
        };
        let roots = known(recipe, preview).with("$found", root);
        let row = reads::check(recipe.route, read, Use::Dependents, &roots, &at.item(position), findings);
        if let (Some(name), Some(row)) = (&read.known_as, row)
            && !found.iter().any(|(known, _)| known == name)
        {
            found.push((name.clone(), list_of(row.clone())));
        }
    }
}
