//! One field of a request or an answer, and the shapes that fields have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Omitted, Unique};

/// JSON type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Text.
    String,
    /// A whole number of at most 64 bits.
    Integer,
    /// Any JSON number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An object with the keys under `fields` (or those of the type named by `of`).
    Object,
    /// A list; `items` says of what.
    Array,
    /// An object with keys that are not known beforehand; `items` says what each value is.
    Map,
    /// Any JSON value, passed on as it is.
    Any,
}

/// Where a request field travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// A key of the JSON body.
    #[default]
    Body,
    /// A `{name}` of the path.
    Path,
    /// A key of the query string.
    Query,
    /// A request header of that name.
    Header,
}

/// One value: its type, its limits and what it means. Used for request fields, answer fields and list items alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// JSON type.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// What the value is, for a reader who has never seen FLVX. Needed on every named field.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// Name of an entry under `types` (of this file or of `shared.yaml`) whose fields an `object` has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The keys of an `object`.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub fields: Unique<Field>,
    /// What an `array` or a `map` holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Box<Field>>,
    /// Where a request field travels.
    #[serde(default, rename = "in", skip_serializing_if = "is_body")]
    pub location: Location,
    /// Request: the call is refused without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Answer: the key may be absent.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// `null` is a legal value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub nullable: bool,
    /// What the panel takes when the key is left out.
    #[serde(default, deserialize_with = "super::given", skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The same in words, where it is no fixed value ("now + 365 days").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_doc: Option<String>,
    /// Updates: what happens to the stored value when the key is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub omitted: Option<Omitted>,
    /// Smallest number allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest number allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// Fewest items of a list, or entries of a map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u64>,
    /// Most items of a list, or entries of a map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u64>,
    /// Fewest characters of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// Most characters of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// Unit of a number: `ms since the epoch`, `GB`, `bytes`, `Mbit/s`, `percent`, `day of month`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The only values allowed (request) or seen (answer), each with its meaning: `{1: enabled, 0: disabled}`.
    #[serde(default, rename = "enum", skip_serializing_if = "Unique::is_empty")]
    pub values: Unique<String>,
    /// Single values out of the ordinary with their meaning: `{99999: shown as unlimited}`.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub special: Unique<String>,
    /// The value is a secret: redacted in answers, logs, audit and errors.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secret: bool,
    /// On a `map` (or an object list of name and value): values whose key is one of these are secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_keys: Vec<String>,
    /// A new secret that a person needs (a command with a key in it): it goes into a file of the gateway's, which the answer names.
    /// Only on a `secret` text of an answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hand_over: bool,
    /// Text that other people wrote (names, remarks, messages): untrusted, cleaned before a model sees it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub free_text: bool,
    /// The value moves by itself on a panel that is in use (counters, times of change, online states): it is not part of the
    /// state that a preview shows and a confirmation is bound to.
    #[serde(default, skip_serializing_if = "is_false")]
    pub volatile: bool,
    /// The panel reads the key and does nothing with it. Not offered to clients; refused with this field's `doc`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignored: bool,
    /// A value that would be accepted; shown in documentation.
    #[serde(default, deserialize_with = "super::given", skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
    /// Panel version that brought the field; absent: as old as the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// First panel version without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How the panel differs from what is said here (coercions, missing checks), for maintainers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel_note: Option<String>,
}

/// A named set of fields, for use with `of`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// What such an object is.
    pub doc: String,
    /// Its keys.
    pub fields: Unique<Field>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_body(value: &Location) -> bool {
    *value == Location::Body
}
