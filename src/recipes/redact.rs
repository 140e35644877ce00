//! What in a value is a secret, and what stands in its place: a mark in values that are kept, which is equal to everything
//! where the proof compares and which no inverse call takes for a value; a word in values that are shown. One rule for both.

use flvx_panel::{
    looks_secret,
    spec::{Field, Kind},
};
use serde_json::{Map, Value};

/// What stands in place of a secret that is shown.
pub const REDACTED: &str = "[redacted]";

/// The key of the mark. No panel writes an object with it.
const MARK: &str = "$redacted";

/// What becomes of a value without its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is kept for the proof and for the inverse.
    Kept,
    /// Somebody sees it.
    Shown,
}

/// The value without its secrets, to be kept: marked fields, and free keys that are called like one. Empty secrets stay: that
/// there is none is worth knowing.
pub(super) fn redacted(value: &Value, field: Option<&Field>) -> Value {
    cleared(value, field, Fate::Kept)
}

/// The value without its secrets, to be shown. Of an object that the manifest describes, keys that it does not know are left
/// out: nobody has said that they may be shown.
pub(super) fn shown(value: &Value, field: Option<&Field>) -> Value {
    cleared(value, field, Fate::Shown)
}

/// The same for an object.
pub(super) fn shown_object(object: &Map<String, Value>, field: Option<&Field>) -> Map<String, Value> {
    entries(object, field, Fate::Shown)
}

fn cleared(value: &Value, field: Option<&Field>, fate: Fate) -> Value {
    if field.is_some_and(|field| field.secret) {
        return hidden(value, fate);
    }
    match value {
        Value::Array(items) => {
            // A list of rows is often described by one row.
            let shape = field.and_then(|field| if field.kind == Kind::Array { field.items } else { Some(field) });
            items.iter().map(|item| cleared(item, shape, fate)).collect()
        }
        Value::Object(object)
            if field.is_none_or(|field| {
                matches!(field.kind, Kind::Object | Kind::Map | Kind::Any) || !field.holds_secret()
            }) =>
        {
            Value::Object(entries(object, field, fate))
        }
        // What does not have the form that the field promises may hold a secret anywhere.
        other if field.is_some_and(Field::holds_secret) => hidden(other, fate),
        other => other.clone(),
    }
}

fn entries(object: &Map<String, Value>, field: Option<&Field>, fate: Fate) -> Map<String, Value> {
    let table = field.filter(|field| field.kind == Kind::Object && !field.fields.is_empty() && fate == Fate::Shown);
    let stays = |key: &str| table.is_none_or(|table| table.fields.iter().any(|inner| inner.name == key));
    let kept = object.iter().filter(|(key, _)| stays(key));
    kept.map(|(key, value)| (key.clone(), entry(object, key, value, field, fate))).collect()
}

/// One value of an object.
fn entry(object: &Map<String, Value>, key: &str, value: &Value, field: Option<&Field>, fate: Fate) -> Value {
    if is_secret_in(object, key, field) {
        return hidden(value, fate);
    }
    cleared(value, field.and_then(|field| shape_of(field, key)), fate)
}

/// Whether what stands under a key of an object is a secret: by its field, by its name, or by the name that stands beside it, as
/// in a setting that arrives as `{name, value}`.
pub(super) fn is_secret_in(object: &Map<String, Value>, key: &str, field: Option<&Field>) -> bool {
    let secret = |name: &str| match field {
        Some(field) => is_secret_name(field, name),
        None => looks_secret(name),
    };
    let beside = |known: &str| object.get(known).and_then(Value::as_str).is_some_and(secret);
    // Where no table says what `key` is, it may be the name as well.
    let described = field.is_some_and(|field| field.kind != Kind::Any);
    secret(key)
        || field.and_then(|field| shape_of(field, key)).is_some_and(|inner| inner.secret)
        || (key == "value" && (beside("name") || (!described && beside("key"))))
}

fn shape_of(field: &Field, key: &str) -> Option<&'static Field> {
    match field.kind {
        Kind::Map => field.items,
        _ => field.fields.iter().find(|inner| inner.name == key),
    }
}

