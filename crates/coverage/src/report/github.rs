//! For a workflow: annotations at the line of the manifest and at the line of the source.

use super::groups::{Group, groups, headline, source_file};
use crate::check::{Report, Verdict};

/// The text.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    for group in groups(report, false) {
        let title = format!("coverage: {}", group.what.word().replace('_', " "));
        let message = message(report, &group);
        if let Some(line) = group.manifest() {
            text.push_str(&command("error", &line.file, line.line, &title, &message));
        }
        if let Some(line) = group.source() {
            text.push_str(&command("error", &source_file(report, &line.file), line.line, &title, &message));
        }
    }
    for (problems, title) in
        [(&report.unresolved, "coverage: not understood"), (&report.unreadable, "coverage: not readable")]
    {
        for problem in problems {
            text.push_str(&command("error", &source_file(report, &problem.file), problem.line, title, &problem.text));
        }
    }
    for group in groups(report, true) {
        if let Some(line) = group.manifest() {
            let message = format!("{}; blessed: {}", group.sentence(), group.reason());
            text.push_str(&command("notice", &line.file, line.line, "coverage: blessed", &message));
        }
    }
    let level = if report.verdict == Verdict::InStep { "notice" } else { "error" };
    text.push_str(&format!("::{level} title=coverage::{}\n", data(&headline(report))));
    text
}

/// The sentence, with the other place for a reader who sees only one of both.
fn message(report: &Report, group: &Group<'_>) -> String {
    let mut places = Vec::new();
    if let Some(line) = group.manifest() {
        places.push(format!("{}:{}", line.file, line.line));
    }
    if let Some(line) = group.source() {
        places.push(format!("{}:{}", source_file(report, &line.file), line.line));
    }
    format!("{}\n{}", group.sentence(), places.join("  "))
}

fn command(level: &str, file: &str, line: u32, title: &str, message: &str) -> String {
    format!("::{level} file={},line={line},title={}::{}\n", property(file), property(title), data(message))
}

/// Text after `::` must not end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
