//! The JSON Schema of the language, derived from the model: editors complete and check YAML by it while it is typed.

use serde_json::{Map, Value};

use crate::model::{Domain, Shared};

/// The schema of `routes/<domain>.yaml`.
pub fn language_schema() -> Value {
    published(schemars::schema_for!(Domain).to_value())
}

/// The schema of `routes/shared.yaml`.
pub fn shared_language_schema() -> Value {
    published(schemars::schema_for!(Shared).to_value())
}

/// What schemars derives, without `null`: a key of the language is given a value or left out, never left empty.
fn published(mut schema: Value) -> Value {
    drop_null(&mut schema);
    schema
}

fn drop_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            drop_null_types(object);
            if let Some(inner) = single_alternative(object) {
                object.extend(inner);
            }
            if object.get("default").is_some_and(Value::is_null) {
                object.shift_remove("default");
            }
            object.values_mut().for_each(drop_null);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_null),
        _ => {}
    }
}

/// `type: [string, null]` becomes `type: string`.
fn drop_null_types(object: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = object.get_mut("type") else { return };
    types.retain(|name| name != "null");
    if let [only] = types.as_slice() {
        let only = only.clone();
        object.insert("type".to_owned(), only);
    }
}

/// `anyOf: [X, {type: null}]` becomes X.
fn single_alternative(object: &mut Map<String, Value>) -> Option<Map<String, Value>> {
    let Some(Value::Array(alternatives)) = object.get_mut("anyOf") else { return None };
    alternatives.retain(|alternative| alternative.get("type").is_none_or(|name| name != "null"));
    let [Value::Object(only)] = alternatives.as_slice() else { return None };
    let only = only.clone();
    object.shift_remove("anyOf");
    Some(only)
}
