//! Error rules: their form, and that each can be reached.
//!
//! The gateway takes the first rule that fits, in this order: exact messages, then starts, then parts, then any text;
//! among rules of one kind a route's own before the common ones, each in written order.

use super::{domain::is_name, draft::Draft, draft::Route};
use crate::{
    finding::Finding,
    model::ErrorRule,
    path::{At, Spot},
    suggest::nearest,
};

/// The common errors of the shared file.
pub fn check_shared(draft: &Draft<'_>, findings: &mut Vec<Finding>) {
    let Some(file) = draft.shared_file else { return };
    let file = At::file(file);
    let at = file.key("errors");
    for (name, rule) in draft.manifest.shared.errors.iter() {
        form(rule, &at.key(name), findings);
    }
}

/// The errors of one route.
pub fn check(route: &Route<'_>, findings: &mut Vec<Finding>) {
    let entry = route.entry;
    let shared = &route.draft.manifest.shared.errors;
    let mut rules: Vec<Placed<'_>> = Vec::new();
    for (position, rule) in entry.errors.iter().enumerate() {
        route.at(|at| {
            let at = at.key("errors");
            let here = at.item(position);
            form(rule, &here, findings);
            rules.push(Placed { rule, spot: here.at_key(), common: false });
        });
    }
    for (position, name) in entry.common_errors.iter().enumerate() {
        let spot = route.at(|at| at.key("common_errors").item(position).at_value());
        if entry.common_errors.iter().take(position).any(|earlier| earlier == name) {
            findings
                .push(Finding::new(spot, format!("the common error `{name}` is named twice")).label("take it away"));
            continue;
        }
        match shared.get(name) {
            Some(rule) => rules.push(Placed { rule, spot, common: true }),
            None if route.draft.known.broken_shared || route.draft.known.errors.contains(name) => {}
            None => {
                let near = nearest(name, shared.keys());
                let finding = Finding::new(spot, format!("there is no common error `{name}`"));
                findings.push(finding.label("not under `errors` of `shared.yaml`").instead(near));
            }
        }
    }
    reachable(rules, findings);
}

/// A rule of a route with its place.
struct Placed<'a> {
    rule: &'a ErrorRule,
    spot: Spot,
    /// It stands in the shared file.
    common: bool,
}

impl Placed<'_> {
    fn described(&self) -> String {
        let wording = match wording(self.rule) {
            Wording::Exact(text) => format!("the message `{text}`"),
            Wording::Prefix(text) => format!("messages that start with `{text}`"),
            Wording::Contains(text) => format!("messages with `{text}`"),
            Wording::Any => "any message".to_owned(),
        };
        format!("code {} and {wording}", self.rule.code)
    }
}

fn reachable(mut rules: Vec<Placed<'_>>, findings: &mut Vec<Finding>) {
    rules.sort_by_key(|placed| (wording(placed.rule).rank(), placed.common));
    for (position, placed) in rules.iter().enumerate() {
        let hides = |earlier: &&Placed<'_>| {
            earlier.rule.code == placed.rule.code && wording(earlier.rule).covers(wording(placed.rule))
        };
        let Some(earlier) = rules.iter().take(position).find(hides) else { continue };
        let (message, label) = if wording(earlier.rule) == wording(placed.rule) {
            (format!("{} stand in the route twice", placed.described()), "one answer has one meaning".to_owned())
        } else {
            (
                format!("this rule is never reached: {}", placed.described()),
                format!("hidden by a rule for {}", earlier.described()),
            )
        };
        let place = if earlier.common { "taken from `shared.yaml` here" } else { "this rule is tried first" };
        findings.push(Finding::new(placed.spot.clone(), message).label(label).also(earlier.spot.clone(), place));
    }
}

fn form(rule: &ErrorRule, at: &At<'_>, findings: &mut Vec<Finding>) {
    let wordings = [("msg", &rule.msg), ("prefix", &rule.prefix), ("contains", &rule.contains)];
    let said: Vec<&str> = wordings.iter().filter(|(_, text)| text.is_some()).map(|(key, _)| *key).collect();
    if let [first, second, ..] = said.as_slice() {
        let finding =
            Finding::new(at.key(second).at_key(), format!("an error rule with two wordings, `{first}` and `{second}`"));
        findings.push(finding.label("write two rules").also(at.key(first).at_key(), "the first wording"));
    }
    for (key, _) in wordings.iter().filter(|(_, text)| text.as_deref() == Some("")) {
        findings.push(
            Finding::new(at.key(key).at_value(), format!("`{key}` is empty")).label("for any message leave it out"),
        );
    }
    if rule.code == 0 {
        findings.push(
            Finding::new(at.key("code").at_value(), "code 0 is no error")
                .label("what success hides is said in `response.note` and `effects`"),
        );
    }
    if !is_name(&rule.key) {
        let fixed = rule.key.to_ascii_lowercase().replace(['-', ' ', '.'], "_");
        let finding = Finding::new(at.key("key").at_value(), format!("`{}` is no key of an error", rule.key));
        findings.push(
            finding
                .label("lower-case letters, digits and `_`, a letter first")
                .instead(is_name(&fixed).then_some(fixed)),
        );
    }
    for (key, text) in [("text", &rule.text), ("hint", &rule.hint)] {
        if text.trim().is_empty() {
            findings.push(Finding::new(at.key(key).at_value(), format!("`{key}` is empty")).label("say it in English"));
        }
    }
}

/// How a rule recognises a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wording<'a> {
    Exact(&'a str),
    Prefix(&'a str),
    Contains(&'a str),
    Any,
}

impl Wording<'_> {
    /// Whether every message of `other` is one of these.
    fn covers(self, other: Wording<'_>) -> bool {
        match (self, other) {
            (Wording::Any, _) => true,
            (Wording::Exact(text), Wording::Exact(other)) => text == other,
            (Wording::Prefix(text), Wording::Exact(other) | Wording::Prefix(other)) => other.starts_with(text),
            (Wording::Contains(text), Wording::Exact(other) | Wording::Prefix(other) | Wording::Contains(other)) => {
                other.contains(text)
            }
            _ => false,
        }
    }

    /// Its turn.
    fn rank(self) -> u8 {
        match self {
            Wording::Exact(_) => 0,
            Wording::Prefix(_) => 1,
            Wording::Contains(_) => 2,
            Wording::Any => 3,
        }
    }
}

fn wording(rule: &ErrorRule) -> Wording<'_> {
    match (&rule.msg, &rule.prefix, &rule.contains) {
        (Some(text), _, _) => Wording::Exact(text),
        (None, Some(text), _) => Wording::Prefix(text),
        (None, None, Some(text)) => Wording::Contains(text),
        (None, None, None) => Wording::Any,
    }
}
