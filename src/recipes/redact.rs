//! Takes secrets out of values that are kept: in their place stands a mark, which is equal to everything where the proof
//! compares, and which no inverse call takes for a value.

use flvx_panel::{
    looks_secret,
    spec::{Field, Kind},
};
use serde_json::{Map, Value};

/// The key of the mark. No panel writes an object with it.
const MARK: &str = "$redacted";

/// The value without its secrets: marked fields, and free keys that are called like one. Empty secrets stay: that there is
/// none is worth knowing.
pub(super) fn redacted(value: &Value, field: Option<&Field>) -> Value {
    if field.is_some_and(|field| field.secret) {
        return hidden(value);
    }
    match value {
        Value::Array(items) => {
            // A list of rows is often described by one row.
            let shape = field.and_then(|field| if field.kind == Kind::Array { field.items } else { Some(field) });
            items.iter().map(|item| redacted(item, shape)).collect()
        }
        Value::Object(object)
            if field.is_none_or(|field| {
                matches!(field.kind, Kind::Object | Kind::Map | Kind::Any) || !field.holds_secret()
            }) =>
        {
            Value::Object(object.iter().map(|(key, value)| (key.clone(), entry(object, key, value, field))).collect())
        }
        // What does not have the form that the field promises may hold a secret anywhere.
        other if field.is_some_and(Field::holds_secret) => hidden(other),
        other => other.clone(),
    }
}

/// One value of an object: hidden when its name is that of a secret, also when the name stands beside it.
fn entry(object: &Map<String, Value>, key: &str, value: &Value, field: Option<&Field>) -> Value {
    let secret = |name: &str| match field {
        Some(field) => is_secret_name(field, name),
        None => looks_secret(name),
    };
    let named = object.get("name").and_then(Value::as_str).is_some_and(secret);
    if secret(key) || (named && key == "value") {
        return hidden(value);
    }
    redacted(value, field.and_then(|field| shape_of(field, key)))
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

fn hidden(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(text) if text.is_empty() => value.clone(),
        _ => Value::Object(Map::from_iter([(MARK.to_owned(), Value::Bool(true))])),
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
}
