//! Examples: each must be a call that the gateway would let through, because each becomes a test.

use serde_json::{Map, Value};

use super::draft::Route;
use crate::{
    finding::Finding,
    fit::{Strictness, misfits},
    model::{ErrorRule, Example},
    path::At,
    shape::{data_of, request_of},
    suggest::{listed, nearest},
};

/// `examples` of a tool.
pub fn check(route: &Route<'_>, findings: &mut Vec<Finding>) {
    let examples = &route.full.examples;
    for (position, example) in examples.iter().enumerate() {
        route.at(|at| {
            let at = at.key("examples");
            let here = at.item(position);
            if example.name.trim().is_empty() {
                findings.push(
                    Finding::new(here.key("name").at_value(), "the example has no name").label("what does it show?"),
                );
            }
            if let Some(first) = examples.iter().take(position).position(|earlier| earlier.name == example.name) {
                let finding =
                    Finding::new(here.key("name").at_value(), format!("two examples are called `{}`", example.name));
                findings.push(
                    finding
                        .label("names of a route's examples differ")
                        .also(at.item(first).key("name").at_value(), "the first one"),
                );
            }
            request(route, example, &here, findings);
            expected(route, example, &here.key("expect"), findings);
        });
    }
}

fn request(route: &Route<'_>, example: &Example, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Some(request) = &route.full.request else { return };
    let empty = Value::Object(Map::new());
    let given = if example.request.is_null() { &empty } else { &example.request };
    for misfit in misfits(&request_of(request), given, Strictness::Whole) {
        findings.push(misfit.finding(at.key("request").at_value(), "the example does not fit the request"));
    }
    for names in &request.need_one_of {
        if !names.is_empty() && !names.iter().any(|name| given.get(name).is_some()) {
            let finding =
                Finding::new(at.key("request").at_value(), "the example does not fit the request: `need_one_of`");
            findings.push(finding.label(format!("one of {} must be given", listed(names.iter().map(String::as_str)))));
        }
    }
}

fn expected(route: &Route<'_>, example: &Example, at: &At<'_>, findings: &mut Vec<Finding>) {
    let expect = &example.expect;
    match (&expect.error, expect.code) {
        (None, 0) => {}
        (None, code) => {
            let finding = Finding::new(at.key("code").at_value(), format!("code {code} without `error`"));
            findings.push(finding.label("which of the route's errors is it?"));
        }
        (Some(_), 0) => {
            findings.push(
                Finding::new(at.key("error").at_value(), "`error` with code 0")
                    .label("say the envelope code too: `code: -1`"),
            );
        }
        (Some(key), code) => error(route, key, code, at, findings),
    }
    let Some(part) = &expect.data else { return };
    match data_of(route.full) {
        None => {
            findings.push(
                Finding::new(at.key("data").at_key(), "`expect.data` without `response.data`")
                    .label("the route answers no data"),
            );
        }
        Some(data) => {
            for misfit in misfits(data, part, Strictness::Part) {
                findings.push(misfit.finding(at.key("data").at_value(), "`expect.data` does not fit `response.data`"));
            }
        }
    }
}

fn error(route: &Route<'_>, key: &str, code: i64, at: &At<'_>, findings: &mut Vec<Finding>) {
    let shared = &route.draft.manifest.shared.errors;
    let common = route.entry.common_errors.iter().filter_map(|name| shared.get(name));
    let rules: Vec<&ErrorRule> = route.entry.errors.iter().chain(common).collect();
    if rules.iter().any(|rule| rule.key == key && rule.code == code) {
        return;
    }
    let broken = &route.draft.known;
    if broken.broken_shared || !broken.errors.is_empty() {
        return;
    }
    if let Some(rule) = rules.iter().find(|rule| rule.key == key) {
        let finding = Finding::new(at.key("code").at_value(), format!("the error `{key}` has the code {}", rule.code));
        findings.push(finding.label("another code").also(at.key("error").at_value(), "the error"));
    } else {
        let near = nearest(key, rules.iter().map(|rule| rule.key.as_str()));
        let finding = Finding::new(at.key("error").at_value(), format!("the route has no error `{key}`"));
        findings.push(finding.label("neither under `errors` nor under `common_errors`").instead(near));
    }
}
