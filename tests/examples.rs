//! Every example of every tool, from the manifest, called through the gateway on a fresh stand-in panel. What the manifest
//! says an example comes to is what a client sees: success or the error's key, the panel's code, and the part of `data`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use flvx_mcp::{gateway::shape::REDACTED, policy::effective_danger};
use flvx_panel::{
    generated::ROUTES,
    spec::{AnswerForm, Danger, Field, Route},
};
use serde_json::{Map, Value, json};
use support::{WORD, World, subset};

/// The outer arguments that a call of this route with this request needs.
fn arguments(route: &Route, request: &Map<String, Value>) -> Value {
    let mut arguments = json!({ "request": request });
    let (danger, _) = effective_danger(route, request);
    if danger >= Danger::Write {
        arguments["idempotency_key"] = "example-0001".into();
    }
    if danger >= Danger::Dangerous {
        arguments["confirm_token"] = WORD.into();
    }
    if route.rows.is_some() {
        arguments["view"] = json!({ "fields": ["*"] });
    }
    arguments
}

/// What a client sees of the data that an example promises: secrets are never shown.
fn shown(expected: &Value, field: Option<&Field>) -> Value {
    let Some(field) = field else { return expected.clone() };
    match expected {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let hidden = field.secret_keys.contains(&key.as_str()) && !value.is_null() && value != "";
                let inner = field.fields.iter().find(|known| known.name == key).or(field.items);
                (key.clone(), if hidden { REDACTED.into() } else { shown(value, inner) })
            })
            .collect(),
        Value::Array(items) => items.iter().map(|item| shown(item, field.items)).collect(),
        other if field.secret && !other.is_null() && other != "" => REDACTED.into(),
        other => other.clone(),
    }
}

/// How many items of a batch the example says fail.
fn failing(route: &Route, data: &Value) -> u64 {
    let Some(path) = route.batch.and_then(|batch| batch.fail_count) else { return 0 };
    data.pointer(&format!("/{}", path.replace('.', "/"))).and_then(Value::as_u64).unwrap_or(0)
}

/// What of the result is not as the example says.
fn differences(route: &Route, expect: &Value, result: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hold = |what: &str, found: &Value, wanted: Value| {
        if *found != wanted {
            wrong.push(format!("{what} is {found}, not {wanted}"));
        }
    };
    let code = expect["code"].as_i64().unwrap_or(0);
    let change = route.danger >= Danger::Write;
    if code == 0 {
        let failed = failing(route, &expect["data"]);
        hold("ok", &result["ok"], (failed == 0).into());
        match route.answer {
            AnswerForm::Envelope => hold("panel_code", &result["panel_code"], 0.into()),
            _ => hold("panel_code", &result["panel_code"], Value::Null),
        }
        if failed == 0 {
            hold("error", &result["error"], Value::Null);
            hold("outcome", &result["outcome"], if change { "done".into() } else { Value::Null });
        } else {
            let all = result["outcome"] == "rejected";
            hold("error.key", &result["error"]["key"], if all { "batch_all_failed" } else { "batch_partial" }.into());
            hold("outcome", &result["outcome"], if all { "rejected" } else { "partial" }.into());
        }
    } else {
        hold("ok", &result["ok"], false.into());
        hold("panel_code", &result["panel_code"], code.into());
        hold("error.key", &result["error"]["key"], expect["error"].clone());
        let outcome = match (change, code) {
            (false, _) => Value::Null,
            (true, -2) => "unknown".into(),
            (true, _) => "rejected".into(),
        };
        hold("outcome", &result["outcome"], outcome);
    }
    let data = shown(&expect["data"], route.data);
    if !data.is_null() && !subset(&data, &result["data"]) {
        wrong.push(format!("data has not {data}: {}", result["data"]));
    }
    wrong
}

#[tokio::test]
async fn every_example_of_every_tool_comes_to_what_the_manifest_says() {
    let (mut calls, mut refusals, mut wrong) = (0, 0, Vec::new());
    for route in ROUTES {
        let entry: Value = serde_json::from_str(route.entry).unwrap();
        let examples = entry["examples"].as_array().unwrap();
        assert!(!examples.is_empty(), "{} has no example", route.tool);
        for example in examples {
            calls += 1;
            let request = example["request"].as_object().cloned().unwrap_or_default();
            let world = World::start().await;
            let result = world.call(route.tool, arguments(route, &request)).await;
            refusals += usize::from(result["ok"] == false);
            let differences = differences(route, &example["expect"], &result);
            if !differences.is_empty() {
                wrong.push(format!("{} ({}): {}\n    {result}", route.tool, example["name"].as_str().unwrap(), differences.join("; ")));
            }
        }
    }
    println!("{} tools, {calls} examples, {refusals} of them refusals, {} wrong", ROUTES.len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {calls} examples:\n{}", wrong.len(), wrong.join("\n"));
}
