//! What can be wrong with the bare text of a file, before it is YAML, and with the YAML itself.

use crate::{
    diagnostic::{Diagnostic, Place},
    source::Source,
};

/// More of one kind in one file are not told: a file indented with tabs needs one message.
const MOST: usize = 3;

/// Tabs, control characters, blanks at the ends of lines; an empty file.
pub fn check(source: &Source) -> Vec<Diagnostic> {
    let text = &source.text;
    if text.is_empty() || text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return vec![empty(source)];
    }
    let mut found = Vec::new();
    let bad: Vec<(usize, char)> = text.char_indices().filter(|(at, c)| is_bad(text, *at, *c)).collect();
    let tabs = bad.iter().filter(|(_, c)| *c == '\t');
    found.extend(tabs.take(MOST).map(|(at, _)| {
        let diagnostic = at_offset(source, *at, 1, "a tab".to_owned(), "YAML is indented with blanks");
        Diagnostic { help: Some("put blanks in its place (in a quoted text: `\\t`)".to_owned()), ..diagnostic }
    }));
    found.extend(bad.iter().filter(|(_, c)| *c != '\t').take(MOST).map(|(at, c)| {
        at_offset(source, *at, c.len_utf8(), format!("the invisible character U+{:04X}", u32::from(*c)), "take it away")
    }));
    let mut start = 0;
    let mut blanks = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let trimmed = content.trim_end_matches(' ');
        if trimmed.len() < content.len() && blanks < MOST {
            blanks += 1;
            found.push(at_offset(source, start + trimmed.len(), content.len() - trimmed.len(), "blanks at the end of a line".to_owned(), "take them away"));
        }
        start += line.len();
    }
    found
}

fn is_bad(text: &str, at: usize, c: char) -> bool {
    match c {
        '\n' => false,
        '\r' => !text.get(at + 1..).is_some_and(|rest| rest.starts_with('\n')),
        c => crate::structure::is_invisible(c),
    }
}

fn empty(source: &Source) -> Diagnostic {
    Diagnostic {
        help: Some("a domain file starts with `domain`, `title`, `title_zh`, `summary` and `routes`".to_owned()),
        ..at_offset(source, 0, 0, "the file is empty".to_owned(), "nothing is said here")
    }
}

/// What the YAML parser stumbled over.
pub fn syntax_error(source: &Source, error: &serde_yaml::Error) -> Diagnostic {
    let text = error.to_string();
    let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
    let (problem, context) = match text.split_once(", while ") {
        Some((problem, context)) => (problem, Some(context)),
        None => (text.as_str(), None),
    };
    let message = format!("not YAML: {}", without_place(problem).0);
    let offset = source.offset(line, column);
    let length = source.token(offset, None).len();
    let mut found = at_offset(source, offset, length, message, "the parser stopped here");
    if text.contains("more than one document") {
        let second = source.text.match_indices("\n---").map(|(at, _)| at + 1).last().unwrap_or(0);
        found = at_offset(source, second, 3, "not YAML of the manifest: a file is one document".to_owned(), "a second one starts here");
    }
    if let Some((words, Some((line, column)))) = context.map(without_place) {
        let offset = source.offset(line, column);
        let (line, column) = source.position(offset);
        let length = source.token(offset, None).len();
        found.secondary = Some(Place { file: source.shown.clone(), line, column, label: format!("while {words}"), length });
    }
    found.help = cure(source, offset, &text);
    found
}

/// The usual reasons of what libyaml says.
fn cure(source: &Source, offset: usize, text: &str) -> Option<String> {
    let (line, _) = source.position(offset);
    let written = source.line(line);
    if text.contains("mapping values are not allowed") {
        Some("a text that contains `: ` stands in quotes".to_owned())
    } else if text.contains("did not find expected ',' or") {
        Some("a text that contains `, `, `[`, `]`, `{` or `}` stands in quotes inside `{ … }` and `[ … ]`".to_owned())
    } else if text.contains("cannot start any token") || text.contains("did not find expected key") && written.contains(['@', '`', '%']) {
        Some("a text that starts with one of ` @ % & * ! | > stands in quotes".to_owned())
    } else {
        None
    }
}

/// Splits `words at line 3 column 5`.
fn without_place(text: &str) -> (&str, Option<(usize, usize)>) {
    let Some((words, place)) = text.rsplit_once(" at line ") else { return (text, None) };
    let numbers = place.split_once(" column ").and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)));
    (words, numbers)
}

fn at_offset(source: &Source, offset: usize, length: usize, message: String, label: &str) -> Diagnostic {
    let (line, column) = source.position(offset);
    let label = label.to_owned();
    Diagnostic { file: source.shown.clone(), line, column, message, label, help: None, suggestion: None, secondary: None, length }
}
