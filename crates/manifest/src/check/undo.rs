//! `undo`: how a change is taken back.

use super::{
    draft::{danger_word, is_mutation},
    places::{self, Root, Roots, Want},
    reads::{self, Call, Use},
    recipes::Recipe,
    save,
};
use crate::{
    finding::Finding,
    model::{Conditions, Entry, Field, Kind, Lossless, Then, Undo, Unique},
    path::At,
};

/// Shape of what `save` keeps, as far as it is known, or why nothing is kept.
type Kept<'a> = Result<Option<&'a Field>, &'static str>;

/// The inverse call, or the reason why there is none. `saved` is the shape of what `save` keeps; `None`: there is no
/// `save`.
pub fn check(recipe: &Recipe<'_>, undo: &Undo, saved: Option<Option<&Field>>, findings: &mut Vec<Finding>) {
    let kept = saved.ok_or("it is what `save` keeps, and there is no `save`");
    recipe.route.at(|at| one(recipe, undo, kept, &at.key("undo"), findings));
}

/// Whether something of `$saved` is used.
pub fn uses_saved(undo: &Undo) -> bool {
    let of_then = undo.then.iter().flat_map(|then| then.request.iter());
    undo.request.iter().chain(of_then).any(|(_, value)| places::mentions(value, "$saved"))
}

fn one(recipe: &Recipe<'_>, undo: &Undo, saved: Kept<'_>, at: &At<'_>, findings: &mut Vec<Finding>) {
    match (&undo.tool, &undo.none) {
        (_, Some(reason)) => none(undo, reason, at, findings),
        (None, None) => {
            findings.push(
                Finding::new(at.at_key(), "`undo` says nothing")
                    .label("needs `tool` (the inverse call) or `none` (why there is none)"),
            );
        }
        (Some(tool), None) => {
            calls(recipe, undo, tool, saved, at, findings);
            losses(undo, at, findings);
        }
    }
    let Some(without) = &undo.without_save else { return };
    let at = at.key("without_save");
    if saved.is_err() {
        let finding = Finding::new(at.at_key(), "`without_save`, and there is no `save`");
        findings.push(finding.label("is for accounts that may not make the read of `save`"));
    }
    for (key, said) in [("without_save", without.without_save.is_some()), ("old", without.old.is_some())] {
        if said {
            let finding = Finding::new(at.key(key).at_key(), format!("`{key}` inside `without_save`"));
            findings.push(finding.label("has no meaning here"));
            return;
        }
    }
    one(recipe, without, Err("nothing is saved in this case"), &at, findings);
}

fn none(undo: &Undo, reason: &str, at: &At<'_>, findings: &mut Vec<Finding>) {
    if reason.trim().is_empty() {
        findings.push(
            Finding::new(at.key("none").at_value(), "`none` gives no reason").label("why can it not be taken back?"),
        );
    }
    for key in said(undo) {
        let finding = Finding::new(at.key(key).at_key(), format!("`{key}` beside `none`"));
        findings.push(finding.label("nothing else is said then").also(at.key("none").at_key(), "because of this"));
    }
}

/// The keys that are written, but for `none`.
fn said(undo: &Undo) -> impl Iterator<Item = &'static str> {
    [
        ("old", undo.old.is_some()),
        ("tool", undo.tool.is_some()),
        ("request", !undo.request.is_empty()),
        ("given", undo.given.is_some()),
        ("keys", undo.keys.is_some()),
        ("each", undo.each),
        ("rows", !undo.rows.is_empty()),
        ("saved", !undo.saved.is_empty()),
        ("created", undo.created.is_some()),
        ("then", !undo.then.is_empty()),
        ("without_save", undo.without_save.is_some()),
        ("lossless", undo.lossless.is_some()),
        ("loses", !undo.loses.is_empty()),
    ]
    .into_iter()
    .filter_map(|(key, said)| said.then_some(key))
}

fn calls(recipe: &Recipe<'_>, undo: &Undo, name: &str, saved: Kept<'_>, at: &At<'_>, findings: &mut Vec<Finding>) {
    for (key, said) in [("each", undo.each), ("rows", !undo.rows.is_empty()), ("created", undo.created.is_some())] {
        if said && !recipe.has_target {
            let finding = Finding::new(at.key(key).at_key(), format!("`{key}` without `target`"));
            findings.push(finding.label(match key {
                "each" => "one call for each row of `target`",
                _ => "it speaks of the rows of `target`",
            }));
        }
    }
    let old = match &undo.old {
        Some(read) => {
            let roots = recipe.roots(&["$request", "$before"]);
            Root::There(reads::check(recipe.route, read, Use::Old, &roots, &at.key("old"), findings))
        }
        None => Root::Not("it is what `undo.old` reads, and there is no `undo.old`"),
    };
    let kept = saved.map_or_else(Root::Not, Root::There);
    let roots = recipe.roots(&["$request", "$before", "$after", "$data"]).with("$old", old).with("$saved", kept);
    reads::conditions(&undo.rows, recipe.before, target(recipe), &roots, &at.key("rows"), findings);
    rows_of_saved(recipe, &undo.saved, saved, &roots, &at.key("saved"), findings);
    match inverse(recipe, name, at, findings) {
        Some(tool) if undo.given.is_some() || undo.keys.is_some() => given(recipe, undo, tool, &roots, at, findings),
        Some(tool) => request(tool, &undo.request, &roots, at, findings),
        None => {}
    }
    if let Some(created) = &undo.created {
        let at = at.key("created");
        if let Some(tool) = inverse(recipe, &created.tool, &at, findings) {
            request(tool, &created.request, &roots, &at, findings);
        }
    }
    for (position, then) in undo.then.iter().enumerate() {
        follows(recipe, then, saved, &roots, &at.key("then").item(position), findings);
    }
}

