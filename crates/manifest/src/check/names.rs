//! Names of tools: their form, and that no two are the same, also on the wire and among the generated previews.

use std::collections::HashMap;

use super::draft::{Draft, Route};
use crate::{finding::Finding, model::Danger, path::Spot, suggest::listed};

/// Longer names make some clients drop a tool, because they put the server's name before it.
const LONGEST: usize = 40;

/// Form and uniqueness of every tool's name.
pub fn check(draft: &Draft<'_>, findings: &mut Vec<Finding>) {
    let mut taken: HashMap<String, (String, Spot)> = HashMap::new();
    for route in draft.routes() {
        let Some(tool) = route.entry.tool.as_deref() else { continue };
        let spot = route.at(|at| at.key("tool").at_value());
        if !form(&route, tool, &spot, findings) {
            continue;
        }
        match taken.get(&wire(tool)) {
            Some((other, first)) if other == tool => {
                let finding = Finding::new(spot, format!("tool name `{tool}` is used twice"));
                findings.push(
                    finding.label("names of tools are unique over all files").also(first.clone(), "first used here"),
                );
            }
            Some((other, first)) => {
                let finding = Finding::new(spot, format!("`{tool}` and `{other}` are the same name on the wire"));
                findings.push(
                    finding
                        .label(format!("both are spelled `{}` there", wire(tool)))
                        .also(first.clone(), "the other one"),
                );
            }
            None => {
                taken.insert(wire(tool), (tool.to_owned(), spot));
            }
        }
    }
    for route in draft.routes() {
        previews(&route, &taken, findings);
    }
}

fn form(route: &Route<'_>, tool: &str, spot: &Spot, findings: &mut Vec<Finding>) -> bool {
    let mut parts = tool.split('.');
    let prefix = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    if rest.is_empty() || !std::iter::once(&prefix).chain(&rest).all(|part| super::domain::is_name(part)) {
        let finding = Finding::new(spot.clone(), format!("`{tool}` is no name of a tool"));
        let fixed = tool.to_ascii_lowercase().replace(['-', ' '], "_");
        let near = (fixed != tool).then_some(fixed).filter(|fixed| fixed.contains('.'));
        findings.push(
            finding
                .label("written `domain.verb`: lower-case letters, digits, `_`, and dots between names")
                .instead(near),
        );
        return false;
    }
    if tool.len() > LONGEST {
        let finding = Finding::new(spot.clone(), format!("the tool name `{tool}` is too long"));
        findings.push(finding.label(format!("{} characters; at most {LONGEST}", tool.len())));
        return false;
    }
    let domain = &route.domain.domain;
    if prefix != domain && !route.domain.also.iter().any(|also| also == prefix) {
        let allowed: Vec<&str> =
            std::iter::once(domain.as_str()).chain(route.domain.also.iter().map(String::as_str)).collect();
        let finding = Finding::new(spot.clone(), format!("tool `{tool}` stands in the domain `{domain}`"));
        let near = crate::suggest::nearest(prefix, allowed.iter().copied()).map(|near| tool.replacen(prefix, near, 1));
        let finding =
            finding.label(format!("a tool of this file starts with {}", listed(allowed.iter().copied()))).instead(near);
        findings.push(finding.help("another prefix is allowed when the file names it under `also`"));
    }
    true
}

/// Every gated tool gets a preview, whose name must be free too.
fn previews(route: &Route<'_>, taken: &HashMap<String, (String, Spot)>, findings: &mut Vec<Finding>) {
    let (Some(tool), Some(Danger::Dangerous | Danger::Critical)) = (route.entry.tool.as_deref(), route.entry.danger)
    else {
        return;
    };
    let Some((prefix, verb)) = tool.rsplit_once('.') else { return };
    let preview = format!("{prefix}.preview_{verb}");
    let spot = || route.at(|at| at.key("tool").at_value());
    if preview.len() > LONGEST && tool.len() <= LONGEST {
        let finding = Finding::new(spot(), format!("the name of its preview, `{preview}`, is too long"));
        findings.push(finding.label(format!("{} characters; at most {LONGEST}", preview.len())));
    }
    if let Some((other, place)) = taken.get(&wire(&preview)) {
        let finding = Finding::new(place.clone(), format!("`{other}` is the name of the preview of `{tool}`"));
        findings.push(finding.label("generated for every gated tool").also(spot(), "the gated tool"));
    }
}

/// The spelling on the wire.
fn wire(tool: &str) -> String {
    tool.replace('.', "_")
}
