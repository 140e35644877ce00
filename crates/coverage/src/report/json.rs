//! For a program.

use serde_json::{Map, Value, json};

use super::groups::{headline, source_file};
use crate::{
    check::Report,
    diff::{Difference, What},
    locate::Line,
    read::Problem,
};

/// The text.
pub fn render(report: &Report) -> String {
    let mut differences = Map::new();
    for what in What::ALL {
        let of_kind = report.comparison.differences.iter().filter(|difference| difference.what == what);
        differences.insert(what.word().to_owned(), of_kind.map(|difference| one(report, difference)).collect());
    }
    let problems = |list: &[Problem]| -> Value {
        let each = list.iter().map(|problem| json!({ "file": source_file(report, &problem.file), "line": problem.line, "problem": problem.text }));
        each.collect()
    };
    let excluded: Vec<Value> =
        report.comparison.excluded.iter().map(|(path, reason)| json!({ "path": path, "reason": reason })).collect();
    let value = json!({
        "verdict": report.verdict.word(),
        "exit_code": report.verdict.code(),
        "text": headline(report),
        "panel_version": report.version,
        "from": report.from,
        "files": report.files,
        "read_ms": u64::try_from(report.took_ms).unwrap_or(u64::MAX),
        "routes": { "manifest": report.comparison.entries, "panel": report.facts.routes.len(), "matched": report.comparison.matched },
        "differences": differences,
        "unresolved": problems(&report.unresolved),
        "unreadable": problems(&report.unreadable),
        "missing_packages": report.missing,
        "excluded": excluded,
    });
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn one(report: &Report, difference: &Difference) -> Value {
    let line = |line: &Line, source: bool| {
        let file = if source { source_file(report, &line.file) } else { line.file.clone() };
        json!({ "file": file, "line": line.line })
    };
    let mut value = json!({
        "method": difference.method,
        "path": difference.path,
        "manifest": difference.here,
        "panel": difference.there,
        "manifest_at": difference.manifest.as_ref().map(|at| line(at, false)),
        "panel_at": difference.source.as_ref().map(|at| line(at, true)),
    });
    if let Value::Object(object) = &mut value {
        if !difference.key.is_empty() {
            object.insert("key".to_owned(), json!(difference.key));
        }
        if let Some(reason) = &difference.blessed {
            object.insert("blessed".to_owned(), json!(reason));
        }
    }
    value
}
