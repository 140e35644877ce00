//! Whether a JSON value fits a [`Field`]: the one rule for defaults, examples, literals in recipes and arguments.

use serde_json::Value;

use crate::{
    finding::Finding,
    model::{Field, Kind},
    path::{Part, Spot, Step, spelled},
    suggest::{listed, nearest},
};

/// Why a value does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the value: `nodes[2].id`; empty for the value itself.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Why a value does not fit, with the place as steps.
pub struct Misfit {
    steps: Vec<Step>,
    part: Part,
    /// What is wrong.
    pub message: String,
    label: String,
    suggestion: Option<String>,
}

impl Misfit {
    /// The finding, for a value that stands at `spot`; `about` says what does not fit.
    pub fn finding(self, spot: Spot, about: &str) -> Finding {
        let spot = Spot { part: self.part, ..spot.down(self.steps) };
        let message = if about.is_empty() { self.message } else { format!("{about}: {}", self.message) };
        Finding::new(spot, message).label(self.label).instead(self.suggestion)
    }
}

/// Whether keys that a request needs must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// A request: all of it.
    Whole,
    /// A part of an answer: what is there must fit.
    Part,
}

impl Field {
    /// Everything in `value` that this field does not allow. Names under `of` are followed only in a field of
    /// [`Manifest::resolved`](crate::Manifest::resolved); before that such an object may hold anything.
    pub fn check(&self, value: &Value) -> Vec<Problem> {
        let told = misfits(self, value, Strictness::Whole).into_iter();
        told.map(|misfit| Problem {
            path: spelled(&misfit.steps),
            message: format!("{}: {}", misfit.message, misfit.label),
        })
        .collect()
    }
}

/// Everything in `value` that `field` does not allow.
pub fn misfits(field: &Field, value: &Value, strictness: Strictness) -> Vec<Misfit> {
    let mut fit = Fit { strictness, steps: Vec::new(), found: Vec::new() };
    fit.value(field, value);
    fit.found
}

struct Fit {
    strictness: Strictness,
    steps: Vec<Step>,
    found: Vec<Misfit>,
}

impl Fit {
    fn tell(&mut self, message: String, label: impl Into<String>) {
        self.found.push(Misfit {
            steps: self.steps.clone(),
            part: Part::Value,
            message,
            label: label.into(),
            suggestion: None,
        });
    }

    /// Tells something about a key of the object that is looked at.
    fn tell_key(&mut self, key: &str, message: String, label: impl Into<String>, suggestion: Option<String>) {
        let mut steps = self.steps.clone();
        steps.push(Step::Key(key.to_owned()));
        self.found.push(Misfit { steps, part: Part::Key, message, label: label.into(), suggestion });
    }

