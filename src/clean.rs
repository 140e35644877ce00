//! Removes from panel text what a person cannot see but a model reads: control, zero-width and bidirectional characters,
//! tag characters, terminal sequences as a whole; and cuts what is too long. The panel's users choose these texts, and an
//! administrator's agent reads them.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

/// Whether a character is removed from texts. Tab and line breaks stay.
fn hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Most characters of one text that are shown.
pub const MOST_CHARACTERS: usize = 4_000;

/// A text without hidden characters and terminal sequences, cut where it is too long.
pub fn clean_text(text: &str) -> Cow<'_, str> {
    if !text.contains(hidden) && text.len() <= MOST_CHARACTERS {
        return Cow::Borrowed(text);
    }
    let (mut sieve, mut clean) = (Sieve::default(), String::with_capacity(text.len().min(MOST_CHARACTERS)));
    clean.extend(text.chars().filter(|c| sieve.keeps(Some(*c))));
    clean.push_str(&sieve.note());
    Cow::Owned(clean)
}

/// A value whose texts, keys included, hold no hidden characters.
pub fn clean_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean_text(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(clean_value).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (clean_text(&key).into_owned(), clean_value(value))).collect()
        }
        other => other,
    }
}

/// JSON text whose strings hold no hidden characters and which is one line (stdio and SSE frame by lines).
pub(crate) fn clean_json(json: Bytes) -> Bytes {
    if !suspicious(&json) && !has_long_text(&json) {
        return json;
    }
    match std::str::from_utf8(&json) {
        Ok(text) => Bytes::from(rewrite(text)),
        Err(_) => json,
    }
}

/// Whether a text in it may have more bytes than are shown of one. Looks at few bytes: a text that long has no quote for as long.
fn has_long_text(json: &[u8]) -> bool {
    let mut from = 0;
    while let Some(window) = json.get(from..from + MOST_CHARACTERS) {
        match last_quote(window) {
            Some(at) => from += at + 1,
            None => return true,
        }
    }
    false
}

/// The last quote that ends or begins a text. One behind a backslash is part of it.
fn last_quote(window: &[u8]) -> Option<usize> {
    memchr::memrchr_iter(b'"', window)
        .find(|at| at.checked_sub(1).and_then(|before| window.get(before)) != Some(&b'\\'))
}

/// A quick look that may cry wolf but misses nothing: raw control bytes, `\u` escapes, and the lead bytes of hidden characters.
fn suspicious(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| LOOK_TWICE.get(usize::from(*byte)) == Some(&true)) {
        let found = rest.get(at..).unwrap_or_default();
        let [byte, next, ..] = found else { return true };
        let next = *next;
        let hit = match byte {
            0..=0x1f | 0x7f => true,
            b'\\' => next == b'u',
            0xc2 => next < 0xa0 || next == 0xad,
            0xcd => next == 0x8f,
            0xd8 => next == 0x9c,
            0xe1 => matches!(next, 0x85 | 0x9e | 0xa0),
            0xe2 => matches!(next, 0x80 | 0x81),
            0xe3 => next == 0x85,
            0xef => matches!(next, 0xb8 | 0xbb | 0xbe | 0xbf),
            0xf0 => matches!(next, 0x9b | 0x9d),
            _ => next == 0xa0,
        };
        if hit {
            return true;
        }
        // What follows a backslash is part of the escape.
        rest = found.get(2..).unwrap_or_default();
    }
    false
}

/// Bytes after which the next one decides. Most text has few of them.
static LOOK_TWICE: [bool; 256] = look_twice();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which would refuse an index out of bounds")]
const fn look_twice() -> [bool; 256] {
    let mut table = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = true;
        control += 1;
    }
    let others = [0x7f, b'\\', 0xc2, 0xcd, 0xd8, 0xe1, 0xe2, 0xe3, 0xef, 0xf0, 0xf3];
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
}

/// Copies JSON text, leaving out white space between tokens and, in strings, what a [`Sieve`] does not keep.
fn rewrite(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((outside, inside)) = rest.split_once('"') {
        out.extend(outside.chars().filter(|c| !c.is_ascii_whitespace()));
        out.push('"');
        rest = string(inside, &mut out);
    }
    out.extend(rest.chars().filter(|c| !c.is_ascii_whitespace()));
    out
}

