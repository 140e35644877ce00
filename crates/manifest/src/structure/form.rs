//! The form of the language, compiled once from the JSON Schema of the model into something quick to walk.

use std::collections::HashMap;

use serde_json::Value;

/// All forms of one kind of file.
#[derive(Debug)]
pub struct Language {
    root: Form,
    named: HashMap<String, Form>,
}

/// What may stand at a place.
#[derive(Debug)]
pub enum Form {
    /// Any JSON.
    Any,
    /// Text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number(Number),
    /// One of these words.
    Word(Vec<String>),
    /// A list.
    List(Box<Form>),
    /// A mapping with free keys.
    Map(Box<Form>),
    /// A mapping with known keys.
    Record(Record),
    /// A form with a name.
    Named(String),
}

/// Which numbers.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// All.
    Any,
    /// Whole numbers of 64 bits.
    Signed,
    /// Whole numbers from 0.
    Unsigned {
        /// The largest.
        max: u64,
    },
}

/// A mapping with known keys.
#[derive(Debug)]
pub struct Record {
    /// What it is, with its article: `a route`.
    pub title: String,
    /// The keys it may have.
    pub keys: Vec<Key>,
}

/// One key of a record.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// What it means, in one line.
    pub doc: String,
    /// Whether it must be there.
    pub required: bool,
    /// What stands under it.
    pub form: Form,
}

impl Record {
    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Language {
    /// Compiles a schema as [`crate::language_schema`] gives it. `file` says what such a file is: `a domain file`.
    pub fn compile(schema: &Value, file: &str) -> Self {
        let definitions = schema.get("$defs").and_then(Value::as_object);
        let named =
            definitions.into_iter().flatten().map(|(name, schema)| (name.clone(), form(schema, title(name)))).collect();
        Self { root: form(schema, file), named }
    }

    /// The form of the whole file.
    pub fn root(&self) -> &Form {
        &self.root
    }

    /// The form with this name.
    pub fn named(&self, name: &str) -> Option<&Form> {
        self.named.get(name)
    }

    /// What a key of a named record means.
    pub fn doc(&self, record: &str, key: &str) -> Option<&str> {
        match self.named(record)? {
            Form::Record(record) => record.key(key).map(|key| key.doc.as_str()),
            _ => None,
        }
    }
}

impl Form {
    /// What is expected, for a sentence.
    pub fn described(&self) -> &'static str {
        match self {
            Form::Any | Form::Named(_) => "a value",
            Form::Text => "text",
            Form::Bool => "`true` or `false`",
            Form::Number(number) => number.described(),
            Form::Word(_) => "a word",
            Form::List(_) => "a list",
            Form::Map(_) | Form::Record(_) => "a mapping",
        }
    }
}

impl Number {
    /// What it is, for a sentence.
    pub fn described(self) -> &'static str {
        match self {
            Number::Any => "a number",
            Number::Signed => "a whole number of 64 bits",
            Number::Unsigned { max: u64::MAX } => "a whole number from 0",
            Number::Unsigned { .. } => "a whole number from 0 to 4294967295",
        }
    }
}

fn form(schema: &Value, title: &str) -> Form {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return Form::Named(name.rsplit('/').next().unwrap_or(name).to_owned());
    }
    if let Some(words) = words(schema) {
        return Form::Word(words);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => Form::Text,
        Some("boolean") => Form::Bool,
        Some("number") => Form::Number(Number::Any),
        Some("integer") => Form::Number(match (schema.get("minimum"), schema.get("format").and_then(Value::as_str)) {
            (Some(_), Some("uint32")) => Number::Unsigned { max: u32::MAX.into() },
            (Some(_), _) => Number::Unsigned { max: u64::MAX },
            (None, _) => Number::Signed,
        }),
        Some("array") => Form::List(Box::new(schema.get("items").map_or(Form::Any, |items| form(items, title)))),
        Some("object") => match schema.get("properties").and_then(Value::as_object) {
            Some(properties) => {
                let required: Vec<&str> = schema
                    .get("required")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                let keys = properties.iter().map(|(name, schema)| Key {
                    name: name.clone(),
                    doc: schema
                        .get("description")
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .split_whitespace()
                        .collect::<Vec<_>>()
                        .join(" "),
                    required: required.contains(&name.as_str()),
                    form: form(schema, name),
                });
                Form::Record(Record { title: title.to_owned(), keys: keys.collect() })
            }
            None => {
                Form::Map(Box::new(schema.get("additionalProperties").map_or(Form::Any, |value| form(value, title))))
            }
        },
        _ => Form::Any,
    }
}

fn words(schema: &Value) -> Option<Vec<String>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Some(words.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    }
    let alternatives = schema.get("oneOf").and_then(Value::as_array)?;
    let constants =
        alternatives.iter().map(|one| one.get("const").or_else(|| one.get("enum").and_then(|list| list.get(0))));
    constants.map(|word| word.and_then(Value::as_str).map(str::to_owned)).collect()
}

/// What a record of the model is called in a message.
fn title(name: &str) -> &str {
    match name {
        "Entry" => "a route",
        "Field" => "a field",
        "Shape" => "a shape",
        "Keywords" => "`keywords`",
        "Escalation" => "an escalation",
        "Batch" => "`batch`",
        "Request" => "`request`",
        "Response" => "`response`",
        "ErrorRule" => "an error rule",
        "Read" => "a read",
        "Preview" => "`preview`",
        "Merge" => "`merge`",
        "Verify" => "`verify`",
        "Save" => "`save`",
        "Undo" => "`undo`",
        "Created" => "`undo.created`",
        "Then" => "a call of `undo.then`",
        "Example" => "an example",
        "Expected" => "`expect`",
        other => other,
    }
}
