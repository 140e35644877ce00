//! Values of recipes: JSON in which a text such as `$request.ids[]` stands for what is at that place.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What places look into.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The arguments.
    pub request: &'a Map<String, Value>,
    /// The target's rows before the change.
    pub before: &'a [Value],
    /// `data` of the change's answer.
    pub data: Option<&'a Value>,
    /// One item of a list argument: places into that list mean this item.
    pub item: Option<Item<'a>>,
}

/// One item of a list argument.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    /// Path of the list in the arguments.
    pub list: &'a str,
    /// The item.
    pub value: &'a Value,
}

/// What is at a place.
pub(super) enum Held {
    /// Nothing, for example because the argument was left out.
    Nothing,
    /// One value.
    One(Value),
    /// The place goes through a list: a value for each item.
    Many(Vec<Value>),
}

/// What a value of a recipe comes to; literals are always [`Held::One`].
pub(super) fn held(value: &Value, scope: &Scope<'_>) -> Held {
    match place(value) {
        Some((root, path)) => at(root, path, scope),
        None => resolve(value, scope).map_or(Held::Nothing, Held::One),
    }
}

/// The value with every place in it replaced; parts whose place holds nothing are left out.
pub(super) fn resolve(value: &Value, scope: &Scope<'_>) -> Option<Value> {
    if let Some((root, path)) = place(value) {
        return match at(root, path, scope) {
            Held::Nothing => None,
            Held::One(value) => Some(value),
            Held::Many(values) => Some(Value::Array(values)),
        };
    }
    Some(match value {
        Value::String(text) => {
            Value::String(text.strip_prefix("$$").map_or_else(|| text.clone(), |rest| format!("${rest}")))
        }
        Value::Array(items) => items.iter().filter_map(|item| resolve(item, scope)).collect(),
        Value::Object(object) => {
            let pairs = object.iter().filter_map(|(key, item)| Some((key.clone(), resolve(item, scope)?)));
            Value::Object(pairs.collect())
        }
        literal => literal.clone(),
    })
}

/// Everything that a path leads to inside a value, and whether it went through a list.
pub(super) fn walk<'v>(value: &'v Value, path: &str) -> (Vec<&'v Value>, bool) {
    let steps = steps(path);
    let mut found = Vec::new();
    descend(value, &steps, &mut found);
    (found, steps.contains(&Step::Items))
}

/// Whether a value is a place.
pub(super) fn is_place(value: &Value) -> bool {
    place(value).is_some()
}

/// The path of a place that starts with `root`.
pub(super) fn under<'v>(value: &'v Value, root: &str) -> Option<&'v str> {
    place(value).filter(|(known, _)| *known == root).map(|(_, path)| path)
}

/// Whether a place that starts with `root` stands anywhere in the value.
pub(super) fn mentions(value: &Value, root: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| mentions(item, root)),
        Value::Object(object) => object.values().any(|item| mentions(item, root)),
        value => place(value).is_some_and(|(known, _)| known == root),
    }
}

/// Collects the arguments that the value looks at; `false` when it looks at all of them.
pub(super) fn request_fields(value: &Value, fields: &mut BTreeSet<String>) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| request_fields(item, fields)),
        Value::Object(object) => object.values().all(|item| request_fields(item, fields)),
        value => match place(value) {
            Some(("$request", path)) => match steps(path).first() {
                Some(Step::Key(name)) => {
                    fields.insert((*name).to_owned());
                    true
                }
                _ => false,
            },
            _ => true,
        },
    }
}

/// The list argument whose items a value speaks of one by one: `ids` for `$request.ids[]`.
pub(super) fn list_of(value: &Value) -> Option<&str> {
    let (root, path) = place(value)?;
    path.split_once("[]").filter(|_| root == "$request").map(|(list, _)| list)
}

/// The path of a place into the arguments: `userId` for `$request.userId`.
pub(super) fn request_path(value: &Value) -> Option<&str> {
    place(value).filter(|(root, _)| *root == "$request").map(|(_, path)| path)
}

/// `("$request", "id")` for `$request.id`; `None` for a literal.
pub(super) fn place(value: &Value) -> Option<(&str, &str)> {
    let text = value.as_str().filter(|text| text.starts_with('$') && !text.starts_with("$$"))?;
    Some(match text.find(['.', '[']) {
        Some(end) => {
            let (root, rest) = text.split_at(end);
            (root, rest.strip_prefix('.').unwrap_or(rest))
        }
        None => (text, ""),
    })
}

fn at(root: &str, path: &str, scope: &Scope<'_>) -> Held {
    match root {
        "$request" => match scope.item.and_then(|item| Some((item, inside(path, item.list)?))) {
            Some((item, rest)) => gathered(&[item.value], &steps(rest), false),
            None => in_request(path, scope.request),
        },
        "$before" => {
            let rest = path.strip_prefix("[]").map_or(path, |rest| rest.strip_prefix('.').unwrap_or(rest));
            let rows: Vec<&Value> = scope.before.iter().collect();
            gathered(&rows, &steps(rest), rest.len() != path.len() || rows.len() > 1)
        }
        "$data" => scope.data.map_or(Held::Nothing, |data| gathered(&[data], &steps(path), false)),
        _ => Held::Nothing,
    }
}

