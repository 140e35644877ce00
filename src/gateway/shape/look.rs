//! One look over a whole answer before it is decided whether it can go on as it came: whether a key that no table knows is named
//! like a secret, wherever it stands, and whether the text is nested deeper than it can be taken apart.

use flvx_panel::{
    looks_secret,
    spec::{Field, Kind},
};

use super::{
    ViewError,
    scan::{is_key, string_length},
};

/// Deepest nesting that is taken apart: what takes it apart calls itself for each level.
const DEEPEST: usize = 128;
/// Most keys whose judgement is remembered.
const MOST_REMEMBERED: usize = 128;

/// Whether a secret that only its name gives away can stand where nobody looks unless everything is looked at. `field` is what
/// the text is said to be; without one every name in it is looked at anyway.
///
/// # Errors
/// The text is nested too deep.
pub fn is_strange(json: &[u8], field: Option<&Field>) -> Result<bool, ViewError> {
    let mut open: Vec<Inside<'_>> = Vec::new();
    let mut remembered = Remembered::default();
    // The key whose value comes next.
    let mut key: Option<&[u8]> = None;
    let (mut strange, mut at) = (false, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                let rest = json.get(at..).unwrap_or_default();
                let (text, behind) = rest.split_at(string_length(rest));
                at += text.len();
                let here = open.last().copied().unwrap_or(Inside::Looked);
                if behind.trim_ascii_start().first() == Some(&b':') {
                    strange = strange || (remembered.is_secret(text) && here.overlooks(text));
                    key = Some(text);
                } else if let Some(key) = key.take() {
                    strange = strange || (here.is_named_by(key) && named_secret(text));
                }
                continue;
            }
            b'{' | b'[' => {
                if open.len() >= DEEPEST {
                    return Err(ViewError::TooDeep);
                }
                let inner = match open.last() {
                    Some(outer) => outer.below(key.take()),
                    None => field.map_or(Inside::Looked, Inside::of),
                };
                open.push(inner);
            }
            b'}' | b']' => {
                open.pop();
                key = None;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(strange)
}

/// Whether a text, written as JSON, sounds like the name of a secret.
pub fn named_secret(written: &[u8]) -> bool {
    serde_json::from_slice::<String>(written).is_ok_and(|name| looks_secret(&name))
}

/// What is known of that which stands between two brackets.
#[derive(Debug, Clone, Copy)]
enum Inside<'f> {
    /// It is a value of this field.
    Known(&'f Field),
    /// Nothing: no table describes it.
    Unknown,
    /// Every name in it is looked at in any case.
    Looked,
}

impl<'f> Inside<'f> {
    fn of(field: &'f Field) -> Self {
        if field.kind == Kind::Any { Self::Looked } else { Self::Known(field) }
    }

    /// The same for the brackets under a key, or for those of an item of a list.
    fn below(self, key: Option<&[u8]>) -> Self {
        let Self::Known(field) = self else { return self };
        let inner = match (field.kind, key) {
            (Kind::Array, None) | (Kind::Map, Some(_)) => field.items,
            (_, Some(key)) => field.fields.iter().find(|known| is_key(key, known.name)),
            (_, None) => None,
        };
        inner.map_or(Self::Unknown, Self::of)
    }

    /// Whether a key that is named like a secret goes unseen here. Free keys are always looked at.
    fn overlooks(self, key: &[u8]) -> bool {
        match self {
            Self::Known(field) => field.kind != Kind::Map && field.fields.iter().all(|known| !is_key(key, known.name)),
            Self::Unknown => true,
            Self::Looked => false,
        }
    }

    /// Whether the text under this key is the name of a value beside it, as in `{"key": "BOT_TOKEN", "value": …}`.
    fn is_named_by(self, key: &[u8]) -> bool {
        matches!(self, Self::Unknown) && (is_key(key, "name") || is_key(key, "key"))
    }
}

/// Keys that were judged already. Rows are of one make: after a key mostly comes the one that came after it before.
#[derive(Debug, Default)]
struct Remembered<'j> {
    keys: Vec<(&'j [u8], bool)>,
    next: usize,
}

impl<'j> Remembered<'j> {
    fn is_secret(&mut self, key: &'j [u8]) -> bool {
        let mut places = (self.next..self.keys.len()).chain(0..self.next);
        let judgement =
            |place: usize| self.keys.get(place).filter(|(known, _)| *known == key).map(|(_, secret)| *secret);
        if let Some((place, secret)) = places.find_map(|place| Some((place, judgement(place)?))) {
            self.next = place + 1;
            return secret;
        }
        let secret = named_secret(key);
        if self.keys.len() < MOST_REMEMBERED {
            self.keys.push((key, secret));
            self.next = self.keys.len();
        }
        secret
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TEXT: Field = Field::new("", Kind::String, "");
    const HOP: Field = Field { fields: &[Field::new("nodeId", Kind::Integer, "")], ..Field::new("", Kind::Object, "") };
    const ROW_FIELDS: &[Field] = &[
        Field::new("name", Kind::String, ""),
        Field { secret: true, ..Field::new("token", Kind::String, "") },
        Field::new("tokenExpiry", Kind::Integer, ""),
        Field { items: Some(&HOP), ..Field::new("hops", Kind::Array, "") },
        Field { items: Some(&TEXT), ..Field::new("settings", Kind::Map, "") },
        Field::new("report", Kind::Any, ""),
    ];
    const ROW: Field = Field { fields: ROW_FIELDS, ..Field::new("", Kind::Object, "") };
    const ROWS: Field = Field { items: Some(&ROW), ..Field::new("", Kind::Array, "") };

    fn look(json: &str) -> bool {
        is_strange(json.as_bytes(), Some(&ROWS)).unwrap()
    }

    #[test]
    fn a_name_that_no_table_knows_is_found_wherever_it_stands_and_however_it_is_written() {
        for json in [
            r#"[{"name":"a"},{"name":"b","agentToken":"s"}]"#,
            r#"[{"name":"a","extra":{"deep":[[{"db_pwd":"s"}]]}}]"#,
            r#"[{"hops":[{"nodeId":1},{"nodeId":2,"API-key":"s"}]}]"#,
            // Known in the row, and not in there.
            r#"[{"token":"s","hops":[{"nodeId":1,"token":"s"}]}]"#,
            r#"[{"extra":{"token":"s"}}]"#,
            r#"[{"settings":{"smtp":{"password":"s"}}}]"#,
            r#"[{"name":{"pass_word":"s"}}]"#,
            r#"[[{"token":"s"}]]"#,
            r#"{"token":"s"}"#,
            r#"[{"agent\u0054oken":"s"}]"#,
            "[ { \"agentToken\" : \"s\" } ]",
            r#"[{"extra":[{"key":"BOT_TOKEN","value":"s"}]}]"#,
        ] {
            assert!(look(json), "{json}");
        }
    }

    #[test]
    fn names_that_the_table_knows_and_those_that_are_looked_at_anyway_are_not_strange() {
        for json in [
            r#"[{"name":"token server","token":"s","tokenExpiry":5,"hops":[{"nodeId":1}]},{"token":null,"extra":1}]"#,
            r#"[{"settings":{"smtp_password":"s"},"report":{"agentToken":"s","in":[{"token":"s"}]}}]"#,
            r#"[{"name":"\"agentToken\":\"s\"","extra":["agentToken",{"a":1}]}]"#,
            r#"[{"extra":{"name":"plain","value":"token"}}]"#,
            "[]",
            "null",
            r#""agentToken""#,
        ] {
            assert!(!look(json), "{json}");
        }
        assert!(!is_strange(br#"{"agentToken":"s"}"#, None).unwrap());
    }

    #[test]
    fn more_keys_than_are_remembered_are_judged_all_the_same() {
        let many: Vec<String> = (0..2 * MOST_REMEMBERED).map(|number| format!("\"k{number}\":1")).collect();
        assert!(!look(&format!("[{{{}}}]", many.join(","))));
        assert!(look(&format!("[{{{},\"agentToken\":1}}]", many.join(","))));
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(is_strange(nested(DEEPEST).as_bytes(), None), Ok(false));
        assert_eq!(is_strange(nested(DEEPEST + 1).as_bytes(), None), Err(ViewError::TooDeep));
        assert_eq!(is_strange(&b"[{\"a\":".repeat(1_000_000), None), Err(ViewError::TooDeep));
    }
}
