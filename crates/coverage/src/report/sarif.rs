//! For a code scanner: SARIF 2.1.0, one result a difference.

use serde_json::{Value, json};

use super::groups::{Group, groups, source_file};
use crate::{check::Report, diff::What, read::Problem};

/// The text.
pub fn render(report: &Report) -> String {
    let open = groups(report, false).into_iter().map(|group| result(report, &group, false));
    let blessed = groups(report, true).into_iter().map(|group| result(report, &group, true));
    let unresolved = report.unresolved.iter().map(|problem| trouble(report, problem, "unresolved"));
    let unreadable = report.unreadable.iter().map(|problem| trouble(report, problem, "unreadable"));
    let results: Vec<Value> = open.chain(blessed).chain(unresolved).chain(unreadable).collect();
    let mut rules: Vec<Value> = What::ALL.iter().map(|what| rule(what.word(), what.title())).collect();
    rules.push(rule("unresolved", "a part of the source that could not be understood"));
    rules.push(rule("unreadable", "a part of the source that could not be read"));
    let value = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "flvx-mcp coverage", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn rule(id: &str, text: &str) -> Value {
    json!({ "id": id, "shortDescription": { "text": text }, "defaultConfiguration": { "level": "error" } })
}

fn place(file: &str, line: u32) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": file.replace(' ', "%20") }, "region": { "startLine": line.max(1) } } })
}

fn result(report: &Report, group: &Group<'_>, blessed: bool) -> Value {
    let manifest = group.manifest().map(|line| place(&line.file, line.line));
    let source = group.source().map(|line| place(&source_file(report, &line.file), line.line));
    let mut places = manifest.into_iter().chain(source);
    let first: Vec<Value> = places.next().into_iter().collect();
    let related: Vec<Value> = places.collect();
    let mut value = json!({
        "ruleId": group.what.word(),
        "level": if blessed { "note" } else { "error" },
        "message": { "text": group.sentence() },
        "locations": first,
        // The same difference stays the same when lines move.
        "partialFingerprints": { "route/v1": format!("{} {} {}", group.what.word(), group.method, group.path) },
    });
    if let Value::Object(object) = &mut value {
        if !related.is_empty() {
            object.insert("relatedLocations".to_owned(), Value::Array(related));
        }
        if blessed {
            object.insert("suppressions".to_owned(), json!([{ "kind": "external", "justification": group.reason() }]));
        }
    }
    value
}

fn trouble(report: &Report, problem: &Problem, rule: &str) -> Value {
    json!({
        "ruleId": rule,
        "level": "error",
        "message": { "text": problem.text },
        "locations": [place(&source_file(report, &problem.file), problem.line)],
    })
}
