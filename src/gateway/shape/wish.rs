//! Reads `view` as it came from the client: every mistake with its own path, in our words.

use serde_json::Value;

use super::View;
use crate::{
    gateway::{Problem, check::kind_of},
    nearest::nearest,
};

const KEYS: [&str; 5] = ["fields", "filter", "sort", "limit", "offset"];

impl View {
    /// Reads a view. What it asks for is held against the rows later ([`View::check`]).
    ///
    /// # Errors
    /// Every key that is unknown or of the wrong type.
    pub fn read(given: Value) -> Result<Self, Vec<Problem>> {
        let Value::Object(given) = given else {
            return Err(vec![problem(
                "view",
                format!("{} where an object is expected: {{fields, filter, sort, limit, offset}}", kind_of(&given)),
            )]);
        };
        let (mut view, mut problems) = (Self::default(), Vec::new());
        for (key, value) in given {
            let path = format!("view.{key}");
            let wrong = |expected: &str| problem(&path, format!("{} where {expected} is expected", kind_of(&value)));
            match (key.as_str(), value.clone()) {
                (known, Value::Null) if KEYS.contains(&known) => {}
                ("fields", Value::Array(names)) => match names.into_iter().map(text).collect() {
                    Some(names) => view.fields = Some(names),
                    None => problems.push(problem(&path, "names of fields are texts".to_owned())),
                },
                ("fields", _) => problems.push(wrong("a list of names")),
                ("filter", Value::Object(filter)) => view.filter = filter,
                ("filter", _) => problems.push(wrong("an object")),
                ("sort", Value::String(name)) => view.sort = Some(name),
                ("sort", _) => problems.push(wrong("a text")),
                ("limit" | "offset", number) => match whole(&number) {
                    Some(count) if key == "limit" => view.limit = Some(count),
                    Some(count) => view.offset = count,
                    None if number.is_number() => {
                        problems.push(problem(&path, format!("{number} is not a whole number from 0 on")))
                    }
                    None => problems.push(wrong("a whole number")),
                },
                _ => {
                    let hint = match nearest(&key, KEYS.into_iter()) {
                        Some(right) => format!("did you mean `{right}`?"),
                        None => "known are `fields`, `filter`, `sort`, `limit`, `offset`".to_owned(),
                    };
                    problems.push(problem(&path, format!("unknown key; {hint}")));
                }
            }
        }
        if problems.is_empty() { Ok(view) } else { Err(problems) }
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|count| usize::try_from(count).ok())
}

fn problem(path: &str, message: String) -> Problem {
    Problem { path: path.to_owned(), message }
}
