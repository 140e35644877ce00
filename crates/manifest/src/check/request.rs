//! What the panel takes: the body, the fields, and what may not be left out together.

use super::{
    draft::Route,
    fields::{self, Scope, Side},
};
use crate::{
    finding::Finding,
    model::{Decoding, Kind, Location, Method, Request},
    path::At,
    suggest::nearest,
};

/// `request` of a tool.
pub fn check(route: &Route<'_>, findings: &mut Vec<Finding>) {
    let Some(request) = &route.entry.request else { return };
    let scope = Scope { draft: route.draft, domain: Some(route.domain), side: Side::Request };
    route.at(|at| {
        let at = at.key("request");
        fields::check_all(&scope, &request.fields, &at.key("fields"), findings);
        if let Some(body) = &request.body {
            fields::check(&scope, body, &at.key("body"), findings);
        }
        nested(request, &at, findings);
        body(route, request, &at, findings);
        need_one_of(request, &at, findings);
    });
}

fn body(route: &Route<'_>, request: &Request, at: &At<'_>, findings: &mut Vec<Finding>) {
    let in_body: Vec<&str> =
        request.fields.iter().filter(|(_, field)| field.location == Location::Body).map(|(name, _)| name).collect();
    if let Some(whole) = &request.body {
        if let Some(name) = in_body.first() {
            let finding = Finding::new(at.key("body").at_key(), "`body` beside fields of the body");
            findings.push(
                finding.label("it is the whole body").also(at.key("fields").key(name).at_key(), "a field of the body"),
            );
        }
        if whole.kind != Kind::Map {
            let finding = Finding::new(at.key("body").key("type").at_value(), "`body` is not a map");
            findings.push(finding.label("free keys are `type: map`; known keys stand under `fields`"));
        }
    }
    let first = match &request.body {
        Some(_) => Some(at.key("body").at_key()),
        None => in_body.first().map(|name| at.key("fields").key(name).at_key()),
    };
    let Some(first) = first else { return };
    if request.decoding == Decoding::None {
        let finding = Finding::new(first, "the panel never reads the body");
        findings.push(finding.label("would have no effect").also(at.key("decoding").at_value(), "because of this"));
    } else if route.entry.method == Method::Get {
        let finding = Finding::new(first, "a GET has no body");
        let finding = finding.label("say `in: query`, or another method");
        findings.push(finding.also(route.at(|at| at.key("method").at_value()), "because of this"));
    }
}

/// Only the fields of the request itself travel by themselves.
fn nested(request: &Request, at: &At<'_>, findings: &mut Vec<Finding>) {
    for (name, field) in request.fields.iter() {
        let here = at.key("fields");
        let here = here.key(name);
        for (inner, _) in field.fields.iter().filter(|(_, inner)| inner.location != Location::Body) {
            let finding =
                Finding::new(here.key("fields").key(inner).key("in").at_key(), format!("`in` inside `{name}`"));
            findings.push(finding.label("only the fields of the request itself travel by themselves"));
        }
    }
}

fn need_one_of(request: &Request, at: &At<'_>, findings: &mut Vec<Finding>) {
    for (position, names) in request.need_one_of.iter().enumerate() {
        let list = at.key("need_one_of");
        let list = list.item(position);
        if names.is_empty() {
            findings.push(Finding::new(list.at_key(), "`need_one_of` has an empty list").label("one of what?"));
        }
        for (position, name) in names.iter().enumerate() {
            let spot = list.item(position).at_value();
            match request.fields.get(name) {
                None => {
                    let near = nearest(name, request.fields.keys());
                    findings.push(
                        Finding::new(spot, format!("the request has no field `{name}`"))
                            .label("not a field of the request")
                            .instead(near),
                    );
                }
                Some(field) if field.required => {
                    let finding =
                        Finding::new(spot, format!("`{name}` is required anyway")).label("the demand always holds");
                    findings.push(finding.also(at.key("fields").key(name).key("required").at_key(), "required here"));
                }
                Some(_) => {}
            }
        }
    }
}