/// The tool of an inverse call.
fn inverse<'a>(recipe: &Recipe<'a>, name: &str, at: &At<'_>, findings: &mut Vec<Finding>) -> Option<&'a Entry> {
    let tool = reads::called(recipe.route, name, &at.key("tool"), findings)?;
    if let Some(danger) = tool.danger
        && !is_mutation(danger)
    {
        let finding = Finding::new(at.key("tool").at_value(), format!("`{name}` changes nothing"));
        findings
            .push(finding.label(format!("its danger is `{}`; an inverse call changes the panel", danger_word(danger))));
    }
    Some(tool)
}

fn request(
    tool: &Entry,
    given: &Unique<serde_json::Value>,
    roots: &Roots<'_>,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    Call { tool, given, named: at.key("tool").at_value() }.check(roots, &at.key("request"), findings);
}

/// The old values of exactly the keys that the call gave.
fn given(recipe: &Recipe<'_>, undo: &Undo, tool: &Entry, roots: &Roots<'_>, at: &At<'_>, findings: &mut Vec<Finding>) {
    if !undo.request.is_empty() {
        let finding = Finding::new(at.key("request").at_key(), "`request` beside `given`");
        findings.push(finding.label("the arguments are the old values at `given`"));
    }
    let Some(place) = &undo.given else {
        let finding = Finding::new(at.key("keys").at_key(), "`keys` without `given`");
        findings.push(finding.label("the keys of what?"));
        return;
    };
    let free = |entry: &Entry| entry.request.as_ref().is_some_and(|request| request.body.is_some());
    if !free(tool) {
        let name = tool.tool.as_deref().unwrap_or_default();
        let finding = Finding::new(at.key("given").at_key(), format!("`{name}` has no free keys"));
        findings.push(finding.label("`given` is for a body with free keys; write a `request`"));
    }
    if !free(recipe.route.entry) && undo.keys.is_none() {
        let finding = Finding::new(at.key("given").at_key(), "`keys` is missing");
        findings.push(finding.label("this tool's own request has no free keys, so which are meant?"));
    }
    let object = match place.as_str().filter(|_| places::is_place(place)) {
        Some(text) => places::reached(text, roots, at.key("given").at_value(), findings),
        None => {
            let finding = Finding::new(at.key("given").at_value(), "`given` is no place");
            findings.push(finding.label("the object that holds the old values: `$before`"));
            None
        }
    };
    if let Some(object) = object.filter(|field| !matches!(field.kind, Kind::Map | Kind::Object | Kind::Any)) {
        let finding = Finding::new(at.key("given").at_value(), "there are no keys in this value");
        let is = crate::fit::kind_in_words(object.kind);
        findings.push(finding.label(format!("it is {is}; an object is wanted")));
    }
    if let Some(keys) = &undo.keys {
        places::check(keys, Want { field: None, any_of: true }, roots, &at.key("keys"), findings);
    }
}

/// A call that follows the inverse.
fn follows(
    recipe: &Recipe<'_>,
    then: &Then,
    saved: Kept<'_>,
    roots: &Roots<'_>,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    if let Some(tool) = inverse(recipe, &then.tool, at, findings) {
        request(tool, &then.request, roots, at, findings);
    }
    if !then.rows.is_empty() && !recipe.has_target {
        let finding = Finding::new(at.key("rows").at_key(), "`rows` without `target`");
        findings.push(finding.label("it speaks of the rows of `target`"));
    }
    reads::conditions(&then.rows, recipe.before, target(recipe), roots, &at.key("rows"), findings);
    rows_of_saved(recipe, &then.saved, saved, roots, &at.key("saved"), findings);
}

fn rows_of_saved(
    recipe: &Recipe<'_>,
    lists: &Unique<Vec<Conditions>>,
    saved: Kept<'_>,
    roots: &Roots<'_>,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    match saved {
        _ if lists.is_empty() => {}
        Err(_) => {
            let finding = Finding::new(at.at_key(), "`saved` without `save`");
            findings.push(finding.label("it picks rows of what `save` keeps"));
        }
        Ok(Some(data)) => {
            let read = recipe.route.entry.save.as_ref().map(|save| save.read.as_str()).unwrap_or_default();
            save::lists(lists, data, read, roots, at, findings);
        }
        Ok(None) => {}
    }
}

/// The tool that shows the target.
fn target<'a>(recipe: &Recipe<'a>) -> &'a str {
    recipe.route.entry.target.as_ref().map(|target| target.read.as_str()).unwrap_or_default()
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
