//! What a call is about, told from its arguments alone: the thing that the route's `target` names, and whatever else an id
//! points to. For finding calls again in the record, reads and refused calls included.

use flvx_panel::spec::Route;
use serde_json::{Map, Value};

use super::{
    Before, Recipe,
    place::{self, Scope},
    reads,
};

/// Most things of one call; the arguments still count the rest.
const MOST: usize = 500;

/// Kind and key of each thing: `("node", "3")`.
pub fn targets(route: &'static Route, request: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let target = Recipe::of(route).ok().and_then(|recipe| recipe.target.as_ref());
    let own_kind = target.and_then(|target| target.kind.as_deref()).unwrap_or(route.domain);
    if let Some(target) = target {
        let scope = Scope { request, before: &[], data: None, item: None };
        // The first that is known tells the thing apart; a second one (name and address) only narrows it down.
        let key =
            target.matches.iter().chain(target.request.iter()).find_map(|(_, value)| place::resolve(value, &scope));
        keys(own_kind, key.as_ref(), &mut found);
    }
    for (name, value) in request {
        let kind = match name.strip_suffix("Ids").or_else(|| name.strip_suffix("Id")) {
            Some(kind) if !kind.is_empty() => snake(kind),
            _ if name == "id" || name == "ids" => own_kind.to_owned(),
            _ => continue,
        };
        keys(&kind, Some(value), &mut found);
    }
    found
}

/// The same with names, of the rows that were read before the change.
pub fn named(route: &'static Route, before: &Before) -> Vec<(String, String, Option<String>)> {
    let Some(target) = Recipe::of(route).ok().and_then(|recipe| recipe.target.as_ref()) else { return Vec::new() };
    let kind = target.kind.as_deref().unwrap_or(route.domain);
    let key = reads::row_key(target);
    let text = |row: &Value, path: &str| {
        place::walk(row, path).0.first().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let rows = before.rows().iter().take(MOST);
    rows.filter_map(|row| {
        Some((kind.to_owned(), text(row, key)?, target.name.as_deref().and_then(|name| text(row, name))))
    })
    .collect()
}

fn keys(kind: &str, value: Option<&Value>, found: &mut Vec<(String, String)>) {
    let list = match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    for item in list {
        let key = match item {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            _ => continue,
        };
        let thing = (kind.to_owned(), key);
        if found.len() < MOST && !found.contains(&thing) {
            found.push(thing);
        }
    }
}

fn snake(camel: &str) -> String {
    let mut snake = String::new();
    for letter in camel.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use flvx_panel::generated::route;
    use serde_json::json;

    use super::*;

    fn of(tool: &str, request: Value) -> Vec<String> {
        let things = targets(route(tool).unwrap(), request.as_object().unwrap());
        things.into_iter().map(|(kind, key)| format!("{kind}={key}")).collect()
    }

    #[test]
    fn a_call_is_found_by_what_it_is_about_and_by_every_other_id() {
        assert_eq!(of("node.delete", json!({ "id": 3 })), ["node=3"]);
        assert_eq!(of("forward.batch_delete", json!({ "ids": [1, 2, 1] })), ["forward=1", "forward=2"]);
        assert_eq!(of("forward.list", json!({})), Vec::<String>::new());
        assert_eq!(of("forward.create", json!({ "name": "x", "tunnelId": 4 })), ["tunnel=4"]);
    }
}
