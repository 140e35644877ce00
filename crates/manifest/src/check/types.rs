//! Shapes under `types`: used, defined once, not inside themselves.

use std::collections::HashSet;

use super::{draft::Draft, fields};
use crate::{
    finding::Finding,
    model::{Domain, Field, Shape, Unique},
    path::At,
};

/// Every shape of every file.
pub fn check(draft: &Draft<'_>, findings: &mut Vec<Finding>) {
    let mut used_shared = HashSet::new();
    for (domain, written) in draft.manifest.domains.iter().zip(&draft.domains) {
        let mut used = HashSet::new();
        uses_of_domain(domain, &mut used);
        let file = At::file(written.file);
        let at = file.key("types");
        for (name, shape) in domain.types.iter() {
            let here = at.key(name);
            if let (Some(_), Some(shared)) = (draft.manifest.shared.types.get(name), draft.shared_file) {
                let finding = Finding::new(here.at_key(), format!("the shape `{name}` is defined twice"));
                let finding = finding
                    .label("hides the shared one")
                    .also(At::file(shared).key("types").key(name).at_key(), "already defined here");
                findings.push(finding.help("give it another name, or use the shared one"));
            } else if !used.contains(name) && !draft.known.broken_entries {
                let finding = Finding::new(here.at_key(), format!("nothing uses the shape `{name}`"));
                findings.push(finding.label("refer to it with `of`, or take it away"));
            }
            check_shape(draft, Some(domain), name, shape, &here, findings);
        }
        used_shared.extend(used.into_iter().filter(|name| domain.types.get(name).is_none()).map(str::to_owned));
    }
    let Some(file) = draft.shared_file else { return };
    let shared = &draft.manifest.shared;
    for (_, shape) in shared.types.iter() {
        let mut used = HashSet::new();
        uses(&shape.fields, &mut used);
        used_shared.extend(used.into_iter().map(str::to_owned));
    }
    let file = At::file(file);
    let at = file.key("types");
    for (name, shape) in shared.types.iter() {
        if !used_shared.contains(name) && !draft.known.broken_entries && !draft.known.broken_files {
            let finding = Finding::new(at.key(name).at_key(), format!("nothing uses the shape `{name}`"));
            findings.push(finding.label("refer to it with `of`, or take it away"));
        }
        check_shape(draft, None, name, shape, &at.key(name), findings);
    }
}

fn check_shape(
    draft: &Draft<'_>,
    domain: Option<&Domain>,
    name: &str,
    shape: &Shape,
    at: &At<'_>,
    findings: &mut Vec<Finding>,
) {
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        || !name.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        let finding = Finding::new(at.at_key(), format!("`{name}` is no name of a shape"));
        findings.push(finding.label("letters, digits and `_`, a letter first: it becomes the name of a Rust type"));
    }
    if shape.doc.trim().is_empty() {
        findings.push(
            Finding::new(at.key("doc").at_value(), format!("the shape `{name}` has no `doc`"))
                .label("say what such an object is"),
        );
    }
    let mut open = vec![name];
    if let Some(way) = circle(draft, domain, shape, &mut open) {
        let finding = Finding::new(at.at_key(), format!("the shape `{name}` contains itself"));
        findings.push(finding.label(way).help("a shape is a tree; use `type: any` where it has no end"));
    }
    let scope = fields::Scope { draft, domain, side: fields::Side::Shape };
    fields::check_all(&scope, &shape.fields, &at.key("fields"), findings);
}

/// The way from a shape back to itself, in words.
fn circle<'a>(
    draft: &'a Draft<'_>,
    domain: Option<&'a Domain>,
    shape: &'a Shape,
    open: &mut Vec<&'a str>,
) -> Option<String> {
    let mut used = HashSet::new();
    uses(&shape.fields, &mut used);
    let mut used: Vec<&str> = used.into_iter().collect();
    used.sort_unstable();
    for name in used {
        if open.first() == Some(&name) {
            return Some(open.iter().chain([&name]).copied().collect::<Vec<_>>().join(" -> "));
        }
        let inner = domain.and_then(|domain| domain.types.get(name)).or_else(|| draft.manifest.shared.types.get(name));
        if let Some(inner) = inner.filter(|_| !open.contains(&name)) {
            open.push(name);
            let way = circle(draft, domain, inner, open);
            open.pop();
            if way.is_some() {
                return way;
            }
        }
    }
    None
}

fn uses_of_domain<'a>(domain: &'a Domain, used: &mut HashSet<&'a str>) {
    for (_, shape) in domain.types.iter() {
        uses(&shape.fields, used);
    }
    for entry in &domain.routes {
        if let Some(request) = &entry.request {
            uses(&request.fields, used);
            request.body.iter().for_each(|body| uses_of(body, used));
        }
        if let Some(data) = entry.response.as_ref().and_then(|response| response.data.as_deref()) {
            uses_of(data, used);
        }
    }
}

fn uses<'a>(fields: &'a Unique<Field>, used: &mut HashSet<&'a str>) {
    fields.iter().for_each(|(_, field)| uses_of(field, used));
}

fn uses_of<'a>(field: &'a Field, used: &mut HashSet<&'a str>) {
    used.extend(field.of.as_deref());
    uses(&field.fields, used);
    field.items.iter().for_each(|items| uses_of(items, used));
}
