//! Makes a stored value fit the request field that it goes into.

use flvx_panel::spec::{Field, Kind};
use serde_json::{Map, Number, Value};

/// The value as the field takes it. Rows carry more keys than requests: what the request does not know, or the panel
/// ignores there, is dropped. `None`: the value is of another kind, or is null where null is not legal.
pub(super) fn fit(value: &Value, field: &Field) -> Option<Value> {
    match (field.kind, value) {
        (_, Value::Null) => field.nullable.then_some(Value::Null),
        (Kind::Any, _)
        | (Kind::String, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Number, Value::Number(_)) => Some(value.clone()),
        (Kind::Integer, Value::Number(number)) => whole(number).map(Value::Number),
        (Kind::Array, Value::Array(items)) => match field.items {
            Some(shape) => items.iter().map(|item| fit(item, shape)).collect::<Option<Vec<_>>>().map(Value::Array),
            None => Some(value.clone()),
        },
        (Kind::Object, Value::Object(stored)) => object(stored, field).map(Value::Object),
        (Kind::Map, Value::Object(stored)) => {
            let Some(shape) = field.items else { return Some(value.clone()) };
            let pairs = stored.iter().map(|(key, value)| Some((key.clone(), fit(value, shape)?)));
            pairs.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        _ => None,
    }
}

fn object(stored: &Map<String, Value>, shape: &Field) -> Option<Map<String, Value>> {
    let mut given = Map::new();
    for field in shape.fields.iter().filter(|field| !field.ignored) {
        match stored.get(field.name).and_then(|value| fit(value, field)) {
            Some(value) => given.insert(field.name.to_owned(), value),
            None if field.required => return None,
            None => None,
        };
    }
    Some(given)
}

/// A number that is whole, also when it is written as `2.0`.
fn whole(number: &Number) -> Option<Number> {
    if number.is_i64() || number.is_u64() {
        return Some(number.clone());
    }
    // Below 2^53 every whole float is exactly the integer that it looks like.
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0)?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and small, as checked above")]
    Some(Number::from(float as i64))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    const PLACE: &[Field] = &[
        Field { required: true, ..Field::new("nodeId", Kind::Integer, "") },
        Field { ignored: true, ..Field::new("protocol", Kind::String, "") },
        Field { nullable: true, ..Field::new("speedId", Kind::Integer, "") },
        Field::new("strategy", Kind::String, ""),
    ];
    const ITEM: Field = Field { fields: PLACE, ..Field::new("", Kind::Object, "") };
    const LIST: Field = Field { items: Some(&ITEM), ..Field::new("places", Kind::Array, "") };

    #[test]
    fn items_of_a_row_keep_only_what_the_request_takes() {
        let stored =
            json!([{"nodeId": 1, "chainType": 1, "inx": 0, "protocol": "tls", "strategy": null, "speedId": null}]);
        assert_eq!(fit(&stored, &LIST), Some(json!([{"nodeId": 1, "speedId": null}])));
    }

    #[test]
    fn an_item_without_a_required_key_spoils_the_list_instead_of_vanishing_from_it() {
        assert_eq!(fit(&json!([{"nodeId": 1}, {"strategy": "round"}]), &LIST), None);
    }

    #[test]
    fn null_and_wrong_kinds_do_not_fit() {
        assert_eq!(fit(&json!(null), &LIST), None);
        assert_eq!(fit(&json!("5"), &PLACE[0]), None);
        assert_eq!(fit(&json!(2.5), &PLACE[0]), None);
        assert_eq!(fit(&json!(2.0), &PLACE[0]), Some(json!(2)));
        assert_eq!(fit(&json!(null), &PLACE[2]), Some(json!(null)));
    }
}
