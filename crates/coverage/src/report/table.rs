//! For a person at a terminal.

use super::groups::{Group, groups, headline, source_file};
use crate::{check::Report, diff::What, read::Problem};

/// The text.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    text.push_str(&format!("panel      {}", report.from));
    if report.files > 0 {
        text.push_str(&format!(
            ", {} files, {} routes, read in {} ms",
            report.files,
            report.facts.routes.len(),
            report.took_ms
        ));
    }
    text.push_str(&format!("\nmanifest   {} entries for panel {}\n", report.comparison.entries, report.version));
    if !report.missing.is_empty() {
        text.push_str(&format!("not there  {}\n", report.missing.join(", ")));
    }
    let open = groups(report, false);
    for what in What::ALL {
        let of_kind: Vec<&Group<'_>> = open.iter().filter(|group| group.what == what).collect();
        if !of_kind.is_empty() {
            text.push_str(&format!("\n{} ({})\n", what.title(), of_kind.len()));
            for group in of_kind {
                one(&mut text, report, group);
            }
        }
    }
    problems(&mut text, report, "not understood", &report.unresolved);
    problems(&mut text, report, "not readable", &report.unreadable);
    let blessed = groups(report, true);
    if !blessed.is_empty() {
        text.push_str(&format!("\nblessed ({})\n", blessed.len()));
        for group in blessed {
            text.push_str(&format!(
                "  {} {}  {}: {}\n      {}\n",
                group.method,
                group.path,
                group.what.word(),
                group.text(),
                group.reason()
            ));
        }
    }
    if !report.comparison.excluded.is_empty() {
        text.push_str(&format!("\nexcluded in the manifest ({})\n", report.comparison.excluded.len()));
        for (path, reason) in &report.comparison.excluded {
            text.push_str(&format!("  {path}  {reason}\n"));
        }
    }
    text.push_str(&format!("\n{}\n", headline(report)));
    text
}

fn one(text: &mut String, report: &Report, group: &Group<'_>) {
    text.push_str(&format!("  {} {}  {}\n", group.method, group.path, group.text()));
    let mut places = Vec::new();
    if let Some(line) = group.manifest() {
        places.push(format!("{}:{}", line.file, line.line));
    }
    if let Some(line) = group.source() {
        places.push(format!("{}:{}", source_file(report, &line.file), line.line));
    }
    if !places.is_empty() {
        text.push_str(&format!("      {}\n", places.join("  ")));
    }
}

fn problems(text: &mut String, report: &Report, title: &str, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title} ({})\n", problems.len()));
    for problem in problems {
        text.push_str(&format!("  {}:{}  {}\n", source_file(report, &problem.file), problem.line, problem.text));
    }
}
