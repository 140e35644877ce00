//! Puts a token into a policy file without touching anything else in it: comments, order and blanks are the operator's.

use flvx_manifest::yaml::{
    self, Node,
    marks::{self, Inside, Marks},
};

const BY_HAND: &str =
    "is written in a way that cannot be added to without rewriting it; put the token in by hand (without --write)";

/// The text with one more token of a principal. The principal is added when it is not there.
///
/// # Errors
/// The file is not YAML, or written so that nothing can be added.
pub fn with_token(text: &str, name: &str, role: &str, digest: &str) -> Result<String, String> {
    let tree = yaml::parse(text).map_err(|error| format!("not YAML: {error}"))?;
    let marks = marks::read(text);
    let principals = tree.get("principals");
    let entry = principals.and_then(|principals| principals.get(name));
    let (offset, addition) = match (principals, entry) {
        (None, _) => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            (text.len(), format!("{gap}principals:\n  {name}:\n    role: {role}\n    tokens: [\"{digest}\"]\n"))
        }
        (Some(_), None) => {
            let (offset, indent) = first_key(text, marks.as_ref(), &["principals"]).ok_or(BY_HAND)?;
            let pad = " ".repeat(indent);
            (offset, format!("{name}:\n{pad}  role: {role}\n{pad}  tokens: [\"{digest}\"]\n{pad}"))
        }
        (Some(_), Some(entry)) => match entry.get("tokens") {
            None => {
                let (offset, indent) = first_key(text, marks.as_ref(), &["principals", name]).ok_or(BY_HAND)?;
                (offset, format!("tokens: [\"{digest}\"]\n{}", " ".repeat(indent)))
            }
            Some(tokens) => more(text, marks.as_ref(), name, tokens, digest).ok_or(BY_HAND)?,
        },
    };
    let (before, after) = (text.get(..offset).ok_or(BY_HAND)?, text.get(offset..).ok_or(BY_HAND)?);
    let written = format!("{before}{addition}{after}");
    // Rather nothing than something else than was meant.
    if is_only_addition(&tree, &yaml::parse(&written).map_err(|_| BY_HAND)?, name, digest) {
        Ok(written)
    } else {
        Err(BY_HAND.to_owned())
    }
}

/// Where the first key of a block mapping starts, and how far it is indented. `None`: it is no block mapping.
fn first_key(text: &str, marks: Option<&Marks>, path: &[&str]) -> Option<(usize, usize)> {
    let Inside::Map(pairs) = &inside(marks?, path)?.inside else { return None };
    let (_, place, _) = pairs.first()?;
    let offset = offset(text, place.line, place.column)?;
    alone(text, offset).then_some((offset, place.column - 1))
}

/// Where one more token goes into the list that is there.
fn more(text: &str, marks: Option<&Marks>, name: &str, tokens: &Node, digest: &str) -> Option<(usize, String)> {
    let list = inside(marks?, &["principals", name, "tokens"])?;
    let start = offset(text, list.at.line, list.at.column)?;
    if text.get(start..)?.starts_with('[') {
        let comma = if tokens.items().is_empty() { "" } else { ", " };
        return Some((start + 1, format!("\"{digest}\"{comma}")));
    }
    let Inside::List(items) = &list.inside else { return None };
    let first = items.first()?.at;
    let item = offset(text, first.line, first.column)?;
    let line = text.get(..item)?.rfind('\n').map_or(0, |end| end + 1);
    let dash = line + text.get(line..item)?.find('-')?;
    let pad = text.get(line..dash)?;
    pad.trim().is_empty().then(|| (dash, format!("- \"{digest}\"\n{pad}")))
}

fn inside<'a>(marks: &'a Marks, path: &[&str]) -> Option<&'a Marks> {
    path.iter().try_fold(marks, |here, key| match &here.inside {
        Inside::Map(pairs) => pairs.iter().find(|(name, _, _)| name == key).map(|(_, _, value)| value),
        _ => None,
    })
}

fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = if line == 1 { 0 } else { text.match_indices('\n').nth(line.checked_sub(2)?)?.0 + 1 };
    let rest = text.get(start..)?;
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(column - 1).map(|at| start + at)
}

/// Whether only blanks stand before a place in its line.
fn alone(text: &str, offset: usize) -> bool {
    text.get(..offset).is_some_and(|before| before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty()))
}

/// Whether the new tree is the old one and the token.
fn is_only_addition(old: &Node, new: &Node, name: &str, digest: &str) -> bool {
    let (old, mut new) = (old.to_value(), new.to_value());
    let tokens = |value: &serde_json::Value| {
        value
            .pointer("/principals")
            .and_then(|all| all.get(name)?.get("tokens")?.as_array().cloned())
            .unwrap_or_default()
    };
    let (had, mut has) = (tokens(&old), tokens(&new));
    let Some(place) = has.iter().position(|token| token == digest) else { return false };
    has.remove(place);
    if has != had {
        return false;
    }
    let Some(all) = new.get_mut("principals").and_then(|all| all.as_object_mut()) else { return false };
    match old.get("principals") {
        None => all.len() == 1,
        Some(before) => {
            match before.get(name) {
                Some(entry) => all.insert(name.to_owned(), entry.clone()),
                None => all.remove(name),
            };
            new == old
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DIGEST: &str = "sha256:00";

    fn added(text: &str, name: &str) -> String {
        with_token(text, name, "viewer", DIGEST).unwrap()
    }

    #[test]
    fn the_first_principal_is_put_at_the_end() {
        assert_eq!(
            added("# mine\nhttp: {}", "ci"),
            "# mine\nhttp: {}\nprincipals:\n  ci:\n    role: viewer\n    tokens: [\"sha256:00\"]\n"
        );
        assert_eq!(added("", "ci"), "principals:\n  ci:\n    role: viewer\n    tokens: [\"sha256:00\"]\n");
    }

    #[test]
    fn a_further_principal_is_put_before_the_others_and_comments_stay() {
        let text = "principals:\n    # the bot\n    bot: { role: viewer }  # reads\nhttp: {}\n";
        assert_eq!(
            added(text, "ci"),
            "principals:\n    # the bot\n    ci:\n      role: viewer\n      tokens: [\"sha256:00\"]\n    bot: { role: viewer }  # reads\nhttp: {}\n"
        );
    }

    #[test]
    fn a_further_token_goes_into_the_list_as_it_is_written() {
        let flow = "principals:\n  ci:\n    role: viewer\n    tokens: [ \"sha256:11\" ]\n";
        assert!(added(flow, "ci").contains("tokens: [\"sha256:00\",  \"sha256:11\" ]"), "{}", added(flow, "ci"));
        let block = "principals:\n  ci:\n    role: viewer\n    tokens:\n      - sha256:11 # old\n";
        assert!(added(block, "ci").contains("tokens:\n      - \"sha256:00\"\n      - sha256:11 # old\n"));
        let none = "principals:\n  ci:\n    role: viewer # reads\n";
        assert_eq!(added(none, "ci"), "principals:\n  ci:\n    tokens: [\"sha256:00\"]\n    role: viewer # reads\n");
    }

    #[test]
    fn what_cannot_be_added_to_is_left_alone() {
        for text in
            ["principals: {}\n", "principals: { bot: { role: viewer } }\n", "principals:\n  ci: { role: viewer }\n"]
        {
            assert!(with_token(text, "ci", "viewer", DIGEST).unwrap_err().contains("by hand"), "{text}");
        }
    }
}
