//! JSON Schema texts: closed and small for what a client may send, open for what the panel answers.
//!
//! Only words that every MCP client reads are used: no `$ref`, no combinators; a nullable value has a list of types.
//! The gateway checks arguments against the route tables, so the text may say less than they do, and saves tokens with
//! it: "not empty" and "positive" are left out, and where a request is larger than [`LARGEST`] its innermost objects
//! are shown as mere objects (a backup's document is the one case).

use serde_json::{Map, Value, json};

use super::short;
use crate::model::{Field, Kind, Request, Unique};

/// Whose schema it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Arguments: unknown keys are refused, ignored fields are not offered.
    Request,
    /// Data: newer panels may answer with more.
    Answer,
}

/// Most bytes of a request's schema before its depth is cut.
const LARGEST: usize = 2_000;

/// Levels of objects that a schema ever has.
const DEEPEST: usize = 16;

/// The text of the schema of a route's whole request.
pub fn request(request: Option<&Request>, around: &[String]) -> String {
    let mut text = String::new();
    for depth in (1..=DEEPEST).rev() {
        let schema = Schema { side: Side::Request, around, depth };
        text = match request {
            Some(Request { body: Some(body), .. }) => schema.field("", body),
            Some(Request { fields, .. }) => schema.object(fields),
            None => schema.object(&Unique::default()),
        }
        .to_string();
        if text.len() <= LARGEST {
            break;
        }
    }
    text
}

/// The text of the schema of an object with these keys.
pub fn object(side: Side, fields: &Unique<Field>, around: &[String]) -> String {
    Schema { side, around, depth: DEEPEST }.object(fields).to_string()
}

/// A key of `enum` or `special` as the JSON value that it stands for.
pub fn constant(kind: Kind, key: &str) -> Value {
    match kind {
        Kind::String => Value::from(key),
        _ => serde_json::from_str(key).unwrap_or_else(|_| Value::from(key)),
    }
}

struct Schema<'a> {
    side: Side,
    around: &'a [String],
    /// Levels of objects that are written out.
    depth: usize,
}

impl Schema<'_> {
    fn object(&self, fields: &Unique<Field>) -> Value {
        let offered = || fields.iter().filter(|(_, field)| self.side == Side::Answer || !field.ignored);
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        let properties: Map<String, Value> =
            offered().map(|(name, field)| (name.to_owned(), self.field(name, field))).collect();
        if !properties.is_empty() {
            schema.insert("properties".to_owned(), Value::Object(properties));
        }
        if self.side == Side::Request {
            let required: Vec<&str> = offered().filter(|(_, field)| field.required).map(|(name, _)| name).collect();
            if !required.is_empty() {
                schema.insert("required".to_owned(), json!(required));
            }
            schema.insert("additionalProperties".to_owned(), json!(false));
        }
        Value::Object(schema)
    }

    fn field(&self, name: &str, field: &Field) -> Value {
        let mut schema = match field.kind {
            Kind::Object if !field.fields.is_empty() && self.depth > 1 => {
                match (Schema { depth: self.depth - 1, ..*self }).object(&field.fields) {
                    Value::Object(schema) => schema,
                    _ => Map::new(),
                }
            }
            _ => Map::new(),
        };
        if let Some(word) = type_word(field.kind) {
            schema.insert("type".to_owned(), if field.nullable { json!([word, "null"]) } else { json!(word) });
        }
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                schema.insert(key.to_owned(), value);
            }
        };
        put("description", short::words_for(name, field, self.around).map(Value::from));
        put("enum", values(field));
        put("minimum", field.min.filter(|min| *min != 1.0).map(number));
        put("maximum", field.max.map(number));
        put("minLength", field.min_length.filter(|least| *least > 1).map(Value::from));
        put("maxLength", field.max_length.map(Value::from));
        let items = field.items.as_deref().map(|items| self.field("", items));
        match field.kind {
            Kind::Array => {
                put("items", items);
                put("minItems", field.min_items.filter(|least| *least > 1).map(Value::from));
                put("maxItems", field.max_items.map(Value::from));
            }
            Kind::Map => put("additionalProperties", items),
            _ => {}
        }
        Value::Object(schema)
    }
}

fn type_word(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::String => "string",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Object | Kind::Map => "object",
        Kind::Array => "array",
        Kind::Any => return None,
    })
}

/// `null` has to be among the values where it is allowed, or no validator would let it pass.
fn values(field: &Field) -> Option<Value> {
    if field.values.is_empty() {
        return None;
    }
    let null = field.nullable.then_some(Value::Null);
    Some(Value::Array(field.values.keys().map(|key| constant(field.kind, key)).chain(null).collect()))
}

/// Whole numbers without a fraction: `1`, not `1.0`.
fn number(value: f64) -> Value {
    // Beyond 2^53 an f64 is no exact integer any more, and neither is a bound written with it.
    if value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 { json!(value as i64) } else { json!(value) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn schema_of(yaml: &str) -> String {
        let parsed: Request = serde_yaml::from_str(yaml).unwrap();
        request(Some(&parsed), &[])
    }

    #[test]
    fn a_request_is_a_closed_object_without_the_ignored_fields() {
        let text = schema_of(
            "{decoding: strict, fields: {a: {type: integer, required: true, min: 0, doc: a}, b: {type: string, ignored: true, doc: b}}}",
        );
        assert_eq!(
            text,
            r#"{"type":"object","properties":{"a":{"type":"integer","minimum":0}},"required":["a"],"additionalProperties":false}"#
        );
    }

    #[test]
    fn what_goes_without_saying_is_not_said() {
        let text = schema_of(
            "{decoding: strict, fields: {ids: {type: array, min_items: 1, doc: ids, items: {type: integer, min: 1}}, name: {type: string, min_length: 1, doc: name}}}",
        );
        assert_eq!(
            text,
            r#"{"type":"object","properties":{"ids":{"type":"array","items":{"type":"integer"}},"name":{"type":"string"}},"additionalProperties":false}"#
        );
    }

    #[test]
    fn a_large_request_shows_its_innermost_objects_without_their_keys() {
        let keys: String = (0..120).map(|key| format!("key{key}: {{type: integer, doc: key}},")).collect();
        let text = schema_of(&format!(
            "{{decoding: strict, fields: {{list: {{type: array, doc: list, items: {{type: object, fields: {{{keys}}}}}}}}}}}"
        ));
        assert_eq!(
            text,
            r#"{"type":"object","properties":{"list":{"type":"array","items":{"type":"object"}}},"additionalProperties":false}"#
        );
    }

    #[test]
    fn null_is_a_type_and_a_value() {
        let text = schema_of(
            "{decoding: strict, fields: {a: {type: integer, nullable: true, enum: {1: one, 2: two}, doc: a}}}",
        );
        assert!(text.contains(r#""type":["integer","null"],"description":"1 one, 2 two","enum":[1,2,null]"#), "{text}");
    }

    #[test]
    fn free_keys_become_additional_properties() {
        let text = schema_of("{decoding: loose, body: {type: map, doc: all, items: {type: string}}}");
        assert!(text.contains(r#""additionalProperties":{"type":"string"}"#), "{text}");
    }

    #[test]
    fn a_route_without_arguments_takes_an_empty_object() {
        assert_eq!(request(None, &[]), r#"{"type":"object","additionalProperties":false}"#);
    }
}
