//! The panel's two ways of reading a JSON body. *Loose* bodies are maps whose values are coerced and fall back to
//! defaults in silence; *strict* ones are typed structs that refuse unknown keys and wrong types. Both take the first
//! JSON value, ignore what follows it, and count `null` as an empty object.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::reply::{go_json, sorted};

/// Why a body was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Nothing but white space; some handlers accept that.
    Empty,
    /// Not JSON, not an object, an unknown key, or a wrong type.
    Malformed,
}

/// The first JSON value of a body.
pub fn first_value(body: &[u8]) -> Result<Value, Bad> {
    let text = mend_surrogates(String::from_utf8_lossy(body));
    if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
        return Err(Bad::Empty);
    }
    match serde_json::Deserializer::from_str(&text).into_iter::<Value>().next() {
        Some(Ok(value)) => Ok(value),
        _ => Err(Bad::Malformed),
    }
}

/// Replaces escaped surrogates that have no partner by the replacement character, as Go's decoder does; other decoders
/// refuse them.
fn mend_surrogates(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains("\\u") {
        return text;
    }
    let unit = |at: &str| at.strip_prefix("\\u").and_then(|hex| u32::from_str_radix(hex.get(..4)?, 16).ok());
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(place) = rest.find('\\') {
        let (before, escape) = rest.split_at(place);
        out.push_str(before);
        let pair = unit(escape).zip(escape.get(6..).and_then(unit));
        let length = match (unit(escape), pair) {
            (_, Some((0xd800..=0xdbff, 0xdc00..=0xdfff))) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push('\u{fffd}');
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            // a backslash and what it escapes, so that an escaped backslash does not begin an escape
            _ => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (done, later) = escape.split_at(length);
        out.push_str(done);
        rest = later;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A body read as a loose map.
#[derive(Clone, Debug, Default)]
pub struct Loose(Map<String, Value>);

impl Loose {
    /// Reads a body; only `null` and objects are taken.
    pub fn decode(body: &[u8]) -> Result<Self, Bad> {
        match first_value(body)? {
            Value::Null => Ok(Self::default()),
            Value::Object(map) => Ok(Self(map)),
            _ => Err(Bad::Malformed),
        }
    }

    /// The value as it was sent; missing is `null`.
    pub fn raw(&self, key: &str) -> &Value {
        self.0.get(key).unwrap_or(&Value::Null)
    }

    /// Whether the key was sent, be it with `null`.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The value as text, trimmed; missing and `null` are empty.
    pub fn text(&self, key: &str) -> String {
        as_text(self.raw(key))
    }

    /// The value as text, or `default` when it is blank.
    pub fn text_or(&self, key: &str, default: &str) -> String {
        let text = self.text(key);
        if text.is_empty() { default.to_owned() } else { text }
    }

    /// The value as an integer; what is not one counts as `default`.
    pub fn int(&self, key: &str, default: i64) -> i64 {
        as_int(self.raw(key)).unwrap_or(default)
    }

    /// The value as an integer, if it is one.
    pub fn opt_int(&self, key: &str) -> Option<i64> {
        as_int(self.raw(key))
    }

    /// The value as a float; what is not one counts as `default`.
    pub fn float(&self, key: &str, default: f64) -> f64 {
        as_float(self.raw(key)).unwrap_or(default)
    }

    /// The value as a list; what is not one is empty.
    pub fn list(&self, key: &str) -> &[Value] {
        self.raw(key).as_array().map_or(&[], Vec::as_slice)
    }

    /// The objects of a list; other elements are dropped.
    pub fn maps(&self, key: &str) -> Vec<Loose> {
        self.list(key).iter().filter_map(Self::of).collect()
    }

    /// The integers above 0 of a list, in order, repeats kept.
    pub fn int_list(&self, key: &str) -> Vec<i64> {
        self.list(key).iter().filter_map(as_int).filter(|id| *id > 0).collect()
    }

    /// An object as a loose map.
    pub fn of(value: &Value) -> Option<Self> {
        value.as_object().cloned().map(Self)
    }

    /// The map itself.
    pub fn map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Sets a value, as the panel does on its request maps.
    pub fn set(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }
}

/// A value as text: strings trimmed, whole numbers without a fraction, other values as JSON without outer quotes.
pub fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => {
            // the sum turns a negative zero into a plain one
            let float = number.as_f64().unwrap_or_default() + 0.0;
            format!("{float}")
        }
        other => go_json(&sorted(other.clone())).trim_matches('"').to_owned(),
    }
}

/// A value as an integer: numbers, numeric text; anything else is `None`.
pub fn as_int(value: &Value) -> Option<i64> {
    as_text(value).parse().ok()
}

/// A value as a float: numbers, numeric text; anything else is `None`.
pub fn as_float(value: &Value) -> Option<f64> {
    as_text(value).parse().ok()
}

/// The type of a field of a strict body.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `string`.
    Text,
    /// `int`, `int64`: an integer literal.
    Int,
    /// `float64`.
    Float,
    /// `bool`.
    Bool,
    /// A slice.
    List(&'static Kind),
    /// A nested struct.
    Object(&'static [(&'static str, Kind)]),
    /// `map[string]T`.
    MapOf(&'static Kind),
    /// `interface{}`, `json.RawMessage`.
    Any,
}

