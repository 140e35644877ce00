//! Roles and the conditions that raise the danger.

use super::draft::{Route, danger_word};
use crate::{
    finding::Finding,
    fit::{Strictness, misfits},
    model::{Escalation, Field, Kind, Role},
    path::At,
    shape::request_of,
    suggest::nearest,
};

/// `role`, `least_role` and `escalate`.
pub fn check(route: &Route<'_>, findings: &mut Vec<Finding>) {
    if let (Some(role), Some(least)) = (route.entry.role, route.entry.least_role)
        && !at_least_as_strict(least, role)
    {
        let spot = route.at(|at| at.key("least_role").at_value());
        let finding = Finding::new(spot, "`least_role` is laxer than `role`");
        let finding = finding.label("the panel would refuse such a caller");
        findings.push(finding.also(route.at(|at| at.key("role").at_value()), "what the panel demands"));
    }
    let Some(request) = &route.full.request else { return };
    let whole = request_of(request);
    for (position, rule) in route.entry.escalate.iter().enumerate() {
        route.at(|at| escalation(route, rule, &whole, &at.key("escalate").item(position), findings));
    }
}

/// Whether everyone who has `least` also has `role`.
fn at_least_as_strict(least: Role, role: Role) -> bool {
    match role {
        Role::Public => true,
        Role::User => matches!(least, Role::User | Role::Admin),
        Role::Admin => least == Role::Admin,
        Role::Peer => matches!(least, Role::Peer | Role::Admin),
    }
}

fn escalation(route: &Route<'_>, rule: &Escalation, whole: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    if let Some(danger) = route.entry.danger
        && rule.to <= danger
    {
        let finding = Finding::new(
            at.key("to").at_value(),
            format!("`{}` is not above `{}`", danger_word(rule.to), danger_word(danger)),
        );
        let finding = finding.label("an escalation raises the danger");
        findings.push(finding.also(route.at(|at| at.key("danger").at_value()), "the danger without it"));
    }
    let conditions = [
        ("given", rule.given),
        ("longer_than", rule.longer_than.is_some()),
        ("equals", rule.equals.is_some()),
        ("has_key", !rule.has_key.is_empty()),
        ("one_of", !rule.one_of.is_empty()),
    ];
    let said: Vec<&str> = conditions.iter().filter(|(_, said)| *said).map(|(key, _)| *key).collect();
    match said.as_slice() {
        [_] => {}
        [] => {
            let finding = Finding::new(at.at_key(), "the escalation has no condition");
            findings.push(finding.label("needs one of `given`, `longer_than`, `equals`, `has_key` and `one_of`"));
        }
        [first, second, ..] => {
            let finding = Finding::new(
                at.key(second).at_key(),
                format!("the escalation has two conditions, `{first}` and `{second}`"),
            );
            findings.push(finding.label("write two escalations").also(at.key(first).at_key(), "the first condition"));
        }
    }
    let field = if rule.field.is_empty() && route.entry.request.as_ref().is_some_and(|request| request.body.is_some()) {
        whole
    } else {
        match whole.fields.get(&rule.field) {
            Some(field) => field,
            None => {
                let near = nearest(&rule.field, whole.fields.keys());
                let finding =
                    Finding::new(at.key("field").at_value(), format!("the request has no field `{}`", rule.field));
                let whole_body = whole.kind == Kind::Map;
                let label = if whole_body {
                    "for the whole body of free keys write `\"\"`"
                } else {
                    "not a field of the request"
                };
                findings.push(finding.label(label).instead(near));
                return;
            }
        }
    };
    condition(rule, field, at, findings);
}

/// Whether the condition can ever hold for such a field.
fn condition(rule: &Escalation, field: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    if rule.longer_than.is_some() && field.kind != Kind::Array {
        let finding = Finding::new(
            at.key("longer_than").at_key(),
            format!("`longer_than` on `{}`, which is no list", rule.field),
        );
        findings.push(finding.label("counts the items of a list").also(at.key("field").at_value(), "the field"));
    }
    if !rule.has_key.is_empty() && !matches!(field.kind, Kind::Map | Kind::Object) {
        let finding =
            Finding::new(at.key("has_key").at_key(), format!("`has_key` on `{}`, which is no map", rule.field));
        findings.push(finding.label("looks for a key in a map").also(at.key("field").at_value(), "the field"));
    }
    if let Some(value) = &rule.equals {
        for misfit in misfits(field, value, Strictness::Part) {
            findings
                .push(misfit.finding(at.key("equals").at_value(), &format!("`{}` can never equal this", rule.field)));
        }
    }
    for (position, value) in rule.one_of.iter().enumerate() {
        for misfit in misfits(field, value, Strictness::Part) {
            let spot = at.key("one_of").item(position).at_value();
            findings.push(misfit.finding(spot, &format!("`{}` can never equal this", rule.field)));
        }
    }
    if rule.reason.trim().is_empty() {
        findings.push(
            Finding::new(at.key("reason").at_value(), "`reason` is empty").label("why is it more dangerous then?"),
        );
    }
}