    fn value(&mut self, field: &Field, value: &Value) {
        if value.is_null() && (field.nullable || field.kind == Kind::Any) {
            return;
        }
        match (field.kind, value) {
            (Kind::Any, _) => {}
            (Kind::String, Value::String(text)) => self.length(field, text),
            (Kind::Boolean, Value::Bool(_)) => {}
            (Kind::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => self.range(field, number),
            (Kind::Number, Value::Number(number)) => self.range(field, number),
            (Kind::Array, Value::Array(items)) => {
                self.count(field, items.len());
                for (position, item) in items.iter().enumerate() {
                    self.inside(Step::Item(position), field.items.as_deref(), item);
                }
            }
            (Kind::Map, Value::Object(object)) => {
                self.count(field, object.len());
                for (key, item) in object {
                    self.inside(Step::Key(key.clone()), field.items.as_deref(), item);
                }
            }
            (Kind::Object, Value::Object(object)) => self.object(field, object),
            _ => {
                let message = format!("expected {}, found {}", kind_in_words(field.kind), value_in_words(value));
                return self.tell(message, "of the wrong type");
            }
        }
        self.one_of_the_values(field, value);
    }

    fn inside(&mut self, step: Step, field: Option<&Field>, value: &Value) {
        let Some(field) = field else { return };
        self.steps.push(step);
        self.value(field, value);
        self.steps.pop();
    }

    fn object(&mut self, field: &Field, object: &serde_json::Map<String, Value>) {
        if field.of.is_some() && field.fields.is_empty() {
            return;
        }
        for (key, value) in object {
            match field.fields.get(key) {
                None => self.unknown_key(field, key),
                Some(known) if known.ignored && self.strictness == Strictness::Whole => {
                    self.tell_key(key, format!("`{key}` is ignored by the panel"), "the gateway refuses it", None);
                }
                known => self.inside(Step::Key(key.clone()), known, value),
            }
        }
        if self.strictness == Strictness::Part {
            return;
        }
        for (name, _) in field.fields.iter().filter(|(name, field)| field.required && !object.contains_key(*name)) {
            self.tell(format!("`{name}` is missing"), "the field is required");
        }
    }

    fn unknown_key(&mut self, field: &Field, key: &str) {
        let near = nearest(key, field.fields.keys());
        let label = format!("the fields are {}", listed(field.fields.keys()));
        self.tell_key(key, format!("unknown field `{key}`"), label, near.map(str::to_owned));
    }

    fn one_of_the_values(&mut self, field: &Field, value: &Value) {
        if field.values.is_empty() || field.values.keys().any(|written| means(field.kind, written, value)) {
            return;
        }
        let allowed = listed(field.values.keys());
        self.tell(
            format!("{} is not one of the values under `enum`", value_in_words(value)),
            format!("one of {allowed}"),
        );
    }

    fn length(&mut self, field: &Field, text: &str) {
        let length = text.chars().count() as u64;
        if field.min_length.is_some_and(|least| length < least) {
            self.tell(
                format!("the text has {length} characters"),
                format!("at least {}", field.min_length.unwrap_or_default()),
            );
        }
        if field.max_length.is_some_and(|most| length > most) {
            self.tell(
                format!("the text has {length} characters"),
                format!("at most {}", field.max_length.unwrap_or_default()),
            );
        }
    }

    fn count(&mut self, field: &Field, length: usize) {
        let length = length as u64;
        if field.min_items.is_some_and(|least| length < least) {
            self.tell(
                format!("the list has {length} items"),
                format!("at least {}", field.min_items.unwrap_or_default()),
            );
        }
        if field.max_items.is_some_and(|most| length > most) {
            self.tell(
                format!("the list has {length} items"),
                format!("at most {}", field.max_items.unwrap_or_default()),
            );
        }
    }

    fn range(&mut self, field: &Field, number: &serde_json::Number) {
        let Some(value) = number.as_f64() else { return };
        // A value that stands under `special` is allowed although it lies outside.
        if field.special.keys().any(|written| written.parse::<f64>().is_ok_and(|special| special == value)) {
            return;
        }
        if let Some(least) = field.min.filter(|least| value < *least) {
            self.tell(format!("{number} is too small"), format!("at least {least}"));
        }
        if let Some(most) = field.max.filter(|most| value > *most) {
            self.tell(format!("{number} is too large"), format!("at most {most}"));
        }
    }
}

/// Whether a key under `enum` or `special` stands for this value.
pub fn means(kind: Kind, written: &str, value: &Value) -> bool {
    match (kind, value) {
        (Kind::String, Value::String(text)) => text == written,
        (Kind::Boolean, Value::Bool(flag)) => written.parse() == Ok(*flag),
        (Kind::Integer | Kind::Number, Value::Number(number)) => written.parse::<f64>().ok() == number.as_f64(),
        _ => false,
    }
}

/// A kind for a sentence: "expected a whole number".
pub fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "text",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Boolean => "`true` or `false`",
        Kind::Object => "an object",
        Kind::Array => "a list",
        Kind::Map => "a map",
        Kind::Any => "anything",
    }
}

fn value_in_words(value: &Value) -> String {
    match value {
        Value::Null => "`null`".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(value) => format!("the number {value}"),
        Value::String(text) if text.chars().count() <= 30 => format!("the text `{text}`"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
