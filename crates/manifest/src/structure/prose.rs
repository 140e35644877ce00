//! Hygiene of the texts that people and models read: nothing invisible in them.

use crate::{finding::Finding, path::At};

/// Keys whose text must be exactly the panel's, blanks at its ends included.
const VERBATIM: [&str; 3] = ["msg", "prefix", "contains"];

/// Tells blanks at the ends of a text and characters that nobody can see.
pub fn check(text: &str, told: &[char], at: &At<'_>, key: Option<&str>, findings: &mut Vec<Finding>) {
    if let Some(bad) = text.chars().find(|c| *c != '\n' && is_invisible(*c) && !told.contains(c)) {
        let finding =
            Finding::new(at.at_value(), format!("the text holds the invisible character U+{:04X}", u32::from(bad)));
        findings.push(finding.label("write it without"));
    }
    if key.is_some_and(|key| VERBATIM.contains(&key)) {
        return;
    }
    if text.lines().any(|line| line.ends_with(' ')) || text.starts_with(' ') {
        findings.push(Finding::new(at.at_value(), "the text starts or ends with a blank").label("take the blank away"));
    }
}

/// Control characters, zero-width ones, and those that turn the direction of writing.
pub fn is_invisible(c: char) -> bool {
    !matches!(c, ' '..='~')
        && (c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{ad}'))
}
