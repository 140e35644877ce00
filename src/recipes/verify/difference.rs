//! What differs between what was asked for and what is there, fit to be shown: short, and without secrets.

use std::collections::BTreeSet;

use flvx_panel::spec::{Field, Kind};
use serde::Serialize;
use serde_json::Value;

use super::ProofOf;
use crate::recipes::{
    compare::{same, same_set, unseen},
    place::{self, Held, Scope},
    redact::{REDACTED, is_secret_name},
};

/// Characters of a text that are shown.
const MOST_TEXT: usize = 200;
/// Items of a list that are shown.
const MOST_ITEMS: usize = 50;

/// One thing that is other than it was asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Field of the row; `[id=7].inx` where several rows are looked at.
    pub path: String,
    /// What was asked for.
    pub expected: Value,
    /// What is there.
    pub found: Value,
}

/// One row held against `equals`.
#[derive(Default)]
pub(super) struct Compared {
    /// Values that were compared: those of arguments that were given, and fixed ones.
    pub count: usize,
    pub differences: Vec<Difference>,
    /// Paths of what was given but is not shown by the row.
    pub unseen: BTreeSet<String>,
}

impl ProofOf<'_> {
    /// Holds a row against `equals`: values of arguments that were left out do not count. `label` stands before every path.
    pub(super) fn compare(&self, row: &Value, scope: &Scope<'_>, label: &str) -> Compared {
        let mut compared = Compared::default();
        for (path, value) in self.verify.equals.iter() {
            let (found, many) = place::walk(row, path);
            let asked = place::request_path(value);
            let secret = |key: &str| {
                secret_at(self.row, &joined(path, key))
                    || asked.is_some_and(|asked| secret_at(Some(self.route.request), &joined(asked, key)))
            };
            let mut note = |key: &str, agrees: bool, expected: &Value, found: &Value| {
                compared.count += 1;
                unseen(expected, found, &joined(asked.unwrap_or(path), key), &mut compared.unseen);
                if !agrees {
                    let path = format!("{label}{}", joined(path, key));
                    compared.differences.push(difference(path, expected, found, secret(key)));
                }
            };
            match (place::held(value, scope), found.first()) {
                (Held::Nothing, _) => {}
                (Held::One(Value::Object(expected)), Some(found)) if !many => {
                    for (key, expected) in &expected {
                        // The panel cuts blanks off free keys.
                        let found = found.get(key.trim()).unwrap_or(&Value::Null);
                        note(key, same(expected, Some(found)), expected, found);
                    }
                }
                (Held::One(expected), first) if !many => {
                    let found = first.copied().unwrap_or(&Value::Null);
                    note("", same(&expected, Some(found)), &expected, found);
                }
                (Held::One(expected), _) => {
                    let agrees = found.iter().any(|found| same(&expected, Some(found)));
                    note("", agrees, &expected, &list(&found));
                }
                (Held::Many(expected), Some(Value::Array(found))) if !many => {
                    note("", same_set(&expected, found), &Value::Array(expected.clone()), &Value::Array(found.clone()));
                }
                (Held::Many(expected), first) if !many => {
                    let found = first.copied().unwrap_or(&Value::Null);
                    let agrees = expected.iter().any(|expected| same(expected, Some(found)));
                    note("", agrees, &Value::Array(expected.clone()), found);
                }
                (Held::Many(expected), _) => {
                    let agrees = same_set(&expected, found.iter().copied());
                    note("", agrees, &Value::Array(expected.clone()), &list(&found));
                }
            }
        }
        compared
    }
}

/// A difference whose values are fit to be shown.
fn difference(path: String, expected: &Value, found: &Value, secret: bool) -> Difference {
    if secret {
        let redacted = || Value::from(REDACTED);
        return Difference { path, expected: redacted(), found: redacted() };
    }
    Difference { path, expected: shown(expected), found: shown(found) }
}

fn list(values: &[&Value]) -> Value {
    values.iter().map(|value| (*value).clone()).collect()
}

/// The value, cut where it is long.
fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(MOST_TEXT) {
            Some((end, _)) => Value::String(format!("{}…", text.get(..end).unwrap_or_default())),
            None => value.clone(),
        },
        Value::Array(items) => {
            let more = items.len().saturating_sub(MOST_ITEMS);
            let rest = (more > 0).then(|| Value::String(format!("… and {more} more")));
            items.iter().take(MOST_ITEMS).map(shown).chain(rest).collect()
        }
        Value::Object(object) => Value::Object(object.iter().map(|(key, value)| (key.clone(), shown(value))).collect()),
        plain => plain.clone(),
    }
}

fn joined(path: &str, key: &str) -> String {
    match (path.is_empty(), key.is_empty()) {
        (true, _) => key.to_owned(),
        (_, true) => path.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

/// Whether what a path leads to is, holds or stands inside a secret.
pub(super) fn secret_at(field: Option<&Field>, path: &str) -> bool {
    let Some(mut field) = field else { return false };
    for name in path.split('.').map(|segment| segment.trim_end_matches("[]")).filter(|name| !name.is_empty()) {
        while field.kind == Kind::Array && !field.secret {
            let Some(items) = field.items else { return false };
            field = items;
        }
        if field.secret || is_secret_name(field, name) {
            return true;
        }
        let below = match field.kind {
            Kind::Map => field.items,
            _ => field.fields.iter().find(|field| field.name == name),
        };
        let Some(below) = below else { return false };
        field = below;
    }
    field.holds_secret()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    const TEXT: Field = Field::new("", Kind::String, "");
    const SETTINGS: Field = Field { items: Some(&TEXT), secret_keys: &["key"], ..Field::new("", Kind::Map, "") };
    const ROW_FIELDS: &[Field] = &[
        Field::new("name", Kind::String, ""),
        Field { secret: true, ..Field::new("token", Kind::String, "") },
        Field { items: Some(&SETTINGS), ..Field::new("list", Kind::Array, "") },
    ];
    const ROW: Field = Field { fields: ROW_FIELDS, ..Field::new("", Kind::Object, "") };

    #[test]
    fn secrets_are_known_by_their_field_by_their_key_and_by_what_holds_them() {
        let is = |field: &Field, path: &str| secret_at(Some(field), path);
        assert!(is(&ROW, "token"));
        assert!(is(&ROW, "token.inside"));
        assert!(is(&ROW, "list[].key"));
        assert!(is(&ROW, "list[].Key "));
        assert!(is(&ROW, ""), "the whole row holds one");
        assert!(!is(&ROW, "name"));
        assert!(!is(&ROW, "list[].other"));
        assert!(!is(&ROW, "unknown"));
        assert!(is(&SETTINGS, "key"));
    }

    #[test]
    fn a_secret_that_differs_is_only_called_one() {
        let difference = difference("token".to_owned(), &json!("s3cret-a"), &json!("s3cret-b"), true);
        assert!(!format!("{difference:?}{}", serde_json::to_string(&difference).unwrap()).contains("s3cret"));
        assert_eq!(difference.path, "token");
    }

    #[test]
    fn long_values_are_cut() {
        let long = json!({"text": "長".repeat(500), "list": (0..60).collect::<Vec<_>>()});
        let cut = shown(&long);
        assert_eq!(cut["text"].as_str().unwrap().chars().count(), MOST_TEXT + 1);
        assert_eq!(cut["list"].as_array().unwrap().len(), MOST_ITEMS + 1);
        assert_eq!(cut["list"][MOST_ITEMS], "… and 10 more");
    }
}
