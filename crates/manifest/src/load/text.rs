//! What can be wrong with the bare text of a file, before it is YAML, and with the YAML itself.

use crate::{
    diagnostic::{Diagnostic, Place},
    source::Source,
    structure::is_invisible,
    yaml,
};

/// More of one kind in one file are not told: a file indented with tabs needs one message.
const MOST: usize = 3;

/// What a look at the bare text has found.
#[derive(Default)]
pub struct Look {
    /// Mistakes.
    pub diagnostics: Vec<Diagnostic>,
    /// The invisible characters that have been told.
    pub invisible: Vec<char>,
}

/// Tabs, control characters, marks of drafts, blanks at the ends of lines; an empty file.
pub fn look(source: &Source) -> Look {
    let text = &source.text;
    if is_empty(text) {
        return Look { diagnostics: vec![empty(source)], invisible: Vec::new() };
    }
    let bad: Vec<(usize, char)> =
        text.char_indices().filter(|(at, c)| is_invisible(*c) && is_bad(text, *at, *c)).collect();
    let mut found = Look { diagnostics: Vec::new(), invisible: bad.iter().map(|(_, c)| *c).collect() };
    let tabs = bad.iter().filter(|(_, c)| *c == '\t');
    found.diagnostics.extend(tabs.take(MOST).map(|(at, _)| {
        let diagnostic = at_offset(source, *at, 1, "a tab".to_owned(), "YAML is indented with blanks");
        Diagnostic { help: Some("put blanks in its place (in a quoted text: `\\t`)".to_owned()), ..diagnostic }
    }));
    found.diagnostics.extend(bad.iter().filter(|(_, c)| *c != '\t').take(MOST).map(|(at, c)| {
        at_offset(source, *at, c.len_utf8(), format!("the invisible character U+{:04X}", u32::from(*c)), "take it away")
    }));
    found.diagnostics.extend(drafts(source));
    found.diagnostics.extend(trailing_blanks(source));
    found
}

/// What `flvx-mcp scaffold` leaves for a person: a draft that nobody has finished must not reach a build.
fn drafts(source: &Source) -> Vec<Diagnostic> {
    let marks = source.text.match_indices("FIXME").take(MOST);
    let told = marks.map(|(offset, mark)| {
        let diagnostic = at_offset(
            source,
            offset,
            mark.len(),
            "FIXME: a draft that nobody has finished".to_owned(),
            "say it and take the mark away",
        );
        Diagnostic { help: Some("what stands after the mark tells what is asked for".to_owned()), ..diagnostic }
    });
    told.collect()
}

fn trailing_blanks(source: &Source) -> Vec<Diagnostic> {
    let lines = source.text.lines().enumerate().filter(|(_, line)| line.ends_with(' '));
    let told = lines.take(MOST).map(|(position, line)| {
        let kept = line.trim_end_matches(' ').len();
        let offset = source.line_start(position + 1) + kept;
        at_offset(source, offset, line.len() - kept, "blanks at the end of a line".to_owned(), "take them away")
    });
    told.collect()
}

/// The end of a line is no mistake, also not in the style of Windows.
fn is_bad(text: &str, at: usize, c: char) -> bool {
    c != '\n' && !(c == '\r' && text.get(at..).is_some_and(|rest| rest.starts_with("\r\n")))
}

/// Whether there is nothing but comments, the start of a document, or `null`.
fn is_empty(text: &str) -> bool {
    let meaning = |line: &str| !line.is_empty() && !line.starts_with('#');
    text.lines().map(str::trim).filter(|line| meaning(line)).all(|line| matches!(line, "---" | "..." | "~" | "null"))
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
    if text.contains(yaml::NO_TAG) {
        found.message = "a YAML tag (`!name`) is not part of the language".to_owned();
        found.label = "a text that starts with `!` stands in quotes".to_owned();
    } else if text.contains(yaml::NO_NUMBER) {
        found.message = "infinity and not-a-number are no JSON".to_owned();
        found.label = "cannot be sent".to_owned();
    } else if text.contains("more than one document") {
        let second = source.text.match_indices("\n---").map(|(at, _)| at + 1).last().unwrap_or(0);
        found = at_offset(
            source,
            second,
            3,
            "not YAML of the manifest: a file is one document".to_owned(),
            "a second one starts here",
        );
    }
    if let Some((words, Some((line, column)))) = context.map(without_place) {
        let offset = source.offset(line, column);
        let (line, column) = source.position(offset);
        let length = source.token(offset, None).len();
        found.secondary =
            Some(Place { file: source.shown.clone(), line, column, label: format!("while {words}"), length });
    }
    found.help = cure(&text);
    found
}

/// The usual reasons of what libyaml says.
fn cure(text: &str) -> Option<String> {
    if text.contains("mapping values are not allowed") {
        Some("a text that contains `: ` stands in quotes".to_owned())
    } else if text.contains("did not find expected ',' or") {
        Some("a text that contains `, `, `[`, `]`, `{` or `}` stands in quotes inside `{ … }` and `[ … ]`".to_owned())
    } else if text.contains("cannot start any token") {
        Some("a text that starts with one of ` @ % & * ! | > stands in quotes".to_owned())
    } else if text.contains("did not find expected node content") {
        Some("a bracket that is opened is closed again".to_owned())
    } else if text.contains("unknown anchor") {
        Some("a text that starts with `*` stands in quotes".to_owned())
    } else {
        None
    }
}

/// Splits `words at line 3 column 5`.
fn without_place(text: &str) -> (&str, Option<(usize, usize)>) {
    let Some((words, place)) = text.rsplit_once(" at line ") else { return (text, None) };
    let numbers =
        place.split_once(" column ").and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)));
    (words, numbers)
}

fn at_offset(source: &Source, offset: usize, length: usize, message: String, label: &str) -> Diagnostic {
    let (line, column) = source.position(offset);
    let label = label.to_owned();
    Diagnostic {
        file: source.shown.clone(),
        line,
        column,
        message,
        label,
        help: None,
        suggestion: None,
        secondary: None,
        length,
    }
}
