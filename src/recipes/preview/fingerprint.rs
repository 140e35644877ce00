//! One number for the state that a preview shows, without what moves by itself.

use flvx_panel::spec::{Field, Kind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{gather::Gathered, reader::key_of};
use crate::{policy::canonical_value, recipes::reads};

/// SHA-256 of the targets' rows, of present values that other reads show, and of the keys of what hangs on them.
pub(super) fn of(seen: &Gathered<'_>) -> [u8; 32] {
    let targets = seen.groups.iter().map(|group| {
        let rows = group.found.iter().filter_map(|found| Some(lasting(found.row.as_ref()?, group.shape)));
        json!([group.read.read, sorted(rows.collect())])
    });
    let hanging = seen.hanging.iter().filter(|hanging| !hanging.volatile).map(|hanging| {
        let shape = reads::row_shape(hanging.read);
        let keys = hanging.rows.iter().map(|row| key_of(hanging.read, row).unwrap_or_else(|| lasting(row, shape)));
        json!([hanging.read.label, sorted(keys.collect())])
    });
    let state = json!({
        "targets": targets.collect::<Vec<_>>(),
        "present": seen.present,
        "hanging": hanging.collect::<Vec<_>>(),
        "hidden": seen.hidden,
    });
    Sha256::digest(canonical_value(&state)).into()
}

/// A value without what moves by itself. Keys that the manifest does not know may move too, so they do not count.
fn lasting(value: &Value, shape: Option<&Field>) -> Value {
    let Some(shape) = shape else { return value.clone() };
    match (shape.kind, value) {
        (Kind::Object, Value::Object(object)) if !shape.fields.is_empty() => {
            let kept = shape.fields.iter().filter(|field| !field.volatile);
            let pairs =
                kept.filter_map(|field| Some((field.name.to_owned(), lasting(object.get(field.name)?, Some(field)))));
            Value::Object(pairs.collect())
        }
        (Kind::Map, Value::Object(object)) => {
            let pairs = object.iter().map(|(key, value)| (key.clone(), lasting(value, shape.items)));
            Value::Object(pairs.collect())
        }
        (Kind::Array, Value::Array(items)) => items.iter().map(|item| lasting(item, shape.items)).collect(),
        _ => value.clone(),
    }
}

/// In an order that does not depend on the panel's.
fn sorted(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by_cached_key(canonical_value);
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    const INNER: &[Field] =
        &[Field::new("nodeId", Kind::Integer, ""), Field { volatile: true, ..Field::new("used", Kind::Integer, "") }];
    const PLACE: Field = Field { fields: INNER, ..Field::new("", Kind::Object, "") };
    const ROW_FIELDS: &[Field] = &[
        Field::new("name", Kind::String, ""),
        Field { volatile: true, ..Field::new("inFlow", Kind::Integer, "") },
        Field { items: Some(&PLACE), ..Field::new("places", Kind::Array, "") },
    ];
    const ROW: Field = Field { fields: ROW_FIELDS, ..Field::new("", Kind::Object, "") };

    #[test]
    fn what_moves_by_itself_and_what_nobody_described_does_not_count() {
        let row = json!({"inFlow": 5, "later": 1, "name": "a", "places": [{"nodeId": 1, "used": 9}]});
        assert_eq!(lasting(&row, Some(&ROW)), json!({"name": "a", "places": [{"nodeId": 1}]}));
    }

    #[test]
    fn the_order_of_keys_and_rows_and_the_spelling_of_numbers_do_not_count() {
        let a: Value = serde_json::from_str(r#"{"b":[{"y":1,"x":"\""}],"a":null}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"a":null,"b":[{"x":"\"","y":1.0}]}"#).unwrap();
        assert_eq!(canonical_value(&a), r#"{"a":null,"b":[{"x":"\"","y":1}]}"#);
        assert_eq!(canonical_value(&a), canonical_value(&b));
        assert_eq!(sorted(vec![json!(2), json!(1), json!(2)]), [json!(1), json!(2)]);
    }
}