/// Whether a free key is the name of a secret, by the manifest or by how it sounds. Blanks around it and capitals do not
/// count. What the manifest knows as a field is judged by the manifest alone.
pub(super) fn is_secret_name(field: &Field, name: &str) -> bool {
    let known = field.kind != Kind::Map && field.fields.iter().any(|inner| inner.name == name);
    field.secret_keys.iter().any(|key| key.eq_ignore_ascii_case(name.trim())) || (!known && looks_secret(name))
}

fn hidden(value: &Value, fate: Fate) -> Value {
    match (value, fate) {
        (Value::Null, _) => Value::Null,
        (Value::String(text), _) if text.is_empty() => value.clone(),
        (_, Fate::Kept) => Value::Object(Map::from_iter([(MARK.to_owned(), Value::Bool(true))])),
        (_, Fate::Shown) => Value::from(REDACTED),
    }
}

/// Whether the value is the mark itself.
pub(super) fn is_mark(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.len() == 1 && object.contains_key(MARK))
}

/// Whether a mark stands anywhere in the value.
pub(super) fn holds_mark(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_mark),
        Value::Object(object) => is_mark(value) || object.values().any(holds_mark),
        _ => false,
    }
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
    fn secrets_go_by_field_by_key_and_by_the_name_beside_them_and_empty_ones_stay() {
        let mark = json!({ MARK: true });
        let row = json!({"name": "a", "token": "s", "list": [{"key": "s", " Key": "s", "other": "o"}, {"name": "key", "value": "s"}]});
        assert_eq!(
            redacted(&row, Some(&ROW)),
            json!({"name": "a", "token": mark, "list": [{"key": mark, " Key": mark, "other": "o"}, {"name": "key", "value": mark}]})
        );
        assert_eq!(redacted(&json!({"name": "a", "token": ""}), Some(&ROW)), json!({"name": "a", "token": ""}));
        assert_eq!(redacted(&json!({"token": null}), Some(&ROW)), json!({"token": null}));
        assert!(is_mark(&redacted(&json!("of another form"), Some(&ROW))));
        assert!(holds_mark(&redacted(&row, Some(&ROW))) && !holds_mark(&row));
    }

    #[test]
    fn what_is_shown_has_a_word_for_each_secret_and_no_key_that_nobody_described() {
        let row = json!({"name": "a", "token": "s", "later": "x", "list": [{" Key": "s", "smtp_password": "s", "other": "o"},
            {"name": "key", "value": "s"}]});
        let expected = json!({"name": "a", "token": REDACTED, "list": [{" Key": REDACTED, "smtp_password": REDACTED, "other": "o"},
            {"name": "key", "value": REDACTED}]});
        assert_eq!(shown(&row, Some(&ROW)), expected);
        assert_eq!(shown(&json!({"key": ""}), Some(&SETTINGS)), json!({"key": ""}));
        // A list where a row is promised, and a text where a list with secrets is.
        assert_eq!(shown(&json!([{"token": "s"}]), Some(&ROW)), json!([{"token": REDACTED}]));
        assert_eq!(shown(&json!({"list": "s"}), Some(&ROW)), json!({"list": REDACTED}));
    }

    #[test]
    fn what_no_table_describes_is_judged_by_its_names_at_any_depth() {
        const ANY: Field = Field::new("data", Kind::Any, "");
        let data = json!({"ip": "192.0.2.9", "auth": {"db_pwd": "s"}, "env": [{"key": "BOT_TOKEN", "value": "s"}, {"key": "LANG", "value": "zh"}]});
        let expected = json!({"ip": "192.0.2.9", "auth": {"db_pwd": REDACTED},
            "env": [{"key": "BOT_TOKEN", "value": REDACTED}, {"key": "LANG", "value": "zh"}]});
        for field in [Some(&ANY), None] {
            assert_eq!(shown(&data, field), expected);
            assert!(!redacted(&data, field).to_string().contains("\"s\""));
        }
    }
}
