//! One spelling for each JSON value, so that equal requests and equal states have equal digests: keys sorted, no white space,
//! whole numbers without a fraction.

use serde_json::{Map, Value};

/// The canonical text of an object.
pub fn canonical(arguments: &Map<String, Value>) -> String {
    let mut out = String::new();
    object(arguments, &mut out);
    out
}

/// The canonical text of any value.
pub fn canonical_value(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn object(map: &Map<String, Value>, out: &mut String) {
    let mut pairs: Vec<(&String, &Value)> = map.iter().collect();
    pairs.sort_by_key(|(key, _)| *key);
    out.push('{');
    for (index, (key, value)) in pairs.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push(':');
        write(value, out);
    }
    out.push('}');
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => object(map, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Number(number) => match number.as_f64() {
            // 5.0 and 5 ask the panel for the same thing. Beyond 2^53 a float no longer says which whole number it is.
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
                out.push_str(&format!("{float:.0}"))
            }
            _ => out.push_str(&number.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(json: &str) -> String {
        canonical(serde_json::from_str::<Value>(json).unwrap().as_object().unwrap())
    }

    #[test]
    fn equal_requests_have_one_spelling() {
        assert_eq!(
            text(r#"{"b":[1,{"y":2,"x":1}],"a":"é"}"#),
            text("{ \"a\": \"\\u00e9\", \"b\": [1.0, {\"x\":1,\"y\":2}] }")
        );
    }

    #[test]
    fn different_requests_differ() {
        for (a, b) in [
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
            (r#"{"a":"1"}"#, r#"{"a":1}"#),
            (r#"{"a":null}"#, "{}"),
            (r#"{"a":1}"#, r#"{"a":1.5}"#),
        ] {
            assert_ne!(text(a), text(b));
        }
    }
}
