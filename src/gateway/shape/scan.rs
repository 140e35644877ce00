//! Finds the parts of JSON text without parsing them: elements of a list, keys and values of an object.
//!
//! The text has been read by serde once, so it is known to be JSON; what is found here is where things begin and end. On text
//! that is not JSON the iterators end early or give wrong slices, but never panic or loop.

/// The elements of a list. `None`: the text is no list.
pub fn elements(json: &[u8]) -> Option<Elements<'_>> {
    inside(json, b'[', b']').map(|rest| Elements { rest })
}

/// Keys (with their quotes) and values of an object. `None`: the text is no object.
pub fn pairs(json: &[u8]) -> Option<Pairs<'_>> {
    inside(json, b'{', b'}').map(|rest| Pairs { rest })
}

/// See [`elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.trim_ascii_start();
        if rest.is_empty() {
            return None;
        }
        let (value, rest) = rest.split_at(value_length(rest));
        self.rest = after(rest, b',');
        Some(value.trim_ascii_end())
    }
}

/// See [`pairs`].
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let rest = self.rest.trim_ascii_start();
        if rest.first() != Some(&b'"') {
            return None;
        }
        let (key, rest) = rest.split_at(string_length(rest));
        let rest = after(rest, b':').trim_ascii_start();
        let (value, rest) = rest.split_at(value_length(rest));
        self.rest = after(rest, b',');
        Some((key, value.trim_ascii_end()))
    }
}

/// Whether a key as it is written stands for this name. Names of the manifest need no escapes.
pub fn is_key(written: &[u8], name: &str) -> bool {
    match written {
        [b'"', inner @ .., b'"'] if inner == name.as_bytes() => true,
        _ if written.contains(&b'\\') => serde_json::from_slice::<String>(written).is_ok_and(|key| key == name),
        _ => false,
    }
}

fn inside(json: &[u8], open: u8, close: u8) -> Option<&[u8]> {
    match json.trim_ascii() {
        [first, inner @ .., last] if *first == open && *last == close => Some(inner),
        _ => None,
    }
}

fn after(text: &[u8], mark: u8) -> &[u8] {
    let text = text.trim_ascii_start();
    text.strip_prefix(&[mark]).unwrap_or(text)
}

/// Length of the string at the start of `text`, quotes included.
pub fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if text.get(at) == Some(&b'"') {
            return at + 1;
        }
        // A backslash and what it escapes.
        at += 2;
    }
    text.len()
}

/// Length of the value at the start of `text`.
fn value_length(text: &[u8]) -> usize {
    match text.first() {
        Some(b'"') => string_length(text),
        Some(b'{' | b'[') => nested_length(text),
        _ => text.iter().position(|byte| matches!(byte, b',' | b']' | b'}')).unwrap_or(text.len()),
    }
}

fn nested_length(text: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at += text.get(at..).map_or(1, string_length);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    const TEXTS: &[&str] = &[
        r#"{"a":1,"b":"x,]}\"\\","c":[1,[2,{"d":null}],""],"e":{"f":{}},"g":-1.5e3}"#,
        r#" { "a" : [ 1 , 2 ] , "b" : { } } "#,
        r#"[{"a":"[{"},"},{",[],{},true,null,"\\\"",12]"#,
        "[]",
        "{}",
    ];

    #[test]
    fn parts_are_those_that_a_parser_finds() {
        for text in TEXTS {
            match serde_json::from_str::<Value>(text).unwrap() {
                Value::Array(items) => {
                    let found: Vec<Value> =
                        elements(text.as_bytes()).unwrap().map(|part| serde_json::from_slice(part).unwrap()).collect();
                    assert_eq!(found, items, "{text}");
                }
                Value::Object(map) => {
                    let found: Vec<(String, Value)> = pairs(text.as_bytes())
                        .unwrap()
                        .map(|(key, value)| {
                            (serde_json::from_slice(key).unwrap(), serde_json::from_slice(value).unwrap())
                        })
                        .collect();
                    assert_eq!(found, map.into_iter().collect::<Vec<_>>(), "{text}");
                }
                _ => {}
            }
        }
    }

    #[test]
    fn broken_text_ends_the_iteration() {
        for text in TEXTS {
            for end in 0..text.len() {
                let broken = text.as_bytes().get(..end).unwrap();
                assert!(elements(broken).into_iter().flatten().take(100).count() < 100, "{text} {end}");
                assert!(pairs(broken).into_iter().flatten().take(100).count() < 100, "{text} {end}");
                assert!(elements(&[b"[", broken, b"]"].concat()).unwrap().take(100).count() < 100);
                assert!(pairs(&[b"{", broken, b"}"].concat()).unwrap().take(100).count() < 100);
            }
        }
    }

    #[test]
    fn a_key_is_known_however_it_is_written() {
        assert!(is_key(br#""token""#, "token"));
        assert!(is_key(br#""t\u006fken""#, "token"));
        assert!(!is_key(br#""tokens""#, "token"));
    }
}
