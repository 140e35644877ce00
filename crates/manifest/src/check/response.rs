//! What the panel gives: the shape of `data`, and how a list is shown.

use super::{
    draft::Route,
    fields::{self, Scope, Side},
};
use crate::{
    finding::Finding,
    model::{Answer, AnswerTo, Danger, Field, Kind, Response},
    path::At,
    shape::{data_of, follow},
    suggest::nearest,
};

/// `response` and `answer` of a tool.
pub fn check(route: &Route<'_>, findings: &mut Vec<Finding>) {
    let Some(response) = &route.entry.response else {
        form(route, findings);
        if route.entry.answer_to == AnswerTo::File {
            let spot = route.at(|at| at.key("answer_to").at_value());
            findings.push(Finding::new(spot, "`answer_to: file` without a document").label("there is no `response`"));
        }
        return;
    };
    let scope = Scope { draft: route.draft, domain: Some(route.domain), side: Side::Answer };
    route.at(|at| {
        let at = at.key("response");
        if let Some(data) = &response.data {
            fields::check(&scope, data, &at.key("data"), findings);
        }
        rows(route, response, &at, findings);
    });
    form(route, findings);
    destination(route, response, findings);
}

/// `answer_to: file` is for documents of reads: an object whose members are counted.
fn destination(route: &Route<'_>, response: &Response, findings: &mut Vec<Finding>) {
    if route.entry.answer_to != AnswerTo::File {
        return;
    }
    let spot = || route.at(|at| at.key("answer_to").at_value());
    if data_of(route.full).is_none_or(|data| data.kind != Kind::Object) {
        let finding = Finding::new(spot(), "`answer_to: file` without a document");
        findings.push(finding.label("`response.data` is to be an object, whose members the answer counts"));
    }
    if response.rows.is_some() {
        let finding = Finding::new(spot(), "`answer_to: file` on a list");
        findings.push(finding.label("a list goes into the result, where `view` makes it small"));
    }
    if route.entry.danger.is_some_and(|danger| danger >= Danger::Write) {
        let finding = Finding::new(spot(), "`answer_to: file` on a change");
        findings
            .push(finding.label("only for tools that change nothing: a repeat must be able to make the file again"));
    }
}

/// `answer` goes with the type of `data`.
fn form(route: &Route<'_>, findings: &mut Vec<Finding>) {
    let data = data_of(route.full);
    let wrong = match (route.entry.answer, data.map(|data| data.kind)) {
        (Answer::Envelope, _)
        | (Answer::Text, Some(Kind::String))
        | (Answer::Ndjson, Some(Kind::Array))
        | (Answer::Bare, Some(_)) => return,
        (Answer::Text, _) => "a text answer has `data` of type `string`",
        (Answer::Ndjson, _) => "an ndjson answer has `data` of type `array`, one item a line",
        (Answer::Bare, None) => "a bare answer is its `data`: describe it under `response.data`",
    };
    let spot = route.at(|at| at.key("answer").at_value());
    let mut finding = Finding::new(spot, "`answer` does not go with `response.data`").label(wrong);
    if data.is_some() {
        finding =
            finding.also(route.at(|at| at.key("response").key("data").key("type").at_value()), "the type of `data`");
    }
    findings.push(finding);
}

fn rows(route: &Route<'_>, response: &Response, at: &At<'_>, findings: &mut Vec<Finding>) {
    let data = data_of(route.full);
    let Some(path) = &response.rows else {
        if data.is_some_and(|data| data.kind == Kind::Array) {
            let finding = Finding::new(at.key("data").at_key(), "the answer is a list, and `rows` is missing");
            findings.push(
                finding
                    .label("say `rows: \"\"`")
                    .help("`rows` is the path to the list inside `data`; \"\" when `data` itself is the list"),
            );
        }
        for (key, said) in [("show", !response.show.is_empty()), ("row_key", response.row_key.is_some())] {
            if said && data.is_none_or(|data| data.kind != Kind::Array) {
                findings.push(
                    Finding::new(at.key(key).at_key(), format!("`{key}` without `rows`"))
                        .label("is for lists: say with `rows` where the list is"),
                );
            }
        }
        return;
    };
    let spot = at.key("rows").at_value();
    let Some(data) = data else {
        findings.push(Finding::new(spot, "`rows` without `data`").label("there is nothing to find a list in"));
        return;
    };
    let list = match follow(data, path) {
        Ok(reached) => reached.field,
        Err(lost) => {
            findings.push(
                Finding::new(spot, format!("`rows` leads nowhere: {}", lost.message))
                    .label("not in `data`")
                    .instead(lost.suggestion),
            );
            return;
        }
    };
    match list {
        Some(list) if list.kind == Kind::Array => {
            if let Some(row) = list.items.as_deref() {
                shown(response, row, at, findings);
            }
        }
        Some(_) => findings.push(
            Finding::new(spot, "`rows` leads to something that is no list").label("a path to a list inside `data`"),
        ),
        None => {}
    }
}

fn shown(response: &Response, row: &Field, at: &At<'_>, findings: &mut Vec<Finding>) {
    if row.kind != Kind::Object || (row.of.is_some() && row.fields.is_empty()) {
        return;
    }
    if response.show.is_empty() {
        let finding = Finding::new(at.key("rows").at_key(), "`show` is missing");
        findings.push(
            finding.label("which fields of a row are worth showing?").help("the four to six that a person wants first"),
        );
    }
    for (position, name) in response.show.iter().enumerate() {
        let spot = at.key("show").item(position).at_value();
        field_of_row(name, row, spot, findings);
        if response.show.iter().take(position).any(|earlier| earlier == name) {
            findings.push(
                Finding::new(at.key("show").item(position).at_value(), format!("`{name}` is shown twice"))
                    .label("take it away"),
            );
        }
    }
    if let Some(name) = &response.row_key {
        field_of_row(name, row, at.key("row_key").at_value(), findings);
    }
}

fn field_of_row(name: &str, row: &Field, spot: crate::path::Spot, findings: &mut Vec<Finding>) {
    if row.fields.get(name).is_none() {
        let near = nearest(name, row.fields.keys());
        findings.push(
            Finding::new(spot, format!("a row has no field `{name}`")).label("not a field of a row").instead(near),
        );
    }
}
