//! Fills some of the places of a value and leaves the others standing, so that a call can be written down now and
//! completed later. Texts that come out of a place and look like one are written with two dollar signs until
//! [`plain`] takes the second away.

use serde_json::Value;

use super::place::{self, Held};

/// What one start of places stands for.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// Rows, of which there is mostly one.
    Rows(&'a [Value]),
    /// One value; `None`: it is not there.
    One(Option<&'a Value>),
}

/// The starts that are known now.
#[derive(Clone, Default)]
pub(super) struct Sources<'a>(Vec<(&'static str, Source<'a>)>);

impl<'a> Sources<'a> {
    /// The same with one more; it counts before an earlier one of the same name.
    #[must_use]
    pub fn with(&self, root: &'static str, source: Source<'a>) -> Self {
        let mut sources = self.clone();
        sources.0.insert(0, (root, source));
        sources
    }

    fn get(&self, root: &str) -> Option<Source<'a>> {
        self.0.iter().find(|(known, _)| *known == root).map(|(_, source)| *source)
    }
}

/// What a place holds; `None`: it is no place, or one that starts with something not known now.
pub(super) fn held(value: &Value, sources: &Sources<'_>) -> Option<Held> {
    let (root, path) = place::place(value)?;
    Some(match sources.get(root)? {
        Source::One(value) => {
            value.map_or(Held::Nothing, |value| place::gathered(&[value], &place::steps(path), false))
        }
        Source::Rows(rows) => {
            let rest = path.strip_prefix("[]").map_or(path, |rest| rest.strip_prefix('.').unwrap_or(rest));
            let many = rest.len() != path.len() || rows.len() > 1;
            place::gathered(&rows.iter().collect::<Vec<_>>(), &place::steps(rest), many)
        }
    })
}

/// The value with the known places filled; parts whose place holds nothing are left out.
pub(super) fn fill(value: &Value, sources: &Sources<'_>) -> Option<Value> {
    match held(value, sources) {
        Some(Held::Nothing) => return None,
        Some(Held::One(found)) => return Some(escaped(&found)),
        Some(Held::Many(found)) => return Some(Value::Array(found.iter().map(escaped).collect())),
        None => {}
    }
    Some(match value {
        Value::Array(items) => items.iter().filter_map(|item| fill(item, sources)).collect(),
        Value::Object(object) => {
            let pairs = object.iter().filter_map(|(key, item)| Some((key.clone(), fill(item, sources)?)));
            Value::Object(pairs.collect())
        }
        other => other.clone(),
    })
}

/// Texts that start with a dollar sign get a second one.
pub(super) fn escaped(value: &Value) -> Value {
    in_texts(value, &|text| text.starts_with('$').then(|| format!("${text}")))
}

/// The value itself: `$$text` is the text `$text`.
pub(super) fn plain(value: &Value) -> Value {
    in_texts(value, &|text| text.strip_prefix("$$").map(|rest| format!("${rest}")))
}

fn in_texts(value: &Value, change: &impl Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => change(text).map_or_else(|| value.clone(), Value::String),
        Value::Array(items) => items.iter().map(|item| in_texts(item, change)).collect(),
        Value::Object(object) => {
            Value::Object(object.iter().map(|(key, item)| (key.clone(), in_texts(item, change))).collect())
        }
        other => other.clone(),
    }
}

/// Whether a place is left anywhere in the value.
pub(super) fn is_open(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(is_open),
        Value::Object(object) => object.values().any(is_open),
        value => place::place(value).is_some(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    #[test]
    fn known_places_are_filled_and_the_others_wait() {
        let rows = [json!({"id": 1, "name": "$saved.users"})];
        let sources = Sources::default().with("$before", Source::Rows(&rows)).with("$data", Source::One(None));
        let template =
            json!({"id": "$before.id", "name": "$before.name", "gone": "$data.x", "ids": "$saved.f[].id", "d": "$$5"});
        let filled = fill(&template, &sources).unwrap();
        assert_eq!(filled, json!({"id": 1, "name": "$$saved.users", "ids": "$saved.f[].id", "d": "$$5"}));
        assert!(is_open(&filled));
        let saved = json!({"f": [{"id": 7}], "users": "never"});
        let filled = fill(&filled, &Sources::default().with("$saved", Source::One(Some(&saved)))).unwrap();
        assert!(!is_open(&filled));
        assert_eq!(plain(&filled), json!({"id": 1, "name": "$saved.users", "ids": [7], "d": "$5"}));
    }

    #[test]
    fn rows_stand_for_one_value_or_for_a_list_of_them() {
        let one = [json!({"id": 1})];
        let two = [json!({"id": 1}), json!({"id": 2})];
        let ask = |value, rows| fill(&value, &Sources::default().with("$before", Source::Rows(rows)));
        assert_eq!(ask(json!("$before.id"), &one[..]), Some(json!(1)));
        assert_eq!(ask(json!("$before[].id"), &one[..]), Some(json!([1])));
        assert_eq!(ask(json!("$before.id"), &two[..]), Some(json!([1, 2])));
        assert_eq!(ask(json!(["$before"]), &one[..]), Some(json!([{"id": 1}])));
        assert_eq!(ask(json!("$before[]"), &[]), Some(json!([])));
        assert_eq!(ask(json!("$before.id"), &[]), None);
    }
}
