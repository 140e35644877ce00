//! One entry: whether it is a tool, an alias or excluded, and the texts that a tool needs.

use super::{access, batch, draft::Lookup, draft::Route, errors, examples, recipes, request, response, versions};
use crate::{finding::Finding, structure::Language, suggest::nearest};

/// The longest `brief`: it is paid for in every conversation.
const LONGEST_BRIEF: usize = 160;

/// Keys that an entry without a tool may have.
const PLAIN: [&str; 7] = ["path", "method", "any_method", "alias_of", "excluded", "since", "until"];

/// Everything about one entry that is not its name or its path.
pub fn check(route: &Route<'_>, language: &Language, findings: &mut Vec<Finding>) {
    let entry = route.entry;
    route.at(|at| versions::check(entry.since.as_deref(), entry.until.as_deref(), at, findings));
    match (&entry.tool, &entry.alias_of, &entry.excluded) {
        (Some(_), None, None) => tool(route, language, findings),
        (None, Some(tool), None) => {
            only_plain(route, "alias_of", findings);
            alias(route, tool, findings);
        }
        (None, None, Some(reason)) => {
            only_plain(route, "excluded", findings);
            if reason.trim().is_empty() {
                let spot = route.at(|at| at.key("excluded").at_value());
                findings.push(Finding::new(spot, "`excluded` gives no reason").label("why is it no tool?"));
            }
        }
        (None, None, None) => {
            let spot = route.at(|at| at.at_key());
            let finding = Finding::new(spot, format!("the route {} is not classified", entry.path));
            findings.push(finding.label("needs one of `tool`, `alias_of` and `excluded`"));
        }
        _ => {
            let said: Vec<&str> = ["tool", "alias_of", "excluded"].into_iter().filter(|key| route.says(key)).collect();
            let (first, second) = (said.first().copied().unwrap_or_default(), said.get(1).copied().unwrap_or_default());
            let finding = Finding::new(
                route.at(|at| at.key(second).at_key()),
                format!("a route is either `{first}` or `{second}`"),
            );
            findings.push(
                finding.label("one of them must go").also(route.at(|at| at.key(first).at_key()), "already said here"),
            );
        }
    }
}

fn alias(route: &Route<'_>, tool: &str, findings: &mut Vec<Finding>) {
    if let Lookup::Missing = route.draft.tool(tool) {
        let spot = route.at(|at| at.key("alias_of").at_value());
        let near = nearest(tool, route.draft.tool_names());
        findings.push(
            Finding::new(spot, format!("there is no tool `{tool}`")).label("alias of an unknown tool").instead(near),
        );
    }
}

fn only_plain(route: &Route<'_>, reason: &str, findings: &mut Vec<Finding>) {
    for (key, _) in route.node.pairs().iter().filter(|(key, _)| !PLAIN.contains(&key.as_str())) {
        let finding = Finding::new(route.at(|at| at.key(key).at_key()), format!("`{key}` does not go with `{reason}`"));
        let finding = finding.label("nothing but path, method and version is said of such a route");
        findings.push(finding.also(route.at(|at| at.key(reason).at_key()), format!("because of `{reason}`")));
    }
}

fn tool(route: &Route<'_>, language: &Language, findings: &mut Vec<Finding>) {
    texts(route, language, findings);
    access::check(route, findings);
    request::check(route, findings);
    response::check(route, findings);
    batch::check(route, findings);
    errors::check(route, findings);
    recipes::check(route, findings);
    examples::check(route, findings);
}

fn texts(route: &Route<'_>, language: &Language, findings: &mut Vec<Finding>) {
    let entry = route.entry;
    let keywords = &entry.keywords;
    let needed = [
        ("title", entry.title.trim().is_empty()),
        ("title_zh", entry.title_zh.trim().is_empty()),
        ("brief", entry.brief.trim().is_empty()),
        ("summary", entry.summary.trim().is_empty()),
        ("keywords", !route.says("keywords")),
        ("role", entry.role.is_none()),
        ("danger", entry.danger.is_none()),
        ("danger_reason", entry.danger_reason.trim().is_empty()),
        ("cost", entry.cost.is_none()),
        ("request", entry.request.is_none()),
        ("examples", entry.examples.is_empty()),
    ];
    for (key, _) in needed.into_iter().filter(|(_, missing)| *missing) {
        let (spot, message) = match route.says(key) {
            true => (route.at(|at| at.key(key).at_value()), format!("`{key}` is empty")),
            false => (route.at(|at| at.at_key()), format!("`{key}` is missing")),
        };
        let mut finding = Finding::new(spot, message).label("a tool needs it");
        if let Some(doc) = language.doc("Entry", key) {
            finding = finding.help(format!("`{key}`: {doc}"));
        }
        findings.push(finding);
    }
    for (key, words) in [("en", &keywords.en), ("zh", &keywords.zh)] {
        if words.is_empty() && route.says("keywords") {
            let spot = route.at(|at| at.key("keywords").at_key());
            findings.push(
                Finding::new(spot, format!("there are no `keywords.{key}`"))
                    .label("words to find the tool by, in English and Chinese"),
            );
        }
        for (position, word) in words.iter().enumerate() {
            let told = if word.trim().is_empty() {
                "a keyword is empty".to_owned()
            } else if words.iter().take(position).any(|earlier| earlier == word) {
                format!("the keyword `{word}` is written twice")
            } else {
                continue;
            };
            let spot = route.at(|at| at.key("keywords").key(key).item(position).at_value());
            findings.push(Finding::new(spot, told).label("take it away"));
        }
    }
    let length = entry.brief.chars().count();
    if length > LONGEST_BRIEF {
        let finding =
            Finding::new(route.at(|at| at.key("brief").at_value()), format!("`brief` has {length} characters"));
        findings.push(
            finding
                .label(format!("at most {LONGEST_BRIEF}"))
                .help("it is paid for in every conversation; the whole text goes to `summary`"),
        );
    }
    if entry.timeout == Some(0) {
        let spot = route.at(|at| at.key("timeout").at_value());
        findings.push(Finding::new(spot, "`timeout` is 0 seconds").label("nothing could ever answer"));
    }
}
