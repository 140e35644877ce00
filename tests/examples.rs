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
    if route.rows.is_some() || route.to_file {
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
        // A new secret lies in a file, and what stands in its place names it.
        _ if field.hand_over => Value::Null,
        other if field.secret && !other.is_null() && other != "" => REDACTED.into(),
        other => other.clone(),
    }
}

/// How many items of a batch the example says are done and fail; `None`: it does not say.
fn counts(route: &Route, data: &Value) -> Option<(u64, u64)> {
    let batch = route.batch?;
    let at = |path: Option<&str>| data.pointer(&format!("/{}", path?.replace('.', "/")));
    if let Some(results) = at(batch.results).and_then(Value::as_array) {
        let failed = results.iter().filter(|item| item["success"] == false).count();
        return Some(((results.len() - failed) as u64, failed as u64));
    }
    Some((at(batch.done_count)?.as_u64()?, at(batch.fail_count)?.as_u64()?))
}

/// Examples whose call the gateway answers with more truth than the panel: tool, name, and what it says instead.
const TRUER: &[(&str, &str, &str)] = &[
    ("federation.share_update", "no such share", "no_such_target"),
    ("forward.update_order", "an unknown id is ignored and answers code 0", "not_verified"),
    ("node.update", "an unknown node is refused", "no_such_target"),
    ("node.update_order", "an unknown id is passed over", "not_verified"),
    ("tunnel.update_order", "an unknown id is passed over", "not_verified"),
    ("tunnel.user_update", "an unknown id succeeds and does nothing", "not_verified"),
];

/// What is wrong with a result that is to be truer than the panel's.
fn truer(word: &str, result: &Value, sent: u64) -> Vec<String> {
    let (key, outcome, requests) = match word {
        "no_such_target" => (&result["error"]["key"], "rejected", 0),
        _ => (&result["error"]["kind"], "done", 1),
    };
    if result["ok"] == false && key == word && result["outcome"] == outcome && sent == requests {
        Vec::new()
    } else {
        vec![format!("not {word} after {sent} requests")]
    }
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
        let (done, failed) = counts(route, &expect["data"]).unwrap_or((1, 0));
        hold("ok", &result["ok"], (failed == 0).into());
        match route.answer {
            AnswerForm::Envelope => hold("panel_code", &result["panel_code"], 0.into()),
            _ => hold("panel_code", &result["panel_code"], Value::Null),
        }
        if failed == 0 {
            hold("error", &result["error"], Value::Null);
            hold("outcome", &result["outcome"], if change { "done".into() } else { Value::Null });
        } else {
            hold(
                "error.key",
                &result["error"]["key"],
                if done == 0 { "batch_all_failed" } else { "batch_partial" }.into(),
            );
            hold("outcome", &result["outcome"], if done == 0 { "rejected" } else { "partial" }.into());
        }
    } else {
        hold("ok", &result["ok"], false.into());
        hold("panel_code", &result["panel_code"], code.into());
        hold("error.key", &result["error"]["key"], expect["error"].clone());
        let rule = route.errors.iter().find(|rule| expect["error"] == rule.key && code == rule.code);
        let outcome = match (change, rule.is_some_and(|rule| rule.effect_possible)) {
            (false, _) => Value::Null,
            (true, true) => "unknown".into(),
            (true, false) => "rejected".into(),
        };
        hold("outcome", &result["outcome"], outcome);
    }
    let data = shown(&expect["data"], route.data);
    // Where the gateway finds the id of a new row, it stands in place of a sentence of the panel's.
    let found_id = data.is_string() && change && result["data"]["id"].is_i64();
    if !data.is_null() && !found_id && !subset(&data, &result["data"]) {
        wrong.push(format!("data has not {data}: {}", result["data"]));
    }
    wrong
}

#[tokio::test]
async fn every_example_of_every_tool_comes_to_what_the_manifest_says() {
    let (mut calls, mut refusals, mut wrong, mut tried) = (0, 0, Vec::new(), Vec::new());
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
            let name = example["name"].as_str().unwrap();
            let differences = match TRUER.iter().find(|known| (known.0, known.1) == (route.tool, name)) {
                Some((.., word)) => {
                    tried.push((route.tool, name.to_owned()));
                    truer(word, &result, world.asked(route.path))
                }
                None => differences(route, &example["expect"], &result),
            };
            if !differences.is_empty() {
                wrong.push(format!("{} ({}): {}\n    {result}", route.tool, name, differences.join("; ")));
            }
        }
    }
    assert_eq!(tried.len(), TRUER.len(), "an example that is named here is gone from the manifest: {tried:?}");
    println!("{} tools, {calls} examples, {refusals} of them refusals, {} wrong", ROUTES.len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {calls} examples:\n{}", wrong.len(), wrong.join("\n"));
}

