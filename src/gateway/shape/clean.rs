//! Removes from panel text what a person cannot see but a model reads: control, zero-width and bidirectional characters,
//! tag characters. The panel's users choose these texts, and an administrator's agent reads them.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

/// Whether a character is removed from texts. Tab and line breaks stay.
fn hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text without hidden characters.
pub fn clean_text(text: &str) -> Cow<'_, str> {
    if text.contains(hidden) { Cow::Owned(text.replace(hidden, "")) } else { Cow::Borrowed(text) }
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
pub(super) fn clean_json(json: Bytes) -> Bytes {
    if !suspicious(&json) {
        return json;
    }
    match std::str::from_utf8(&json) {
        Ok(text) => Bytes::from(rewrite(text)),
        Err(_) => json,
    }
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
            0xf0 => next == 0x9d,
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

/// Copies JSON text, leaving out white space between tokens and hidden characters in strings, raw or escaped.
fn rewrite(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\\' if in_string => match rest.next() {
                Some('u') => escape(&mut rest, &mut out),
                Some(other) => out.extend(['\\', other]),
                None => out.push(c),
            },
            _ if !in_string && c.is_ascii_whitespace() => {}
            _ if in_string && hidden(c) => {}
            _ => out.push(c),
        }
    }
    out
}

/// One `\uXXXX` (or a pair of them) of which `\u` has been read: kept as written unless it stands for a hidden character.
fn escape(rest: &mut std::str::Chars<'_>, out: &mut String) {
    let written: String = rest.clone().take(4).collect();
    let Ok(unit) = u16::from_str_radix(&written, 16) else {
        out.push_str("\\u");
        return;
    };
    *rest = skip(rest, 4);
    if (0xd800..0xdc00).contains(&unit) {
        let second: String = rest.clone().take(6).collect();
        let low = second.strip_prefix("\\u").and_then(|hex| u16::from_str_radix(hex, 16).ok());
        if let Some(c) = low.and_then(|low| char::decode_utf16([unit, low]).next()).and_then(Result::ok) {
            *rest = skip(rest, 6);
            if !hidden(c) {
                out.push_str("\\u");
                out.push_str(&written);
                out.push_str(&second);
            }
            return;
        }
    }
    if !char::from_u32(unit.into()).is_some_and(hidden) {
        out.push_str("\\u");
        out.push_str(&written);
    }
}

fn skip<'a>(rest: &std::str::Chars<'a>, count: usize) -> std::str::Chars<'a> {
    let text = rest.as_str();
    text.char_indices().nth(count).map_or("", |(at, _)| text.get(at..).unwrap_or_default()).chars()
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
        assert_eq!(std::str::from_utf8(&clean).ok(), Some("{\"name\":\"abc[31md\\n\"}"));
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
}