fn in_request(path: &str, request: &Map<String, Value>) -> Held {
    let steps = steps(path);
    match steps.split_first() {
        None => Held::One(Value::Object(request.clone())),
        Some((Step::Key(name), rest)) => {
            request.get(*name).map_or(Held::Nothing, |value| gathered(&[value], rest, false))
        }
        Some((Step::Items, _)) => Held::Nothing,
    }
}

/// What is left of a path that goes into the items of a list.
fn inside<'p>(path: &'p str, list: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(list)?.strip_prefix("[]")?;
    Some(rest.strip_prefix('.').unwrap_or(rest))
}

/// What the steps lead to from each root.
pub(super) fn gathered(roots: &[&Value], steps: &[Step<'_>], many: bool) -> Held {
    let mut found = Vec::new();
    for root in roots {
        descend(root, steps, &mut found);
    }
    if many || steps.contains(&Step::Items) {
        return Held::Many(found.into_iter().cloned().collect());
    }
    found.first().map_or(Held::Nothing, |value| Held::One((*value).clone()))
}

/// One step of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'p> {
    Key(&'p str),
    Items,
}

/// `inNodeId[].nodeId` as key, items, key.
pub(super) fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for segment in path.split('.') {
        let name = segment.trim_end_matches("[]");
        if !name.is_empty() {
            steps.push(Step::Key(name));
        }
        steps.extend(std::iter::repeat_n(Step::Items, (segment.len() - name.len()) / 2));
    }
    steps
}

fn descend<'v>(value: &'v Value, steps: &[Step<'_>], found: &mut Vec<&'v Value>) {
    match steps.split_first() {
        None => found.push(value),
        Some((Step::Key(name), rest)) => {
            if let Some(value) = value.get(*name) {
                descend(value, rest, found);
            }
        }
        Some((Step::Items, rest)) => value.as_array().into_iter().flatten().for_each(|item| descend(item, rest, found)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    fn on(value: &Value, request: &Value, before: &[Value], item: Option<Item<'_>>) -> Option<Value> {
        let data = json!({"token": "t"});
        resolve(value, &Scope { request: request.as_object().unwrap(), before, data: Some(&data), item })
    }

    #[test]
    fn places_are_replaced_wherever_they_stand_and_what_holds_nothing_is_left_out() {
        let request = json!({"id": 7, "nodes": [{"id": 1, "inx": 4}, {"id": 2}]});
        let before = [json!({"name": "a", "in": [{"n": 1}, {"n": 2}]})];
        let ask = |value| on(&value, &request, &before, None);
        assert_eq!(
            ask(json!({"id": "$request.id", "gone": "$request.gone", "lit": "$$5"})),
            Some(json!({"id": 7, "lit": "$5"}))
        );
        assert_eq!(ask(json!("$request.gone")), None);
        assert_eq!(ask(json!(["$before.name", "$data.token", 3])), Some(json!(["a", "t", 3])));
        assert_eq!(ask(json!("$request.nodes[].inx")), Some(json!([4])));
        assert_eq!(ask(json!("$before.in[].n")), Some(json!([1, 2])));
        assert_eq!(ask(json!("$before[].name")), Some(json!(["a"])));
        assert_eq!(ask(json!("$request")), Some(request.clone()));
    }

    #[test]
    fn several_rows_give_a_value_each() {
        let rows = [json!({"id": 1}), json!({"id": 2})];
        assert_eq!(on(&json!("$before.id"), &json!({}), &rows, None), Some(json!([1, 2])));
    }

    #[test]
    fn a_place_into_the_bound_list_means_the_bound_item() {
        let request = json!({"user": 3, "nodes": [{"id": 1, "inx": 4}, {"id": 2}]});
        let second = Some(Item { list: "nodes", value: &request["nodes"][1] });
        assert_eq!(on(&json!("$request.nodes[].id"), &request, &[], second), Some(json!(2)));
        assert_eq!(on(&json!("$request.nodes[].inx"), &request, &[], second), None);
        assert_eq!(on(&json!("$request.user"), &request, &[], second), Some(json!(3)));
    }

    #[test]
    fn a_path_goes_through_lists_of_lists() {
        let row = json!({"hops": [[{"n": 1}, {"n": 2}], [{"n": 3}]]});
        let (found, many) = walk(&row, "hops[][].n");
        assert_eq!((found, many), (vec![&json!(1), &json!(2), &json!(3)], true));
        assert_eq!(walk(&row, ""), (vec![&row], false));
    }

    #[test]
    fn the_arguments_that_a_value_looks_at_are_found() {
        let mut fields = BTreeSet::new();
        assert!(request_fields(&json!({"a": "$request.ids[]", "b": ["$request.x.y", "$before.z"]}), &mut fields));
        assert_eq!(fields.into_iter().collect::<Vec<_>>(), ["ids", "x"]);
        assert!(!request_fields(&json!("$request"), &mut BTreeSet::new()));
    }
}
