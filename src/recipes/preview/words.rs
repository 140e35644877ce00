//! Our own sentences about a change: the summary, and what a person types to approve it. Names of the panel stand in
//! quotes, and are cut where they are long.

use flvx_panel::spec::Route;
use serde_json::Value;

use super::{
    Dependents, Target,
    changes::{Doing, Outcome},
};
use crate::{clean::clean_text, recipes::Recipe};

/// Targets that are named one by one.
const NAMED: usize = 3;
/// Fields that are named.
const FIELDS: usize = 6;
/// Characters of a name.
const LONGEST: usize = 60;

/// `deletes node "Tokyo" (id 3); tunnels that leave here: 2`.
pub(super) fn summary(recipe: &Recipe, outcome: &Outcome, dependents: &[Dependents]) -> String {
    let verb = recipe.preview.as_ref().and_then(|preview| preview.does.as_deref());
    let mut said = Vec::new();
    for (doing, usual) in
        [(Doing::Deletes, "deletes"), (Doing::Creates, "creates"), (Doing::Changes, verb.unwrap_or("changes"))]
    {
        let of_this = outcome.targets.iter().zip(&outcome.doing).filter(|(_, known)| **known == doing);
        let targets: Vec<&Target> = of_this.map(|(target, _)| target).collect();
        if !targets.is_empty() {
            said.push(format!("{usual} {}", all(&targets)));
        }
    }
    let mut text = match said.is_empty() {
        true if outcome.changes.is_empty() => "changes nothing".to_owned(),
        true => "changes what is stored".to_owned(),
        false => said.join(" and "),
    };
    if outcome.doing.contains(&Doing::Changes) || said.is_empty() {
        let mut fields: Vec<&str> = Vec::new();
        for field in outcome.changes.iter().flat_map(|change| &change.fields) {
            if !fields.contains(&field.field.as_str()) {
                fields.push(&field.field);
            }
        }
        let more = fields.len().saturating_sub(FIELDS);
        let mut names: Vec<String> = fields.iter().take(FIELDS).map(|name| quoted_field(name)).collect();
        if more > 0 {
            names.push(format!("{more} more"));
        }
        if !names.is_empty() && outcome.doing.iter().all(|doing| *doing == Doing::Changes) {
            text.push_str(&format!(": {}", names.join(", ")));
        }
    }
    for dependents in dependents {
        text.push_str(&format!("; {}: {}", dependents.label, dependents.count));
    }
    if !outcome.missing.is_empty() {
        let keys: Vec<String> = outcome.missing.iter().map(ToString::to_string).collect();
        text.push_str(&format!("; not there: {}", cut(&keys.join(", "))));
    }
    text
}

/// The name of the only target; `3 nodes`; or the tool's name.
pub(super) fn confirm_phrase(route: &Route, targets: &[Target]) -> String {
    match targets {
        [] => route.tool.to_owned(),
        [target] => match (target.name.as_deref().map(str::trim).filter(|name| can_be_typed(name)), &target.key) {
            (Some(name), _) => name.to_owned(),
            (None, Some(key)) => format!("{} {}", target.kind, bare(key)),
            (None, None) => route.tool.to_owned(),
        },
        [first, rest @ ..] if rest.iter().all(|target| target.kind == first.kind) => {
            format!("{} {}", targets.len(), plural(&first.kind, targets.len()))
        }
        _ => route.tool.to_owned(),
    }
}

/// A name that can be read off a screen and typed: what is shown of it is all of it.
fn can_be_typed(name: &str) -> bool {
    let is_whole = !name.contains(char::is_control) && clean_text(name) == name;
    !name.is_empty() && name.chars().count() <= LONGEST && is_whole
}

