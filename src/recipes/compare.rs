//! Whether a value that was asked for is the value that is there, given what panels do to values when they store them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{place::Held, redact::is_mark};

/// Loose equality: numbers by value, texts without blanks at their ends, blank as good as absent, lists of plain values
/// without regard to order and repetition, objects by the keys that both have ([`unseen`] tells the others). A secret that
/// was taken out of a record is equal to everything: it proves nothing and disproves nothing.
pub(super) fn same(expected: &Value, found: Option<&Value>) -> bool {
    let found = found.unwrap_or(&Value::Null);
    if is_mark(expected) || is_mark(found) {
        return true;
    }
    match (expected, found) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::String(a), Value::String(b)) => a.trim() == b.trim(),
        (Value::Array(a), Value::Array(b)) if a.iter().chain(b).all(is_plain) => same_set(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, Some(b))),
        (Value::Object(a), Value::Object(b)) => {
            a.iter().all(|(key, value)| b.get(key).is_none_or(|found| same(value, Some(found))))
        }
        (a, b) if is_blank(a) && is_blank(b) => true,
        (a, b) => a == b,
    }
}

/// A condition of a `match`: any of the values found is the one, or one of those, that are meant. `None`: nothing is
/// meant, so the condition does not count.
pub(super) fn meets(meant: &Held, found: &[&Value]) -> Option<bool> {
    match meant {
        Held::Nothing => None,
        Held::One(value) if found.is_empty() => Some(same(value, None)),
        Held::One(value) => Some(found.iter().any(|found| same(value, Some(found)))),
        Held::Many(values) => Some(values.iter().any(|value| found.iter().any(|found| same(value, Some(found))))),
    }
}

/// The same values, however often and in whatever order.
pub(super) fn same_set<'v>(a: impl IntoIterator<Item = &'v Value>, b: impl IntoIterator<Item = &'v Value>) -> bool {
    let (a, b): (Vec<&Value>, Vec<&Value>) = (a.into_iter().collect(), b.into_iter().collect());
    let within = |a: &[&Value], b: &[&Value]| a.iter().all(|a| b.iter().any(|b| same(a, Some(b))));
    within(&a, &b) && within(&b, &a)
}

/// Keys that were asked for inside lists and objects and that what is there does not show, as paths.
pub(super) fn unseen(expected: &Value, found: &Value, path: &str, out: &mut BTreeSet<String>) {
    match (expected, found) {
        (Value::Array(expected), Value::Array(found)) => {
            let path = format!("{path}[]");
            expected.iter().zip(found).for_each(|(expected, found)| unseen(expected, found, &path, out));
        }
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let path = format!("{path}.{key}");
                match found.get(key) {
                    Some(found) => unseen(value, found, &path, out),
                    None => drop(out.insert(path)),
                }
            }
        }
        _ => {}
    }
}

fn is_plain(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_panel_does_to_values_when_it_stores_them_is_no_difference() {
        for (expected, found) in [
            (json!(1), json!(1.0)),
            (json!(0.5), json!(0.5)),
            (json!("  a "), json!("a")),
            (json!(""), json!(null)),
            (json!([]), json!(null)),
            (json!([3, 2, 3]), json!([2, 3])),
            (json!({"a": 1}), json!({"a": 1, "b": 2})),
            (json!([{"id": 1}, {"id": 2}]), json!([{"id": 1, "x": 0}, {"id": 2, "x": 0}])),
        ] {
            assert!(same(&expected, Some(&found)), "{expected} and {found}");
        }
        assert!(same(&json!(null), None));
    }

    #[test]
    fn keys_that_a_row_does_not_show_are_told() {
        let asked = json!([[{"nodeId": 1, "port": 5}], [{"nodeId": 2, "at": {"x": 1}}]]);
        let there = json!([[{"nodeId": 1}], [{"nodeId": 2, "at": {}}]]);
        assert!(same(&asked, Some(&there)));
        let mut out = BTreeSet::new();
        unseen(&asked, &there, "hops", &mut out);
        assert_eq!(out.into_iter().collect::<Vec<_>>(), ["hops[][].at.x", "hops[][].port"]);
    }

    #[test]
    fn a_secret_that_was_taken_out_of_a_record_is_no_difference() {
        let mark = json!({"$redacted": true});
        assert!(same(&json!("x"), Some(&mark)) && same(&mark, Some(&json!("x"))));
        assert!(same(&json!([{"id": 1, "key": "x"}]), Some(&json!([{"id": 1, "key": mark}]))));
        assert!(!same(&json!([{"id": 1, "key": "x"}]), Some(&json!([{"id": 2, "key": mark}]))));
    }

    #[test]
    fn other_values_are_a_difference() {
        for (expected, found) in [
            (json!(1), json!(2)),
            (json!(0), json!(null)),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992_i64)),
            (json!("a"), json!("A")),
            (json!("1"), json!(1)),
            (json!([1, 2]), json!([1])),
            (json!([1]), json!([1, 2])),
            (json!({"a": 1}), json!({"a": 2, "b": 1})),
            (json!({"a": 1}), json!(null)),
            (json!([{"id": 1}, {"id": 2}]), json!([{"id": 2}, {"id": 1}])),
            (json!(false), json!(null)),
        ] {
            assert!(!same(&expected, Some(&found)), "{expected} and {found}");
        }
    }
}
