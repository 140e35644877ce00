//! A field as its row in the route tables.

use serde::Serialize;

use super::{names, schema};
use crate::model::{Field, Kind, Location, Unique};

/// What the template of a `Field` literal asks for. Absent values are `None`, lists may be empty.
#[derive(Debug, Serialize)]
pub struct FieldRow {
    name: String,
    kind: &'static str,
    doc: String,
    location: &'static str,
    required: bool,
    nullable: bool,
    min: Option<f64>,
    max: Option<f64>,
    min_items: Option<u64>,
    max_items: Option<u64>,
    min_length: Option<u64>,
    max_length: Option<u64>,
    values: Vec<MeaningRow>,
    secret: bool,
    secret_keys: Vec<String>,
    hand_over: bool,
    free_text: bool,
    volatile: bool,
    ignored: bool,
    items: Option<Box<FieldRow>>,
    /// The static that holds the keys of the named type, in place of `fields`.
    shape: Option<String>,
    fields: Vec<FieldRow>,
}

/// One allowed value.
#[derive(Debug, Serialize)]
struct MeaningRow {
    value: String,
    text: String,
}

impl FieldRow {
    /// The row of a field under a name; items and whole bodies have none.
    pub fn new(name: &str, field: &Field) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind(field.kind),
            doc: field.doc.clone(),
            location: location(field.location),
            required: field.required,
            nullable: field.nullable,
            min: field.min,
            max: field.max,
            min_items: field.min_items,
            max_items: field.max_items,
            min_length: field.min_length,
            max_length: field.max_length,
            values: field
                .values
                .iter()
                .map(|(value, text)| MeaningRow {
                    value: schema::constant(field.kind, value).to_string(),
                    text: text.clone(),
                })
                .collect(),
            secret: field.secret,
            secret_keys: field.secret_keys.clone(),
            hand_over: field.hand_over,
            free_text: field.free_text,
            volatile: field.volatile,
            ignored: field.ignored,
            items: field.items.as_deref().map(|items| Box::new(Self::new("", items))),
            shape: field.of.as_deref().map(shape_static),
            fields: if field.of.is_some() { Vec::new() } else { Self::all(&field.fields) },
        }
    }

    /// The row of an object with these keys.
    pub fn object(fields: &Unique<Field>) -> Self {
        Self { fields: Self::all(fields), ..Self::new("", &empty_object()) }
    }

    /// The rows of all keys.
    pub fn all(fields: &Unique<Field>) -> Vec<Self> {
        fields.iter().map(|(name, field)| Self::new(name, field)).collect()
    }
}

/// The static that holds the keys of a named type.
pub fn shape_static(name: &str) -> String {
    format!("{}_KEYS", names::upper(name))
}

fn empty_object() -> Field {
    Field {
        kind: Kind::Object,
        doc: String::new(),
        of: None,
        fields: Unique::default(),
        items: None,
        location: Location::Body,
        required: false,
        optional: false,
        nullable: false,
        default: None,
        default_doc: None,
        omitted: None,
        min: None,
        max: None,
        min_items: None,
        max_items: None,
        min_length: None,
        max_length: None,
        unit: None,
        values: Unique::default(),
        special: Unique::default(),
        secret: false,
        secret_keys: Vec::new(),
        hand_over: false,
        free_text: false,
        volatile: false,
        ignored: false,
        example: None,
        since: None,
        until: None,
        panel_note: None,
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "String",
        Kind::Integer => "Integer",
        Kind::Number => "Number",
        Kind::Boolean => "Boolean",
        Kind::Object => "Object",
        Kind::Array => "Array",
        Kind::Map => "Map",
        Kind::Any => "Any",
    }
}

fn location(location: Location) -> &'static str {
    match location {
        Location::Body => "Body",
        Location::Path => "Path",
        Location::Query => "Query",
        Location::Header => "Header",
    }
}
