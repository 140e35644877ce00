//! What of a request's schema is worth its tokens in the tool list.
//!
//! A model pays for the list in every conversation, so it holds names, types, required keys, the words to choose from and
//! what numbers stand for. Ranges and plain sentences are left to `ops.routes {tool}` and to the gateway, which
//! checks every argument against the full tables and answers a wrong one with the range and the right key.

use serde_json::{Map, Value};

/// Bounds that the gateway checks and names when they are broken.
const BOUNDS: [&str; 6] = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"];

/// Takes out of a schema, at every depth, what the list does not say.
pub fn slim(schema: &mut Map<String, Value>) {
    for bound in BOUNDS {
        schema.remove(bound);
    }
    let kind = match schema.get("type") {
        Some(Value::Array(types)) => types.first().cloned().unwrap_or(Value::Null),
        Some(kind) => kind.clone(),
        None => Value::Null,
    };
    // For a list or an object, null says no more than leaving it out. For a plain value it can be the only way to clear it,
    // and a client that checks arguments against the schema would not let it pass.
    if kind == "array" || kind == "object" {
        schema.insert("type".to_owned(), kind.clone());
    }
    let number = kind == "integer" || kind == "number";
    let says_form = schema.get("description").and_then(Value::as_str).is_some_and(|text| tells_more(text, number));
    if !says_form {
        schema.remove("description");
    } else if number {
        // "1 enabled, 0 disabled" names the values already.
        schema.remove("enum");
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().filter_map(Value::as_object_mut).for_each(slim);
    }
    if let Some(Value::Object(items)) = schema.get_mut("items") {
        slim(items);
        // The request itself is closed; that its items are too, the gateway says when it matters.
        items.remove("additionalProperties");
        if items.len() == 1 && items.get("type").is_some_and(|kind| kind == "object") {
            schema.remove("items");
        }
    }
}

/// Whether a description says what name and type do not: values and units of a number, the form of a text, that a list is whole.
fn tells_more(text: &str, number: bool) -> bool {
    text.contains([',', ';', ':'])
        || (number && text.contains(|c: char| c.is_ascii_digit()))
        || text.contains("exactly")
        || text.contains("complete")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn slimmed(schema: &str) -> String {
        let Value::Object(mut schema) = serde_json::from_str(schema).unwrap() else { return String::new() };
        slim(&mut schema);
        Value::Object(schema).to_string()
    }

    #[test]
    fn numbers_keep_what_they_stand_for_and_lose_their_bounds() {
        let full = r#"{"type":"object","properties":{"a":{"type":["integer","null"],"description":"1 on, 0 off","enum":[1,0,null],"minimum":0}},"required":["a"],"additionalProperties":false}"#;
        assert_eq!(
            slimmed(full),
            r#"{"type":"object","properties":{"a":{"type":["integer","null"],"description":"1 on, 0 off"}},"required":["a"],"additionalProperties":false}"#
        );
    }

    #[test]
    fn words_to_choose_from_and_forms_stay_and_plain_sentences_go() {
        let full = r#"{"type":"object","properties":{"s":{"type":"string","description":"How one is chosen","enum":["fifo"]},"t":{"type":"string","description":"Targets host:port, joined by commas"}}}"#;
        assert_eq!(
            slimmed(full),
            r#"{"type":"object","properties":{"s":{"type":"string","enum":["fifo"]},"t":{"type":"string","description":"Targets host:port, joined by commas"}}}"#
        );
    }

    #[test]
    fn the_request_is_closed_and_its_items_are_left_open() {
        let full = r#"{"type":"object","properties":{"l":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"}},"additionalProperties":false}}},"additionalProperties":false}"#;
        assert_eq!(
            slimmed(full),
            r#"{"type":"object","properties":{"l":{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer"}}}}},"additionalProperties":false}"#
        );
    }

    #[test]
    fn lists_of_mere_objects_are_mere_lists() {
        assert_eq!(
            slimmed(r#"{"type":["array","null"],"description":"Accounts","items":{"type":"object"}}"#),
            r#"{"type":"array"}"#
        );
    }
}
