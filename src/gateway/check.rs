//! Strict arguments: holds a JSON value against the manifest's field table and names every mistake by its path.
//!
//! The panel would accept most of these mistakes and do something else (unknown keys are dropped, wrong types become
//! defaults, empty lists do nothing), so they are refused here, with the nearest right key where there is one.

use flvx_panel::spec::{Field, Kind, Meaning};
use serde_json::{Map, Value};

use crate::nearest::nearest;

/// One mistake and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `request.nodes[2].id`.
    pub path: String,
    /// What is wrong there, and what would be right.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A key can be as long as the message it came in; what is told of it is not.
        match self.path.char_indices().nth(LONGEST_PATH) {
            Some((end, _)) => write!(f, "`{}…`: {}", self.path.get(..end).unwrap_or_default(), self.message),
            None => write!(f, "`{}`: {}", self.path, self.message),
        }
    }
}

/// Most characters of a path that are shown.
const LONGEST_PATH: usize = 200;
/// How many mistakes are told at once.
const MOST: usize = 8;

/// Checks the arguments of a tool. `root` is the name of the object in paths (`request`).
pub fn check(root: &str, arguments: &Map<String, Value>, shape: &Field, need_one_of: &[&[&str]]) -> Vec<Problem> {
    let mut problems = Vec::new();
    match shape.kind {
        Kind::Map => map(root, arguments, shape, &mut problems),
        _ => object(root, arguments, shape, &mut problems),
    }
    for group in need_one_of {
        if !group.iter().any(|name| arguments.contains_key(*name)) {
            let names: Vec<String> = group.iter().map(|name| format!("`{name}`")).collect();
            problems
                .push(Problem { path: root.to_owned(), message: format!("one of {} is required", names.join(", ")) });
        }
    }
    problems.truncate(MOST);
    problems
}

fn object(path: &str, given: &Map<String, Value>, shape: &Field, problems: &mut Vec<Problem>) {
    let offered = || shape.fields.iter().filter(|field| !field.ignored);
    let missing: Vec<&Field> = offered().filter(|field| field.required && !given.contains_key(field.name)).collect();
    let mut explained: Vec<&str> = Vec::new();
    for (key, value) in given {
        if problems.len() >= MOST {
            return;
        }
        let at = format!("{path}.{key}");
        match shape.fields.iter().find(|field| field.name == key) {
            Some(field) if field.ignored => {
                problems.push(Problem {
                    path: at,
                    message: format!("the panel ignores this key: {}", sentence(field.doc)),
                });
            }
            Some(field) => value_of(&at, value, field, problems),
            None => {
                let free = offered().filter(|field| !given.contains_key(field.name)).map(|field| field.name);
                let message = match (nearest(key, free), missing.as_slice()) {
                    (Some(right), _) => {
                        explained.push(right);
                        format!("unknown key; did you mean `{right}`?")
                    }
                    // A lone missing field of a kindred kind is what was meant: `id` for `forwardId`.
                    (None, [only]) if kindred(key, only.name) => {
                        explained.push(only.name);
                        format!("unknown key; did you mean `{}`?", only.name)
                    }
                    _ => format!("unknown key; {}", known(shape)),
                };
                problems.push(Problem { path: at, message });
            }
        }
    }
    for field in missing {
        let mut message = "required".to_owned();
        if explained.contains(&field.name)
            && let Some(wrong) = given.keys().find(|key| shape.fields.iter().all(|field| field.name != **key))
        {
            message = format!("required; did you mean it where you wrote `{wrong}`?");
        } else if !field.doc.is_empty() {
            message = format!("required: {}", sentence(field.doc));
        }
        problems.push(Problem { path: format!("{path}.{}", field.name), message });
    }
}

fn map(path: &str, given: &Map<String, Value>, shape: &Field, problems: &mut Vec<Problem>) {
    let count = given.len() as u64;
    if shape.min_items.is_some_and(|least| count < least) {
        problems.push(Problem { path: path.to_owned(), message: "empty: this call would do nothing".to_owned() });
    }
    if let Some(most) = shape.max_items.filter(|most| count > *most) {
        problems.push(Problem {
            path: path.to_owned(),
            message: format!("{count} entries; at most {most} are taken at once"),
        });
    }
    if let Some(items) = shape.items {
        for (key, value) in given {
            value_of(&format!("{path}.{key}"), value, items, problems);
        }
    }
}