fn all(targets: &[&Target]) -> String {
    let mut kinds: Vec<&str> = targets.iter().map(|target| target.kind.as_str()).collect();
    kinds.dedup();
    if targets.len() == 1 || (targets.len() <= NAMED && kinds.len() > 1) {
        return targets.iter().map(|target| one(target)).collect::<Vec<_>>().join(", ");
    }
    kinds.sort_unstable();
    kinds.dedup();
    let of_kind = |kind: &str| {
        let targets: Vec<&&Target> = targets.iter().filter(|target| target.kind == kind).collect();
        let mut names: Vec<String> = targets.iter().take(NAMED).map(|target| name(target)).collect();
        let more = targets.len().saturating_sub(NAMED);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        format!("{} {} ({})", targets.len(), plural(kind, targets.len()), names.join(", "))
    };
    kinds.iter().map(|kind| of_kind(kind)).collect::<Vec<_>>().join(" and ")
}

fn one(target: &Target) -> String {
    match (&target.name, &target.key) {
        (Some(name), Some(key)) => format!("{} {} ({} {})", target.kind, quoted(name), "id", bare(key)),
        (Some(name), None) => format!("{} {}", target.kind, quoted(name)),
        (None, Some(key)) => format!("{} {}", target.kind, bare(key)),
        (None, None) => format!("the {}", target.kind),
    }
}

fn name(target: &Target) -> String {
    match (&target.name, &target.key) {
        (Some(name), _) => quoted(name),
        (None, Some(key)) => bare(key),
        (None, None) => "a new one".to_owned(),
    }
}

fn plural(kind: &str, count: usize) -> String {
    if count == 1 || kind.ends_with('s') { kind.to_owned() } else { format!("{kind}s") }
}

fn bare(key: &Value) -> String {
    match key {
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// Names of settings are chosen by people; those of columns are the manifest's.
fn quoted_field(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '-');
    if name.chars().all(plain) { cut(name) } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    Value::String(cut(text)).to_string()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use flvx_panel::generated;
    use serde_json::json;

    use super::*;

    fn target(kind: &str, key: i64, name: &str) -> Target {
        Target { kind: kind.to_owned(), key: Some(json!(key)), name: Some(name.to_owned()), current: None }
    }

    #[test]
    fn one_target_is_approved_by_its_name_and_several_by_their_number() {
        let route = generated::route("node.delete").unwrap();
        let phrase = |targets: &[Target]| confirm_phrase(route, targets);
        assert_eq!(phrase(&[target("node", 3, " Tokyo ")]), "Tokyo");
        for name in [
            "To\u{200b}kyo",
            "\u{115f}",
            "a\u{34f}b",
            "\u{ffa0}",
            "\u{fff9}x",
            "\u{1d173}",
            "\u{17b4}",
            "a\tb",
            " ",
            "",
        ] {
            assert_eq!(phrase(&[target("node", 3, name)]), "node 3", "{name:?}");
        }
        assert_eq!(phrase(&[target("node", 3, "a"), target("node", 4, "b")]), "2 nodes");
        assert_eq!(phrase(&[target("node", 3, "a"), target("user", 4, "b")]), "node.delete");
        assert_eq!(phrase(&[]), "node.delete");
    }

    #[test]
    fn a_summary_names_the_targets_what_hangs_on_them_and_what_is_missing() {
        let outcome = Outcome {
            targets: vec![target("node", 3, "To\"kyo\"")],
            doing: vec![Doing::Deletes],
            missing: vec![json!(9)],
            ..Outcome::default()
        };
        let hanging = |label: &str, count| Dependents { label: label.to_owned(), count, first: Vec::new() };
        let said = summary(&Recipe::default(), &outcome, &[hanging("forwards", 12), hanging("tunnels", 2)]);
        assert_eq!(said, r#"deletes node "To\"kyo\"" (id 3); forwards: 12; tunnels: 2; not there: 9"#);
    }

    #[test]
    fn many_targets_are_counted_and_long_names_cut() {
        let long = "名".repeat(80);
        let targets: Vec<Target> = (1..=5).map(|id| target("forward", id, &long)).collect();
        let doing = vec![Doing::Changes; 5];
        let said = summary(&Recipe::default(), &Outcome { targets, doing, ..Outcome::default() }, &[]);
        assert!(said.starts_with("changes 5 forwards (\"名"), "{said}");
        assert!(said.ends_with("2 more)") && said.chars().count() < 260, "{said}");
    }
}