/// A sensible call of each of the gateway's own tools, and a part of what it says on the small world.
fn own_calls() -> Vec<(&'static str, Value, Value)> {
    vec![
        ("auth.logout", json!({ "credential": "default" }), json!({ "credential": "default", "forgotten": false })),
        (
            "auth.validate",
            json!({}),
            json!({ "credential": "default", "account": "admin_user", "role_id": 0, "logged_in": true, "valid": true }),
        ),
        (
            "auth.whoami",
            json!({}),
            json!({ "principal": "local", "role": "admin", "credential": "default", "credentials": [{ "credential": "default", "kind": "account", "logged_in": false }, { "credential": "peer", "kind": "peer" }] }),
        ),
        ("ops.audit_search", json!({ "tool": "node_delete" }), json!({ "records": [] })),
        (
            "ops.capabilities",
            json!({}),
            json!({ "credential": { "account": "admin_user", "role": "admin" }, "read_only": false, "toolsets": "all", "between_panels": "offered", "refused": {} }),
        ),
        ("ops.diagnose", json!({}), json!({})),
        ("ops.health", json!({}), json!({ "gateway": { "name": "flvx-panel-mcp" }, "panel": { "answers": true } })),
        ("ops.history", json!({ "tool": "node_create" }), json!({ "changes": [] })),
        (
            "ops.preview",
            json!({ "tool": "node_delete", "request": { "id": 4 } }),
            json!({ "tool": "node.delete", "danger": "dangerous", "needs": "idempotency_key and this confirm_token", "targets": [{ "kind": "node", "key": 4 }] }),
        ),
        (
            "ops.routes",
            json!({ "tool": "node_list" }),
            json!({ "tool": "node.list", "path": "/api/v1/node/list", "danger": "read" }),
        ),
    ]
}

#[tokio::test]
async fn every_own_tool_does_what_it_says() {
    let world = World::start().await;
    let own: Vec<&str> =
        world.gateway.registry().iter().filter(|tool| tool.own().is_some()).map(|tool| tool.name).collect();
    let mut tried: Vec<&str> = own_calls().iter().map(|(tool, ..)| *tool).collect();
    // What it takes back has to be made first: tests/undo.rs.
    tried.push("ops.undo");
    assert_eq!(tried, own, "a tool of the gateway's own is not tried here");
    for (tool, request, part) in own_calls() {
        let world = World::start().await;
        let result = world.call(tool, json!({ "request": request })).await;
        assert_eq!(result["ok"], true, "{tool}: {result}");
        assert!(subset(&part, &result["data"]), "{tool}: {result}");
    }
}

#[tokio::test]
async fn the_diagnosis_of_the_small_world_names_what_is_wrong_in_it() {
    let world = World::start().await;
    let found = world.call("ops.diagnose", json!({})).await;
    let offline: Vec<i64> =
        world.sandbox.panel.state().nodes.nodes.iter().filter(|node| node.status != 1).map(|node| node.id).collect();
    assert!(!offline.is_empty());
    let findings = found["data"]["findings"].as_array().unwrap();
    let named = findings.iter().find(|finding| finding["what"] == "node offline").unwrap();
    let ids: Vec<i64> = named["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
    assert_eq!((ids, &named["severity"]), (offline, &"critical".into()));
    let mine =
        world.call("auth.login", json!({ "request": { "username": "alice", "password": "fake-pw-alice" } })).await;
    assert_eq!(mine["ok"], true);
    let own = world.call("ops.diagnose", json!({ "auth_context": "login:alice" })).await;
    assert_eq!(
        own["warnings"],
        json!(["not judged, because the caller or the panel account may not list them: nodes, tunnels, users"]),
        "{own}"
    );
}

#[tokio::test]
async fn the_route_map_lists_every_tool_and_finds_it_in_both_languages() {
    let world = World::start().await;
    let map = world.call("ops.routes", json!({})).await;
    let listed: Vec<&str> =
        map["data"]["tools"].as_array().unwrap().iter().map(|row| row["tool"].as_str().unwrap()).collect();
    assert_eq!(listed.len(), world.gateway.registry().iter().count());
    for (words, tool) in [
        ("pause forwards", "forward.batch_pause"),
        ("节点 列表", "node.list"),
        ("reset traffic", "user.reset_flow"),
        ("登录", "auth.login"),
    ] {
        let found = world.call("ops.routes", json!({ "request": { "query": words } })).await;
        let rows: Vec<&str> =
            found["data"]["tools"].as_array().unwrap().iter().map(|row| row["tool"].as_str().unwrap()).collect();
        assert!(rows.contains(&tool) && rows.len() <= 8, "{words}: {rows:?}");
    }
    let unknown = world.call("ops.routes", json!({ "request": { "tool": "node.lst" } })).await;
    assert_eq!(
        (&unknown["error"]["message"], &unknown["error"]["hint"]),
        (&"`request.tool`: there is no tool `node.lst`".into(), &"Did you mean node.list?".into())
    );
}