/// Copies one string from behind its opening quote on; gives what stands behind the closing one.
fn string<'a>(text: &'a str, out: &mut String) -> &'a str {
    let (mut sieve, mut rest) = (Sieve::default(), text);
    while let Some((written, meant)) = next_character(rest) {
        rest = rest.get(written.len()..).unwrap_or_default();
        if written == "\"" {
            out.push_str(&sieve.note());
            out.push('"');
            break;
        }
        if sieve.keeps(meant) {
            out.push_str(written);
        }
    }
    rest
}

/// The next character of a string as it is written, and what it means; `None` for half of a surrogate pair.
fn next_character(text: &str) -> Option<(&str, Option<char>)> {
    let first = text.chars().next()?;
    if first != '\\' {
        return Some((text.get(..first.len_utf8())?, Some(first)));
    }
    let second = text.get(1..)?.chars().next()?;
    let short = text.get(..1 + second.len_utf8())?;
    let unit = |from: usize| u16::from_str_radix(text.get(from..from + 4)?, 16).ok();
    let Some(high) = (second == 'u').then(|| unit(2)).flatten() else {
        let meant = match second {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            other => other,
        };
        return Some((short, Some(meant)));
    };
    let low = (text.get(6..8) == Some("\\u")).then(|| unit(8)).flatten();
    match low.map(|low| char::decode_utf16([high, low]).next()) {
        Some(Some(Ok(pair))) if (0xd800..0xdc00).contains(&high) => Some((text.get(..12)?, Some(pair))),
        _ => Some((text.get(..6)?, char::from_u32(high.into()))),
    }
}

/// Decides, character by character, what of one text is shown.
#[derive(Debug, Default)]
struct Sieve {
    sequence: Sequence,
    kept: usize,
}

/// Where in a terminal sequence (ECMA-48) a text is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    /// In none.
    #[default]
    Outside,
    /// Behind ESC.
    Escape,
    /// In a control sequence, as for colours.
    Control,
    /// In a command string, as for links and titles.
    Command,
    /// Behind an ESC in a command string.
    CommandEnd,
}

impl Sieve {
    /// Whether the next character is shown.
    fn keeps(&mut self, c: Option<char>) -> bool {
        let visible = match c {
            Some(c) => self.is_outside(c) && !hidden(c),
            None => false,
        };
        self.kept += usize::from(visible);
        visible && self.kept <= MOST_CHARACTERS
    }

    /// Whether a character is part of no terminal sequence.
    fn is_outside(&mut self, c: char) -> bool {
        use Sequence as S;
        let (next, outside) = match (self.sequence, c) {
            (_, '\u{1b}') if self.sequence != S::Command => (S::Escape, false),
            (S::Command, '\u{1b}') => (S::CommandEnd, false),
            (S::Outside, '\u{9b}') => (S::Control, false),
            (S::Outside, '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}') => (S::Command, false),
            (S::Outside, _) => (S::Outside, true),
            (S::Escape, '[') => (S::Control, false),
            (S::Escape, ']' | 'P' | 'X' | '^' | '_') => (S::Command, false),
            (S::Escape, ' '..='/') => (S::Escape, false),
            (S::Escape, '0'..='~') => (S::Outside, false),
            (S::Control, ' '..='?') => (S::Control, false),
            (S::Control, '@'..='~') => (S::Outside, false),
            // What breaks a sequence off is text again.
            (S::Escape | S::Control, _) => (S::Outside, true),
            (S::Command | S::CommandEnd, '\u{7}' | '\u{9c}') | (S::CommandEnd, '\\') => (S::Outside, false),
            (S::Command | S::CommandEnd, '\n') => (S::Outside, true),
            (S::Command | S::CommandEnd, _) => (S::Command, false),
        };
        self.sequence = next;
        outside
    }

