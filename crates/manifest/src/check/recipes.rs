//! The recipes of a mutation: which it must have, and what they can speak of.

use super::{
    draft::Route,
    merge,
    places::{Root, Roots},
    preview,
    reads::{self, Use},
    save, undo, verify,
};
use crate::{
    finding::Finding,
    model::{Danger, Expect, Field, Verify},
    shape::{data_of, request_of},
};

/// The blocks that use other routes.
const BLOCKS: [&str; 6] = ["target", "preview", "merge", "verify", "save", "undo"];

/// What the recipes of a route can speak of.
pub struct Recipe<'a> {
    /// The route.
    pub route: &'a Route<'a>,
    /// Its whole request.
    pub request: Option<&'a Field>,
    /// Whether it says which thing is changed.
    pub has_target: bool,
    /// Shape of that thing's row, as far as known: `$before`.
    pub before: Option<&'a Field>,
    /// Shape of the row that `verify` finds, as far as known: `$after`.
    pub after: Option<&'a Field>,
}

/// All recipes of a route.
pub fn check(route: &Route<'_>, findings: &mut Vec<Finding>) {
    let entry = route.entry;
    let Some(danger) = entry.danger else { return };
    if !route.is_mutation() {
        for key in BLOCKS.into_iter().filter(|key| route.says(key)) {
            let finding =
                Finding::new(route.at(|at| at.key(key).at_key()), format!("`{key}` on a tool that changes nothing"));
            findings.push(
                finding.label("is for mutations").also(route.at(|at| at.key("danger").at_value()), "because of this"),
            );
        }
        return;
    }
    needed(
        route,
        "verify",
        entry.verify.is_some(),
        "a change is proven, or `impossible` says why it cannot be",
        findings,
    );
    needed(route, "undo", entry.undo.is_some(), "a change is taken back, or `none` says why it cannot be", findings);
    if danger >= Danger::Dangerous {
        needed(route, "preview", entry.preview.is_some(), "nothing is confirmed unseen", findings);
    }

    let request = route.full.request.as_ref().map(request_of);
    let mut recipe =
        Recipe { route, request: request.as_ref(), has_target: entry.target.is_some(), before: None, after: None };
    if let Some(target) = &entry.target {
        let roots = recipe.roots(&["$request"]);
        recipe.before = route.at(|at| reads::check(route, target, Use::Target, &roots, &at.key("target"), findings));
    }
    if let Some(verify) = &entry.verify {
        recipe.after = verify::check(&recipe, verify, findings);
    }
    if let Some(preview) = &entry.preview {
        preview::check(&recipe, preview, findings);
    }
    merge::check(&recipe, entry.merge.as_ref(), findings);
    let saved = entry.save.as_ref().map(|save| save::check(&recipe, save, findings));
    if let Some(undo) = &entry.undo {
        undo::check(&recipe, undo, saved, findings);
    }
}

fn needed(route: &Route<'_>, key: &str, said: bool, why: &str, findings: &mut Vec<Finding>) {
    if !said {
        let finding = Finding::new(route.at(|at| at.at_key()), format!("`{key}` is missing"));
        findings.push(finding.label(why).also(route.at(|at| at.key("danger").at_value()), "demanded by this"));
    }
}

impl<'a> Recipe<'a> {
    /// Starts of places, of which those in `allowed` may be used.
    pub fn roots(&self, allowed: &[&str]) -> Roots<'a> {
        let data = data_of(self.route.full);
        let before = if self.has_target {
            Root::There(self.before)
        } else {
            Root::Not("it is the row of `target`, and there is no `target`")
        };
        let after = match &self.route.entry.verify {
            Some(verify) if finds_a_row(verify) => Root::There(self.after),
            Some(Verify { impossible: Some(_), .. }) => {
                Root::Not("it is the row that `verify` finds, and `verify` is impossible")
            }
            Some(_) => Root::Not("it is the row that `verify` finds, and `verify` expects none"),
            None => Root::Not("it is the row that `verify` finds, and there is no `verify`"),
        };
        let answer = match data {
            Some(data) => Root::There(Some(data)),
            None => Root::Not("it is the answer's data, and `response.data` is not described"),
        };
        let all = [("$request", Root::There(self.request)), ("$before", before), ("$after", after), ("$data", answer)];
        all.into_iter().fold(Roots::default(), |roots, (name, root)| {
            let root = if allowed.contains(&name) { root } else { Root::Not("it is not known yet at this point") };
            roots.with(name, root)
        })
    }
}

/// Whether `verify` ends with a row in hand.
fn finds_a_row(verify: &Verify) -> bool {
    verify.impossible.is_none() && verify.expect != Some(Expect::Absent)
}