/// A body read as a typed struct. Keys are stored under their declared spelling; what was not sent (or sent as `null`)
/// reads as the type's zero.
#[derive(Clone, Debug, Default)]
pub struct Strict(Map<String, Value>);

impl Strict {
    /// Reads a body.
    pub fn decode(body: &[u8], fields: &'static [(&'static str, Kind)]) -> Result<Self, Bad> {
        match checked(first_value(body)?, Kind::Object(fields))? {
            Some(Value::Object(map)) => Ok(Self(map)),
            _ => Ok(Self::default()),
        }
    }

    /// Whether the key was sent with something other than `null`.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The value, if it was sent.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// A text, untrimmed; empty when it was not sent.
    pub fn text(&self, key: &str) -> &str {
        self.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// An integer; 0 when it was not sent.
    pub fn int(&self, key: &str) -> i64 {
        self.opt_int(key).unwrap_or_default()
    }

    /// An integer, if it was sent.
    pub fn opt_int(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Value::as_i64)
    }

    /// A float; 0 when it was not sent.
    pub fn float(&self, key: &str) -> f64 {
        self.get(key).and_then(Value::as_f64).unwrap_or_default()
    }

    /// A boolean; false when it was not sent.
    pub fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A list; empty when it was not sent.
    pub fn list(&self, key: &str) -> &[Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The integers of a list.
    pub fn int_list(&self, key: &str) -> Vec<i64> {
        self.list(key).iter().filter_map(Value::as_i64).collect()
    }

    /// The structs of a list.
    pub fn structs(&self, key: &str) -> Vec<Strict> {
        self.list(key).iter().map(|v| Self(v.as_object().cloned().unwrap_or_default())).collect()
    }

    /// The whole struct.
    pub fn map(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// The value as its type demands, with declared key spellings; `None` for `null`, which leaves the zero value.
pub fn checked(value: Value, kind: Kind) -> Result<Option<Value>, Bad> {
    let good = match (kind, value) {
        (Kind::Any, value) => value,
        (_, Value::Null) => return Ok(None),
        (Kind::Text, value @ Value::String(_)) | (Kind::Bool, value @ Value::Bool(_)) => value,
        (Kind::Int, Value::Number(n)) if n.is_i64() => Value::Number(n),
        (Kind::Float, value @ Value::Number(_)) => value,
        (Kind::List(item), Value::Array(items)) => {
            let items: Result<Vec<_>, _> =
                items.into_iter().map(|v| Ok(checked(v, *item)?.unwrap_or_else(|| zero(*item)))).collect();
            Value::Array(items?)
        }
        (Kind::MapOf(item), Value::Object(map)) => {
            let mut out = Map::new();
            for (key, value) in map {
                out.insert(key, checked(value, *item)?.unwrap_or_else(|| zero(*item)));
            }
            Value::Object(out)
        }
        (Kind::Object(fields), Value::Object(map)) => {
            let mut out = Map::new();
            for (key, value) in map {
                let (name, kind) = declared(fields, &key).ok_or(Bad::Malformed)?;
                if let Some(value) = checked(value, kind)? {
                    out.insert(name.to_owned(), value);
                }
            }
            Value::Object(out)
        }
        _ => return Err(Bad::Malformed),
    };
    Ok(Some(good))
}

/// The declared field for a key: the exact spelling first, then any case.
fn declared(fields: &'static [(&'static str, Kind)], key: &str) -> Option<(&'static str, Kind)> {
    let exact = fields.iter().find(|(name, _)| *name == key);
    exact.or_else(|| fields.iter().find(|(name, _)| fold(name) == fold(key))).copied()
}

/// Go's case folding of keys: ASCII case, and the two letters outside ASCII that fold into it.
fn fold(key: &str) -> String {
    key.chars()
        .map(|c| match c {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

fn zero(kind: Kind) -> Value {
    match kind {
        Kind::Text => Value::String(String::new()),
        Kind::Int | Kind::Float => Value::from(0),
        Kind::Bool => Value::Bool(false),
        Kind::List(_) | Kind::Any => Value::Null,
        Kind::Object(_) | Kind::MapOf(_) => Value::Object(Map::new()),
    }
}
