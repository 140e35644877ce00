//! A JSON value held against the shape of an answer as a manifest entry has it: strictly, both ways.

use std::collections::BTreeSet;

use serde_json::Value;

/// A text in an answer, and what the manifest says of it.
#[derive(Debug)]
pub struct Text<'v> {
    pub place: String,
    pub text: &'v str,
    pub secret: bool,
    pub free: bool,
}

/// Everything in which a value is not what its shape promises.
pub fn misfits(shape: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    fit(shape, value, "data", &mut found);
    found
}

fn fit(shape: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    let kind = shape["type"].as_str().unwrap();
    if value.is_null() && (shape["nullable"] == true || kind == "any") {
        return;
    }
    let right = match kind {
        "any" => true,
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" | "map" => value.is_object(),
        other => panic!("`{other}` is no type"),
    };
    if !right {
        return found.push(format!("{place}: {value} where {kind} is promised"));
    }
    if let Some(values) = shape["enum"].as_object()
        && !values.contains_key(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    {
        found.push(format!("{place}: {value} is none of the values under `enum`"));
    }
    let least = shape["min"].as_f64().is_some_and(|least| value.as_f64().is_some_and(|value| value < least));
    let most = shape["max"].as_f64().is_some_and(|most| value.as_f64().is_some_and(|value| value > most));
    if least || most {
        found.push(format!("{place}: {value} is out of range"));
    }
    for item in value.as_array().into_iter().flatten() {
        fit(&shape["items"], item, &format!("{place}[]"), found);
    }
    let Some(object) = value.as_object() else { return };
    if kind == "map" {
        object.values().for_each(|item| fit(&shape["items"], item, &format!("{place}.*"), found));
    } else if let Some(fields) = shape["fields"].as_object() {
        for (key, value) in object {
            match fields.get(key) {
                Some(field) => fit(field, value, &format!("{place}.{key}"), found),
                None => found.push(format!("{place}.{key}: not in the manifest")),
            }
        }
        let missing = fields.iter().filter(|(key, field)| {
            !object.contains_key(*key) && field["optional"] != true && field.get("since").is_none()
        });
        found.extend(missing.map(|(key, _)| format!("{place}.{key}: missing, and not marked optional")));
    }
}

/// Every text of an answer with its marks. Marks hold for all that stands below.
pub fn texts<'v>(shape: &Value, value: &'v Value) -> Vec<Text<'v>> {
    let mut found = Vec::new();
    gather(shape, value, "data", (false, false), &mut found);
    found
}

fn gather<'v>(shape: &Value, value: &'v Value, place: &str, above: (bool, bool), found: &mut Vec<Text<'v>>) {
    let marks = (above.0 || shape["secret"] == true, above.1 || shape["free_text"] == true);
    match value {
        Value::String(text) => found.push(Text { place: place.to_owned(), text, secret: marks.0, free: marks.1 }),
        Value::Array(items) => {
            items.iter().for_each(|item| gather(&shape["items"], item, &format!("{place}[]"), marks, found))
        }
        Value::Object(object) => {
            // A map and an object of name and value hide by key.
            let hides =
                |key: &str| shape["secret_keys"].as_array().is_some_and(|keys| keys.iter().any(|hidden| hidden == key));
            let named = object.get("name").and_then(Value::as_str).is_some_and(hides);
            for (key, value) in object {
                let inner = if shape["type"] == "map" { &shape["items"] } else { &shape["fields"][key] };
                gather(inner, value, &format!("{place}.{key}"), (marks.0 || named || hides(key), marks.1), found);
            }
        }
        _ => {}
    }
}

/// The places of a value at which something stands: `data[].id`.
pub fn places(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, place: &str, found: &mut BTreeSet<String>) {
        found.insert(place.to_owned());
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, &format!("{place}[]"), found)),
            Value::Object(object) => {
                object.iter().for_each(|(key, value)| walk(value, &format!("{place}.{key}"), found))
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(value, "data", &mut found);
    found
}

/// The places that a shape promises, without the free keys of maps.
pub fn promised(shape: &Value) -> BTreeSet<String> {
    fn walk(shape: &Value, place: &str, found: &mut BTreeSet<String>) {
        found.insert(place.to_owned());
        if shape["type"] == "array" {
            walk(&shape["items"], &format!("{place}[]"), found);
        }
        for (key, field) in
            shape["fields"].as_object().into_iter().flatten().filter(|(_, field)| field.get("since").is_none())
        {
            walk(field, &format!("{place}.{key}"), found);
        }
    }
    let mut found = BTreeSet::new();
    if !shape.is_null() {
        walk(shape, "data", &mut found);
    }
    found
}
