//! Values as a preview shows them: without secrets, texts as the panel gave them.

use std::borrow::Cow;

use flvx_panel::spec::{Field, Kind};
use serde_json::{Map, Value};

use crate::recipes::{
    place,
    redact::{REDACTED, shown},
};

/// A value, and it as it is shown.
pub(super) struct Both<'v> {
    pub is: &'v Value,
    pub told: Cow<'v, Value>,
}

impl<'v> Both<'v> {
    /// `told` is what stands in its place where nothing is secret any more. What is not there is told as a secret: nobody has
    /// said that it may be shown.
    pub fn new(is: &'v Value, told: Option<&'v Value>) -> Self {
        Self { is, told: told.map_or_else(|| Cow::Owned(Value::from(REDACTED)), Cow::Borrowed) }
    }

    /// What is at a path of a row; `told` is the row as it is shown.
    pub fn at(row: &'v Value, told: &'v Value, path: &str) -> Option<Self> {
        let first = |value: &'v Value| place::walk(value, path).0.first().copied();
        Some(Self::new(first(row)?, first(told)))
    }

    /// Whether it is only called a secret.
    pub fn is_hidden(&self) -> bool {
        self.told.as_str() == Some(REDACTED)
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
    fn a_value_is_shown_as_its_row_is_and_what_the_row_does_not_show_is_hidden() {
        let value = json!({"name": "a", "token": "t", "later": "x", "settings": {"key": "k", "b": "c"}});
        let told = shown(&value, Some(&ROW));
        let at = |path: &str| Both::at(&value, &told, path).map(|both| both.told.into_owned());
        assert_eq!((at("name"), at("settings.b")), (Some(json!("a")), Some(json!("c"))));
        for path in ["token", "settings.key", "later"] {
            assert_eq!(at(path), Some(json!(REDACTED)), "{path}");
        }
        assert_eq!(at("gone"), None);
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