    /// What is said at the end of a text that was cut.
    fn note(&self) -> String {
        match self.kept.saturating_sub(MOST_CHARACTERS) {
            0 => String::new(),
            more => format!("… [cut by the gateway: {more} more characters]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_hidden_characters_is_passed_on_as_it_is() {
        let json = Bytes::from_static("{\"a\":\"节点 hk\",\"b\":[1,2]}".as_bytes());
        assert_eq!(clean_json(json.clone()).as_ptr(), json.as_ptr());
        assert!(matches!(clean_text("日本語 ok\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn hidden_characters_go_whether_raw_or_escaped() {
        let dirty = "{\"name\":\"a\u{200b}b\\u200bc\\u001b[31m\\udb40\\udc41\u{202e}d\\n\"}";
        let clean = clean_json(Bytes::copy_from_slice(dirty.as_bytes()));
        assert_eq!(std::str::from_utf8(&clean).ok(), Some("{\"name\":\"abcd\\n\"}"));
    }

    #[test]
    fn every_character_that_unicode_calls_ignorable_is_removed() {
        let ignorable = [
            '\u{ad}'..='\u{ad}',
            '\u{34f}'..='\u{34f}',
            '\u{61c}'..='\u{61c}',
            '\u{115f}'..='\u{1160}',
            '\u{17b4}'..='\u{17b5}',
            '\u{180b}'..='\u{180f}',
            '\u{200b}'..='\u{200f}',
            '\u{202a}'..='\u{202e}',
            '\u{2060}'..='\u{206f}',
            '\u{3164}'..='\u{3164}',
            '\u{fe00}'..='\u{fe0f}',
            '\u{feff}'..='\u{feff}',
            '\u{ffa0}'..='\u{ffa0}',
            '\u{fff0}'..='\u{fff8}',
            '\u{1bca0}'..='\u{1bca3}',
            '\u{1d173}'..='\u{1d17a}',
            '\u{e0000}'..='\u{e0fff}',
        ];
        for c in ignorable.into_iter().flatten() {
            let clean = clean_json(Bytes::from(format!("{{\"a\":\"x{c}y\"}}")));
            assert_eq!(clean.as_ref(), b"{\"a\":\"xy\"}", "U+{:04X}", u32::from(c));
            assert_eq!(clean_text(&format!("x{c}y")), "xy");
        }
    }

    #[test]
    fn ordinary_escapes_and_quotes_survive() {
        let text = "{\"a\":\"\\u4e2d\\\"\\\\u200b\\ud83d\\ude00\"}";
        let clean = clean_json(Bytes::copy_from_slice(text.as_bytes()));
        assert_eq!(std::str::from_utf8(&clean).ok(), Some(text));
    }

    #[test]
    fn pretty_printed_json_becomes_one_line() {
        let clean = clean_json(Bytes::from_static(b"{\n  \"a\" : \"x y\"\r\n}"));
        assert_eq!(clean.as_ref(), b"{\"a\":\"x y\"}");
    }

    #[test]
    fn terminal_sequences_go_as_a_whole() {
        for (dirty, clean) in [
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("a\u{9b}2Jb", "ab"),
            ("\u{1b}]8;;https://evil.example\u{7}link\u{1b}]8;;\u{1b}\\!", "link!"),
            ("a\u{1b}(Bb\u{1b}cd", "abd"),
            ("a\u{1b}]0;title without an end", "a"),
            ("a\u{1b}]0;title\nsecond line", "a\nsecond line"),
            ("a\u{1b}[3中", "a中"),
            ("a\u{1b}", "a"),
        ] {
            assert_eq!(clean_text(dirty), clean);
            let json = Bytes::from(serde_json::to_string(dirty).unwrap_or_default());
            let shown: String = serde_json::from_slice(&clean_json(json)).unwrap_or_default();
            assert_eq!(shown, clean);
        }
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        for letter in ["a", "中", "\"", "\\", "\n", "\u{1f600}"] {
            for (length, cut) in [(MOST_CHARACTERS, false), (MOST_CHARACTERS + 2, true)] {
                let text = letter.repeat(length);
                let json = Bytes::from(serde_json::to_string(&[("x", &text)]).unwrap_or_default());
                let shown: Vec<(String, String)> = serde_json::from_slice(&clean_json(json)).unwrap_or_default();
                let expected = letter.repeat(MOST_CHARACTERS)
                    + if cut { "… [cut by the gateway: 2 more characters]" } else { "" };
                assert_eq!(shown, [("x".to_owned(), expected.clone())], "{letter} {length}");
                assert_eq!(clean_text(&text), expected);
            }
        }
    }
}
