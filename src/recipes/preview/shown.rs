//! Values as a preview shows them: without secrets, texts as the panel gave them.

use flvx_panel::spec::{Field, Kind};
use serde_json::{Map, Value};

use crate::recipes::place;

/// What stands for a secret.
pub(super) const REDACTED: &str = "[redacted]";

/// A value of this field without what is secret. Keys that the manifest does not know are left out: nobody has said that
/// they may be shown.
pub(super) fn shown(value: &Value, field: Option<&Field>) -> Value {
    let Some(field) = field else { return value.clone() };
    if field.secret {
        return redacted(value);
    }
    match (field.kind, value) {
        (Kind::Object, Value::Object(object)) if !field.fields.is_empty() => {
            let known = field.fields.iter().filter_map(|inner| {
                Some((inner.name.to_owned(), keyed(inner.name, object.get(inner.name)?, field, Some(inner))))
            });
            Value::Object(known.collect())
        }
        (Kind::Map, Value::Object(object)) => {
            let pairs = object.iter().map(|(key, value)| (key.clone(), keyed(key, value, field, field.items)));
            Value::Object(pairs.collect())
        }
        (Kind::Array, Value::Array(items)) => items.iter().map(|item| shown(item, field.items)).collect(),
        _ => value.clone(),
    }
}

fn keyed(key: &str, value: &Value, owner: &Field, field: Option<&Field>) -> Value {
    match owner.secret_keys.iter().any(|secret| secret.eq_ignore_ascii_case(key.trim())) {
        true => redacted(value),
        false => shown(value, field),
    }
}

/// A secret; that there is none may be seen.
fn redacted(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(text) if text.is_empty() => value.clone(),
        _ => Value::from(REDACTED),
    }
}

/// The fields of a row that lists show; all plain ones where the manifest names none.
pub(super) fn columns(show: &[&'static str], shape: Option<&'static Field>) -> Vec<&'static str> {
    if !show.is_empty() {
        return show.to_vec();
    }
    let fields = shape.map(|shape| shape.fields).unwrap_or_default();
    let plain =
        |field: &&Field| !field.secret && !matches!(field.kind, Kind::Array | Kind::Object | Kind::Map | Kind::Any);
    fields.iter().filter(plain).map(|field| field.name).collect()
}

/// A row as lists show it.
pub(super) fn row(row: &Value, show: &[&'static str], shape: Option<&'static Field>) -> Option<Map<String, Value>> {
    let whole = shown(row, shape);
    let columns = columns(show, shape);
    let pairs = columns.iter().filter_map(|name| Some(((*name).to_owned(), whole.get(name)?.clone())));
    Some(pairs.collect::<Map<_, _>>()).filter(|row| !row.is_empty())
}

/// What is at a path, as a text.
pub(super) fn text(row: &Value, path: &str) -> Option<String> {
    match place::walk(row, path).0.first()? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        _ => None,
    }
}

/// The field that a path leads to.
pub(super) fn field_at(field: Option<&'static Field>, path: &str) -> Option<&'static Field> {
    let mut field = field?;
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let name = segment.trim_end_matches("[]");
        if !name.is_empty() {
            field = match field.kind {
                Kind::Map => field.items?,
                _ => field.fields.iter().find(|field| field.name == name)?,
            };
        }
        for _ in 0..(segment.len() - name.len()) / 2 {
            field = field.items?;
        }
    }
    Some(field)
}

/// Whether something on the way to it moves by itself.
pub(super) fn volatile_at(field: Option<&'static Field>, path: &str) -> bool {
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    ends.filter_map(|end| field_at(field, path.get(..end)?)).any(|field| field.volatile)
}

/// Whether a value is neither a list nor an object.
pub(super) fn is_plain(value: &Value) -> bool {
    !value.is_array() && !value.is_object() && !value.is_null()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    static TEXT: Field = Field::new("", Kind::String, "");
    static SETTINGS: Field =
        Field { items: Some(&TEXT), secret_keys: &["key"], ..Field::new("settings", Kind::Map, "") };
    static INNER: &[Field] = &[Field { volatile: true, ..Field::new("used", Kind::Integer, "") }];
    static PLACE: Field = Field { fields: INNER, ..Field::new("", Kind::Object, "") };
    static ROW_FIELDS: &[Field] = &[
        Field::new("name", Kind::String, ""),
        Field { secret: true, ..Field::new("token", Kind::String, "") },
        Field { items: Some(&TEXT), secret_keys: &["key"], ..Field::new("settings", Kind::Map, "") },
        Field { items: Some(&PLACE), ..Field::new("places", Kind::Array, "") },
    ];
    static ROW: Field = Field { fields: ROW_FIELDS, ..Field::new("", Kind::Object, "") };

    #[test]
    fn secrets_and_unknown_keys_are_not_shown_wherever_they_stand() {
        let value = json!({"name": "a", "token": "t", "later": "x", "settings": {" Key": "k", "b": "c"}});
        let expected = json!({"name": "a", "token": REDACTED, "settings": {" Key": REDACTED, "b": "c"}});
        assert_eq!(shown(&value, Some(&ROW)), expected);
        assert_eq!(shown(&json!({"key": ""}), Some(&SETTINGS)), json!({"key": ""}));
        let list = shown(&value, Some(&ROW));
        assert!(!list.to_string().contains("\"t\""));
    }

    #[test]
    fn a_row_without_a_list_of_columns_shows_its_plain_ones_but_no_secret() {
        assert_eq!(columns(&[], Some(&ROW)), ["name"]);
        assert_eq!(columns(&["id"], Some(&ROW)), ["id"]);
    }

    #[test]
    fn what_moves_is_known_by_its_path() {
        assert!(volatile_at(Some(&ROW), "places[].used"));
        assert!(!volatile_at(Some(&ROW), "places"));
        assert!(!volatile_at(Some(&ROW), "name"));
    }
}
