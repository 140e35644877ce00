//! Paths: their form, their parameters, and that no route stands in the manifest twice.

use std::collections::HashMap;

use super::draft::{Draft, Route};
use crate::{
    finding::Finding,
    model::{Location, Method, Unique},
    path::Spot,
};

/// Where every route of the panel's API lives.
const PREFIX: &str = "/api/v1/";

/// Form, parameters and uniqueness of every path.
pub fn check(draft: &Draft<'_>, findings: &mut Vec<Finding>) {
    let mut seen: HashMap<String, Vec<(Method, bool, Spot)>> = HashMap::new();
    for route in draft.routes() {
        let spot = route.at(|at| at.key("path").at_value());
        if !form(&route, &spot, findings) {
            continue;
        }
        if route.entry.tool.is_some() {
            parameters(&route, &spot, findings);
        }
        let earlier = seen.entry(without_names(&route.entry.path)).or_default();
        let (method, any) = (route.entry.method, route.entry.any_method);
        match earlier.iter().find(|(other, other_any, _)| *other == method || any || *other_any) {
            Some((_, _, first)) => {
                let finding = Finding::new(
                    spot,
                    format!("{} {} stands in the manifest twice", method_word(method), route.entry.path),
                );
                findings.push(finding.label("a route is described once").also(first.clone(), "first described here"));
            }
            None => earlier.push((method, any, spot)),
        }
    }
}

fn form(route: &Route<'_>, spot: &Spot, findings: &mut Vec<Finding>) -> bool {
    let path = route.entry.path.as_str();
    let Some(rest) = path.strip_prefix(PREFIX) else {
        let fixed = format!("{PREFIX}{}", path.trim_start_matches("/api/v1").trim_start_matches('/'));
        let finding = Finding::new(spot.clone(), format!("the path `{path}` does not start with `{PREFIX}`"));
        findings.push(finding.label("the whole path, with its prefix").instead(Some(fixed)));
        return false;
    };
    let wrong = if rest.is_empty() || rest.split('/').any(str::is_empty) {
        Some("an empty part between slashes")
    } else if rest.split('/').any(|part| part == "." || part == "..") {
        Some("a part that is a dot")
    } else if rest.contains(['?', '#']) {
        Some("queries are fields with `in: query`")
    } else if !rest.split('/').all(|part| {
        is_parameter(part) || part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    }) {
        Some("letters, digits, `_`, `-`, `.`; a parameter is a whole part: `{id}`")
    } else {
        None
    };
    if let Some(label) = wrong {
        findings.push(Finding::new(spot.clone(), format!("the path `{path}` is not clean")).label(label));
    }
    wrong.is_none()
}

fn is_parameter(part: &str) -> bool {
    let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
    name.is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Every `{name}` has its field, and every field with `in: path` its `{name}`.
fn parameters(route: &Route<'_>, spot: &Spot, findings: &mut Vec<Finding>) {
    let none = Unique::default();
    let fields = route.entry.request.as_ref().map_or(&none, |request| &request.fields);
    let names: Vec<&str> = route
        .entry
        .path
        .split('/')
        .filter(|part| is_parameter(part))
        .map(|part| part.trim_matches(['{', '}']))
        .collect();
    for (position, name) in names.iter().enumerate() {
        if names.iter().take(position).any(|earlier| earlier == name) {
            findings.push(
                Finding::new(spot.clone(), format!("the parameter `{{{name}}}` stands in the path twice"))
                    .label("each once"),
            );
        } else if fields.get(name).is_none_or(|field| field.location != Location::Path) {
            let finding = Finding::new(spot.clone(), format!("the parameter `{{{name}}}` has no field"));
            findings
                .push(finding.label(format!("`request.fields` needs `{name}` with `in: path` and `required: true`")));
        }
    }
    for (name, _) in fields.iter().filter(|(name, field)| field.location == Location::Path && !names.contains(name)) {
        let spot = route.at(|at| at.key("request").key("fields").key(name).key("in").at_value());
        let finding =
            Finding::new(spot, format!("`{name}` is said to be in the path, but the path has no `{{{name}}}`"));
        findings.push(finding.label("not a parameter").also(route.at(|at| at.key("path").at_value()), "the path"));
    }
}

/// `/x/{id}` and `/x/{name}` are one route.
fn without_names(path: &str) -> String {
    path.split('/').map(|part| if is_parameter(part) { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

fn method_word(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
    }
}
