//! The text of one file, with the arithmetic between lines, columns (in characters) and bytes.

use std::ops::Range;

/// One file as it was read.
#[derive(Debug)]
pub struct Source {
    /// Name as shown: `routes/node.yaml`.
    pub shown: String,
    /// Its text; empty when it is not UTF-8.
    pub text: String,
    lines: Vec<usize>,
}

impl Source {
    /// A file with its text.
    pub fn new(shown: String, text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { shown, text, lines }
    }

    /// The text of a line (from 1) without its end.
    pub fn line(&self, line: usize) -> &str {
        let start = self.line_start(line);
        let rest = self.text.get(start..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }

    /// The byte at which a line (from 1) starts.
    pub fn line_start(&self, line: usize) -> usize {
        self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len())
    }

    /// The byte at a line and column (both from 1), moved to the end of the line or file when beyond it.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let text = self.line(line);
        let within = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
        self.line_start(line) + within
    }

    /// Line and column (from 1) of a byte.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.line_start(line);
        let column = self.text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
        (line.max(1), column)
    }

    /// The token that starts at a byte: a quoted text, a plain one, a key, or one character.
    pub fn token(&self, start: usize, known: Option<&str>) -> Range<usize> {
        let (line, _) = self.position(start);
        let end_of_line = self.line_start(line) + self.line(line).len();
        let rest = self.text.get(start..end_of_line).unwrap_or_default();
        start..start + token_length(rest, known)
    }
}

/// Length of the YAML token at the start of a line's rest; `known` is its meaning when it is plain text.
fn token_length(rest: &str, known: Option<&str>) -> usize {
    if let Some(known) = known.filter(|known| !known.is_empty() && rest.starts_with(known)) {
        return known.len();
    }
    match rest.chars().next() {
        Some('"') => quoted_length(rest, '"'),
        Some('\'') => quoted_length(rest, '\''),
        Some(first @ ('{' | '}' | '[' | ']' | ',')) => first.len_utf8(),
        Some('-') if rest.starts_with("- ") => 1,
        Some(_) => {
            let end =
                rest.char_indices().find(|(at, c)| matches!(c, ',' | '}' | ']' | '{' | '[') || ends_plain(rest, *at));
            let length = end.map_or(rest.len(), |(at, _)| at);
            rest.get(..length).map_or(0, |token| token.trim_end().len())
        }
        None => 0,
    }
}

fn ends_plain(rest: &str, at: usize) -> bool {
    let tail = rest.get(at..).unwrap_or_default();
    tail.starts_with(" #") || tail == ":" || tail.starts_with(": ")
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' && quote == '"' {
            escaped = true;
        } else if c == quote {
            return at + c.len_utf8();
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("x.yaml".to_owned(), text.to_owned())
    }

    #[test]
    fn columns_count_characters_and_not_bytes() {
        let source = source("a\n标题: 节点\n");
        let at = source.offset(2, 5);
        assert_eq!(&source.text[at..], "节点\n");
        assert_eq!(source.position(at), (2, 5));
    }

    #[test]
    fn a_place_beyond_the_text_is_moved_inside() {
        let source = source("ab\ncd");
        assert_eq!(source.offset(1, 99), 2);
        assert_eq!(source.offset(99, 1), 5);
        assert_eq!(source.position(99), (2, 3));
    }

    #[test]
    fn a_token_ends_where_its_yaml_ends() {
        let line = source("{ a: \"x, \\\" y\", b: plain text, c: [1] } # note");
        let token = |column| &line.text[line.token(line.offset(1, column), None)];
        assert_eq!(token(3), "a");
        assert_eq!(token(6), "\"x, \\\" y\"");
        assert_eq!(token(20), "plain text");
        assert_eq!(token(35), "[");
        assert_eq!(token(36), "1");
    }
}