fn value_of(path: &str, value: &Value, field: &Field, problems: &mut Vec<Problem>) {
    let mut wrong = |message: String| problems.push(Problem { path: path.to_owned(), message });
    match (field.kind, value) {
        (_, Value::Null) if field.nullable => {}
        (_, Value::Null) if !matches!(field.kind, Kind::Any) => {
            wrong(format!(
                "null is not accepted; {}",
                if field.required { expected(field) } else { "leave it out instead".to_owned() }
            ));
        }
        (Kind::Any, _) | (Kind::Boolean, Value::Bool(_)) => {}
        (Kind::String, Value::String(text)) => {
            let length = text.chars().count() as u64;
            if field.min_length == Some(1) && text.trim().is_empty() {
                wrong("empty text is not accepted".to_owned());
            } else if let Some(least) = field.min_length.filter(|least| length < *least) {
                wrong(format!("{length} characters; at least {least} are needed"));
            }
            if let Some(most) = field.max_length.filter(|most| length > *most) {
                wrong(format!("{length} characters; at most {most} are taken"));
            }
            if text.contains('\0') {
                wrong("a NUL character is not accepted".to_owned());
            }
            allowed(value, field, &mut wrong);
        }
        (Kind::Integer, Value::Number(number)) if number.is_i64() => range(number, field, value, &mut wrong),
        // The panel's integers are signed.
        (Kind::Integer, Value::Number(number)) => {
            wrong(format!("{number} is not a whole number from -2^63 to 2^63 - 1"))
        }
        (Kind::Number, Value::Number(number)) => range(number, field, value, &mut wrong),
        (Kind::Array, Value::Array(items)) => {
            let count = items.len() as u64;
            match field.min_items {
                Some(_) if items.is_empty() => wrong("empty list: this call would do nothing".to_owned()),
                Some(least) if count < least => wrong(format!("{count} items; at least {least} are needed")),
                _ => {}
            }
            if let Some(most) = field.max_items.filter(|most| count > *most) {
                wrong(format!("{count} items; at most {most} are taken at once"));
            }
            if let Some(shape) = field.items {
                for (index, item) in items.iter().enumerate() {
                    if problems.len() > MOST {
                        return;
                    }
                    value_of(&format!("{path}[{index}]"), item, shape, problems);
                }
            }
        }
        (Kind::Object, Value::Object(given)) => object(path, given, field, problems),
        (Kind::Map, Value::Object(given)) => map(path, given, field, problems),
        _ => wrong(format!("{} where {}", kind_of(value), expected(field))),
    }
}

fn range(number: &serde_json::Number, field: &Field, value: &Value, wrong: &mut impl FnMut(String)) {
    let approximate = number.as_f64().unwrap_or(f64::NAN);
    if let Some(least) = field.min.filter(|least| approximate < *least) {
        wrong(format!("{number} is too small; the smallest value is {least}"));
    }
    if let Some(most) = field.max.filter(|most| approximate > *most) {
        wrong(format!("{number} is too large; the largest value is {most}"));
    }
    allowed(value, field, wrong);
}

fn allowed(value: &Value, field: &Field, wrong: &mut impl FnMut(String)) {
    if field.values.is_empty() {
        return;
    }
    let text = value.to_string();
    if field.values.iter().any(|meaning| meaning.value == text) {
        return;
    }
    let shown = if text.chars().count() > 40 { "this value".to_owned() } else { text.clone() };
    let near = nearest(text.trim_matches('"'), field.values.iter().map(|meaning| meaning.value.trim_matches('"')));
    let hint =
        near.filter(|_| value.is_string()).map(|right| format!(" (did you mean \"{right}\"?)")).unwrap_or_default();
    wrong(format!("{shown} is not one of {}{hint}", meanings(field.values)));
}

fn meanings(values: &[Meaning]) -> String {
    let list: Vec<String> = values
        .iter()
        .map(|meaning| {
            if meaning.text.is_empty() {
                meaning.value.to_owned()
            } else {
                format!("{} ({})", meaning.value, meaning.text)
            }
        })
        .collect();
    list.join(", ")
}

fn known(shape: &Field) -> String {
    let names: Vec<String> =
        shape.fields.iter().filter(|field| !field.ignored).map(|field| format!("`{}`", field.name)).collect();
    if names.is_empty() {
        "this tool takes no parameters".to_owned()
    } else {
        format!("known are {}", names.join(", "))
    }
}

fn expected(field: &Field) -> String {
    let word = match field.kind {
        Kind::String => "a text",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Boolean => "true or false",
        Kind::Object | Kind::Map => "an object",
        Kind::Array => "a list",
        Kind::Any => "a value",
    };
    if field.values.is_empty() {
        format!("{word} is expected")
    } else {
        format!("{word} is expected, one of {}", meanings(field.values))
    }
}

/// What a value is, in words.
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// `id` for `forwardId`, `orders` for `forwards`: one word ends or starts with the other.
fn kindred(wrong: &str, right: &str) -> bool {
    let (wrong, right) = (wrong.to_ascii_lowercase(), right.to_ascii_lowercase());
    wrong.len() >= 2
        && (right.ends_with(&wrong)
            || right.starts_with(&wrong)
            || wrong.ends_with(&right)
            || wrong.starts_with(&right))
}

fn sentence(doc: &str) -> String {
    let first = doc.split_once(". ").map_or(doc, |(first, _)| first).trim_end_matches('.');
    first.lines().collect::<Vec<_>>().join(" ")
}
