//! `undo`: how a change is taken back.

use super::{
    draft::{danger_word, is_mutation},
    reads::{self, Call},
    recipes::Recipe,
};
use crate::{
    finding::Finding,
    model::{Lossless, Undo},
    path::At,
};

/// The inverse call, or the reason why there is none.
pub fn check(recipe: &Recipe<'_>, undo: &Undo, findings: &mut Vec<Finding>) {
    recipe.route.at(|at| {
        let at = at.key("undo");
        match (&undo.tool, &undo.none) {
            (_, Some(reason)) => none(recipe, reason, &at, findings),
            (None, None) => {
                findings.push(
                    Finding::new(at.at_key(), "`undo` says nothing")
                        .label("needs `tool` (the inverse call) or `none` (why there is none)"),
                );
            }
            (Some(tool), None) => {
                call(recipe, undo, tool, &at, findings);
                losses(undo, &at, findings);
            }
        }
    });
}

fn none(recipe: &Recipe<'_>, reason: &str, at: &At<'_>, findings: &mut Vec<Finding>) {
    if reason.trim().is_empty() {
        findings.push(
            Finding::new(at.key("none").at_value(), "`none` gives no reason").label("why can it not be taken back?"),
        );
    }
    let written = recipe.route.node.get("undo").map(crate::yaml::Node::pairs).unwrap_or_default();
    for (key, _) in written.iter().filter(|(key, _)| key != "none") {
        let finding = Finding::new(at.key(key).at_key(), format!("`{key}` beside `none`"));
        findings.push(finding.label("nothing else is said then").also(at.key("none").at_key(), "because of this"));
    }
}

fn call(recipe: &Recipe<'_>, undo: &Undo, name: &str, at: &At<'_>, findings: &mut Vec<Finding>) {
    if undo.each && !recipe.has_target {
        findings.push(
            Finding::new(at.key("each").at_key(), "`each` without `target`").label("one call for each row of `target`"),
        );
    }
    let Some(tool) = reads::called(recipe.route, name, &at.key("tool"), findings) else { return };
    if let Some(danger) = tool.danger
        && !is_mutation(danger)
    {
        let finding = Finding::new(at.key("tool").at_value(), format!("`{name}` changes nothing"));
        findings
            .push(finding.label(format!("its danger is `{}`; an inverse call changes the panel", danger_word(danger))));
    }
    let roots = recipe.roots(&["$request", "$before", "$after", "$data"]);
    let call = Call { tool, given: &undo.request, named: at.key("tool").at_value() };
    call.check(&roots, &at.key("request"), findings);
}

fn losses(undo: &Undo, at: &At<'_>, findings: &mut Vec<Finding>) {
    match undo.lossless {
        None => {
            findings.push(
                Finding::new(at.key("tool").at_key(), "`lossless` is missing")
                    .label("`full`, or `partial` with what it `loses`"),
            );
        }
        Some(Lossless::Partial) if undo.loses.is_empty() => {
            findings.push(
                Finding::new(at.key("lossless").at_value(), "`loses` is missing")
                    .label("what does not come back, one sentence each"),
            );
        }
        Some(Lossless::Full) if !undo.loses.is_empty() => {
            let finding =
                Finding::new(at.key("loses").at_key(), "`loses` with `lossless: full`").label("then nothing is lost");
            findings.push(finding.also(at.key("lossless").at_value(), "say `partial` here"));
        }
        _ => {}
    }
}
