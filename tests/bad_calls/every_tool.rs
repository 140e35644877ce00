//! The same mistakes made with every field of every tool of the manifest.

use flvx_panel::{
    generated::ROUTES,
    spec::{Danger, Field, Kind, Route},
};
use serde_json::{Value, json};

use crate::support::{WORD, World};

/// The request of a route's first example.
fn example(route: &Route) -> Value {
    let entry: Value = serde_json::from_str(route.entry).unwrap();
    match &entry["examples"][0]["request"] {
        Value::Null => json!({}),
        request => request.clone(),
    }
}

/// A value that no field of this kind takes; `None`: it takes any.
fn misfit(field: &Field) -> Option<Value> {
    match field.kind {
        Kind::Any => None,
        Kind::Object | Kind::Map => Some(json!([1])),
        Kind::Array => Some(json!({ "a": 1 })),
        _ => Some(json!({ "a": [1] })),
    }
}

async fn refused_at(world: &World, route: &Route, request: Value, path: &str, wrong: &mut Vec<String>) {
    let mut arguments = json!({ "request": request });
    if route.danger >= Danger::Write {
        arguments["idempotency_key"] = "bad-call-0001".into();
        arguments["confirm_token"] = WORD.into();
    }
    let told = world.call(route.tool, arguments).await;
    let message = told["error"]["message"].as_str().unwrap_or_default();
    if told["error"]["kind"] != "invalid_arguments" || !message.contains(&format!("`{path}`: ")) {
        wrong.push(format!("{} at {path}: {told}", route.tool));
    }
}

#[tokio::test]
async fn no_tool_takes_an_unknown_key_or_a_value_of_another_type_or_does_without_what_it_needs() {
    let world = World::start().await;
    let (mut calls, mut wrong) = (0, Vec::new());
    for route in ROUTES.iter().filter(|route| route.request.kind == Kind::Object) {
        let good = example(route);
        let mut unknown = good.clone();
        unknown["no_such_key"] = 1.into();
        refused_at(&world, route, unknown, "request.no_such_key", &mut wrong).await;
        calls += 1;
        for field in route.request.fields {
            let path = format!("request.{}", field.name);
            if let Some(value) = misfit(field) {
                let mut request = good.clone();
                request[field.name] = value;
                refused_at(&world, route, request, &path, &mut wrong).await;
                calls += 1;
            }
            if field.required && !field.ignored {
                let mut request = good.clone();
                request.as_object_mut().unwrap().remove(field.name);
                refused_at(&world, route, request, &path, &mut wrong).await;
                calls += 1;
            }
            if !field.nullable && field.kind != Kind::Any {
                let mut request = good.clone();
                request[field.name] = Value::Null;
                refused_at(&world, route, request, &path, &mut wrong).await;
                calls += 1;
            }
            if let (Kind::Array, Some(_), false) = (field.kind, field.min_items, field.ignored) {
                let mut request = good.clone();
                request[field.name] = json!([]);
                refused_at(&world, route, request, &path, &mut wrong).await;
                calls += 1;
            }
            for value in field
                .values
                .first()
                .map(|_| json!("no-such-word"))
                .into_iter()
                .chain(field.max.map(|most| json!(most + 1.0)))
                .filter(|_| !field.ignored)
            {
                let mut request = good.clone();
                request[field.name] = value;
                refused_at(&world, route, request, &path, &mut wrong).await;
                calls += 1;
            }
        }
    }
    println!("{calls} malformed calls");
    assert!(wrong.is_empty(), "{} of {calls}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(world.asked_at_all(), 0, "a refused call reached the panel");
}
