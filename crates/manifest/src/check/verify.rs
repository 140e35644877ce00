//! `verify`: how a change is proven.

use super::{
    places::{self, Want},
    reads::{self, Use},
    recipes::Recipe,
};
use crate::{
    finding::Finding,
    model::{Expect, Field, Verify},
    path::At,
};

/// Checks the proof and gives the shape of the row that it finds, as far as it is known.
pub fn check<'a>(recipe: &Recipe<'a>, verify: &Verify, findings: &mut Vec<Finding>) -> Option<&'a Field> {
    recipe.route.at(|at| {
        let at = at.key("verify");
        if let Some(reason) = &verify.impossible {
            impossible(recipe, reason, &at, findings);
            return None;
        }
        let (row, tool) = match &verify.read {
            Some(read) => {
                let roots = recipe.roots(&["$request", "$before", "$data"]);
                (
                    reads::check(recipe.route, read, Use::Proof, &roots, &at.key("read"), findings),
                    Some(read.read.as_str()),
                )
            }
            None => (recipe.before, recipe.route.entry.target.as_ref().map(|target| target.read.as_str())),
        };
        if verify.read.is_none() && !recipe.has_target {
            let finding = Finding::new(at.at_key(), "`verify` has nothing to read");
            findings.push(finding.label("without `verify.read` it reads the `target`, and there is no `target`"));
        }
        if verify.expect.is_none() && verify.equals.is_empty() {
            findings.push(
                Finding::new(at.at_key(), "`verify` says nothing that must be true")
                    .label("needs `expect`, `equals` or `impossible`"),
            );
        }
        if verify.expect == Some(Expect::Absent) && !verify.equals.is_empty() {
            let finding = Finding::new(at.key("equals").at_key(), "`equals` with `expect: absent`")
                .label("there is no row left to compare");
            findings.push(finding.also(at.key("expect").at_value(), "because of this"));
        }
        equals(recipe, verify, row, tool.unwrap_or_default(), &at.key("equals"), findings);
        id(verify, row, tool.unwrap_or_default(), &at, findings);
        row
    })
}

fn impossible(recipe: &Recipe<'_>, reason: &str, at: &At<'_>, findings: &mut Vec<Finding>) {
    if reason.trim().is_empty() {
        findings.push(
            Finding::new(at.key("impossible").at_value(), "`impossible` gives no reason")
                .label("why can it not be proven?"),
        );
    }
    let written = recipe.route.node.get("verify").map(crate::yaml::Node::pairs).unwrap_or_default();
    for (key, _) in written.iter().filter(|(key, _)| key != "impossible") {
        let finding = Finding::new(at.key(key).at_key(), format!("`{key}` beside `impossible`"));
        findings
            .push(finding.label("nothing else is said then").also(at.key("impossible").at_key(), "because of this"));
    }
}

fn equals(
    recipe: &Recipe<'_>,
    verify: &Verify,
    row: Option<&Field>,
    tool: &str,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    let roots = recipe.roots(&["$request", "$before", "$data"]);
    for (path, value) in verify.equals.iter() {
        let here = at.key(path);
        let field = row.and_then(|row| reads::field_of(row, path, tool, here.at_key(), findings));
        places::check(value, Want { field, any_of: true }, &roots, &here, findings);
    }
}

/// A new row needs to be known by its id, and nothing else does.
fn id(verify: &Verify, row: Option<&Field>, tool: &str, at: &At<'_>, findings: &mut Vec<Finding>) {
    match (&verify.id, verify.expect) {
        (None, Some(Expect::Created)) => {
            let finding = Finding::new(at.key("expect").at_value(), "`id` is missing");
            findings.push(finding.label("the field of the new row that holds its id: `id: id`"));
        }
        (Some(_), expect) if expect != Some(Expect::Created) => {
            findings.push(
                Finding::new(at.key("id").at_key(), "`id` without `expect: created`")
                    .label("only a new row has an id that is not known before"),
            );
        }
        (Some(path), _) => {
            if let Some(row) = row {
                reads::field_of(row, path, tool, at.key("id").at_value(), findings);
            }
        }
        (None, _) => {}
    }
}
