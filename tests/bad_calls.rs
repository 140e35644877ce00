//! Malformed calls and the exact answers to them. Nothing of this may reach the panel, whatever door it comes through.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use flvx_panel::{
    generated::ROUTES,
    spec::{Danger, Field, Kind, Route},
};
use serde_json::{Value, json};
use support::{WORD, World, caller};

/// A call, and what is said to it.
struct Bad {
    what: &'static str,
    tool: &'static str,
    arguments: Value,
    kind: &'static str,
    message: String,
}

fn bad(what: &'static str, tool: &'static str, arguments: Value, message: impl Into<String>) -> Bad {
    Bad { what, tool, arguments, kind: "invalid_arguments", message: message.into() }
}

/// A value inside `levels` lists.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

fn requests() -> Vec<Bad> {
    let key = "bad-call-0001";
    vec![
        bad("request is a list", "node.list", json!({ "request": [] }), ""),
        bad("request is a number", "node.list", json!({ "request": 5 }), ""),
        bad("request is null", "forward.diagnose", json!({ "request": null }), ""),
        bad("request is JSON as text", "forward.diagnose", json!({ "request": "{\"forwardId\":1}" }), ""),
        bad("request is missing", "forward.diagnose", json!({}), ""),
        bad("a field is missing", "forward.diagnose", json!({ "request": {} }), ""),
        bad("a parameter on a tool without any", "node.list", json!({ "request": { "id": 1 } }), ""),
        bad("a kindred key", "forward.diagnose", json!({ "request": { "id": 1 } }), ""),
        bad("a misspelt key", "forward.diagnose", json!({ "request": { "forwardid": 1 } }), ""),
        bad("a far key", "forward.diagnose", json!({ "request": { "forwardId": 1, "colour": "red" } }), ""),
        bad("text for an integer", "forward.diagnose", json!({ "request": { "forwardId": "1" } }), ""),
        bad("truth for an integer", "forward.diagnose", json!({ "request": { "forwardId": true } }), ""),
        bad("null for an integer", "forward.diagnose", json!({ "request": { "forwardId": null } }), ""),
        bad("a list for an integer", "forward.diagnose", json!({ "request": { "forwardId": [1] } }), ""),
        bad("a fraction for an integer", "forward.diagnose", json!({ "request": { "forwardId": 1.5 } }), ""),
        bad("a whole number written as a fraction", "forward.diagnose", json!({ "request": { "forwardId": 1.0 } }), ""),
        bad("zero", "forward.diagnose", json!({ "request": { "forwardId": 0 } }), ""),
        bad("minus one", "forward.diagnose", json!({ "request": { "forwardId": -1 } }), ""),
        bad("2^63", "forward.diagnose", json!({ "request": { "forwardId": 9_223_372_036_854_775_808_u64 } }), ""),
        bad("2^64", "forward.diagnose", json!({ "request": { "forwardId": 18_446_744_073_709_551_616_f64 } }), ""),
        bad(
            "an empty list",
            "forward.batch_pause",
            json!({ "request": { "ids": [] }, "idempotency_key": key, "confirm_token": WORD }),
            "",
        ),
        bad(
            "no list at all",
            "forward.batch_pause",
            json!({ "request": { "ids": 1 }, "idempotency_key": key, "confirm_token": WORD }),
            "",
        ),
        bad(
            "wrong items of a list",
            "forward.batch_pause",
            json!({ "request": { "ids": [1, "2", null, 0] }, "idempotency_key": key, "confirm_token": WORD }),
            "",
        ),
        bad(
            "a thousand wrong items are told eight times",
            "forward.batch_pause",
            json!({ "request": { "ids": vec!["x"; 1000] }, "idempotency_key": key, "confirm_token": WORD }),
            "",
        ),
        bad(
            "deep nesting",
            "forward.batch_pause",
            json!({ "request": { "ids": nested(100) }, "idempotency_key": key, "confirm_token": WORD }),
            "",
        ),
        bad(
            "no object in a list of objects",
            "forward.update_order",
            json!({ "request": { "forwards": [1] }, "idempotency_key": key }),
            "",
        ),
        bad(
            "the panel's own bug: ids for the rows",
            "forward.update_order",
            json!({ "request": { "orders": [{ "id": 1, "inx": 2 }] }, "idempotency_key": key }),
            "",
        ),
        bad(
            "a key missing inside a list",
            "forward.update_order",
            json!({ "request": { "forwards": [{ "id": 1, "inx": 2 }, { "id": 2 }] }, "idempotency_key": key }),
            "",
        ),
        bad(
            "an unknown key inside a list",
            "forward.update_order",
            json!({ "request": { "forwards": [{ "id": 1, "inx": 2, "name": "a" }] }, "idempotency_key": key }),
            "",
        ),
        bad(
            "an ignored key",
            "tunnel.create",
            json!({ "request": { "name": "t", "inNodeId": [{ "nodeId": 1, "protocol": "tls" }] }, "idempotency_key": key }),
            "",
        ),
        bad(
            "a word outside the list of words",
            "tunnel.create",
            json!({ "request": { "name": "t", "inNodeId": [{ "nodeId": 1 }], "ipPreference": "ipv4" }, "idempotency_key": key }),
            "",
        ),
        bad(
            "a number outside the list of numbers",
            "announcement.update",
            json!({ "request": { "enabled": 2 }, "idempotency_key": key }),
            "",
        ),
        bad(
            "truth where the panel wants 0 or 1",
            "announcement.update",
            json!({ "request": { "enabled": true }, "idempotency_key": key }),
            "",
        ),
        bad(
            "empty text",
            "user.create",
            json!({ "request": { "user": " ", "pwd": "fake-password" }, "idempotency_key": key }),
            "",
        ),
        bad(
            "short text",
            "user.create",
            json!({ "request": { "user": "zoe", "pwd": "12345" }, "idempotency_key": key }),
            "",
        ),
        bad(
            "huge text",
            "user.create",
            json!({ "request": { "user": "x".repeat(1 << 20), "pwd": "fake-password" }, "idempotency_key": key }),
            "",
        ),
        bad(
            "a NUL in a text",
            "user.create",
            json!({ "request": { "user": "zoe\u{0}", "pwd": "fake-password" }, "idempotency_key": key }),
            "",
        ),
        bad(
            "too large a number",
            "user.create",
            json!({ "request": { "user": "zoe", "pwd": "fake-password", "flow": 100_000 }, "idempotency_key": key }),
            "",
        ),
        bad(
            "an empty map",
            "config.update",
            json!({ "request": {}, "idempotency_key": key, "confirm_token": WORD }),
            "",
        ),
        bad(
            "a value of another type in a map",
            "config.update",
            json!({ "request": { "captcha_enabled": true }, "idempotency_key": key, "confirm_token": WORD }),
            "",
        ),
        bad(
            "one of two is needed",
            "federation.runtime_release_role",
            json!({ "request": {}, "idempotency_key": key, "confirm_token": WORD }),
            "",
        ),
    ]
}

fn outer() -> Vec<Bad> {
    let key = "bad-call-0001";
    let write = |extra: Value| {
        let mut arguments = json!({ "request": { "content": "x", "enabled": 1 } });
        for (name, value) in extra.as_object().unwrap() {
            arguments[name] = value.clone();
        }
        arguments
    };
    vec![
        bad("a parameter outside request", "forward.diagnose", json!({ "forwardId": 1 }), ""),
        bad(
            "a parameter outside request, another inside",
            "tunnel.create",
            json!({ "name": "t", "request": { "inNodeId": [{ "nodeId": 1 }] }, "idempotency_key": key }),
            "",
        ),
        bad("a misspelt outer key", "node.list", json!({ "veiw": {} }), ""),
        bad("an unknown outer key", "node.list", json!({ "page": 2 }), ""),
        bad("view on a tool that gives no list", "announcement.get", json!({ "view": { "limit": 1 } }), ""),
        bad("view on one of the gateway's own tools", "ops.health", json!({ "view": {} }), ""),
        bad("view is no object", "node.list", json!({ "view": "all" }), ""),
        bad("an unknown key of view", "node.list", json!({ "view": { "page": 1 } }), ""),
        bad("view of an unknown field", "node.list", json!({ "view": { "fields": ["nam"] } }), ""),
        bad("view of a far field", "speed_limit.tunnels", json!({ "view": { "fields": ["colour"] } }), ""),
        bad("view of no field", "node.list", json!({ "view": { "fields": [] } }), ""),
        bad("filter by an unknown field", "node.list", json!({ "view": { "filter": { "state": 1 } } }), ""),
        bad("filter by a secret", "node.list", json!({ "view": { "filter": { "remoteToken": "a" } } }), ""),
        bad("sort by a secret", "node.list", json!({ "view": { "sort": "-remoteToken" } }), ""),
        bad(
            "filter by an unknown operator",
            "node.list",
            json!({ "view": { "filter": { "id": { "above": 1 } } } }),
            "",
        ),
        bad("filter without an operator", "node.list", json!({ "view": { "filter": { "id": {} } } }), ""),
        bad("in without a list", "node.list", json!({ "view": { "filter": { "id": { "in": 1 } } } }), ""),
        bad("sort by an unknown field", "node.list", json!({ "view": { "sort": "-nmae" } }), ""),
        bad("limit 0", "node.list", json!({ "view": { "limit": 0 } }), ""),
        bad("limit below 0", "node.list", json!({ "view": { "limit": -1 } }), ""),
        bad("half a limit", "node.list", json!({ "view": { "limit": 1.5 } }), ""),
        bad("fields as text", "node.list", json!({ "view": { "fields": "name" } }), ""),
        bad("a number among the fields", "node.list", json!({ "view": { "fields": ["name", 1] } }), ""),
        bad("filter as text", "node.list", json!({ "view": { "filter": "status=1" } }), ""),
        bad("sort as a list", "node.list", json!({ "view": { "sort": ["name"] } }), ""),
        bad(
            "several mistakes in view",
            "node.list",
            json!({ "view": { "limt": 5, "offset": "x", "columns": [] } }),
            "",
        ),
        bad("limit as text", "node.list", json!({ "view": { "limit": "10" } }), ""),
        bad("idempotency key too short", "announcement.update", write(json!({ "idempotency_key": "1234567" })), ""),
        bad(
            "idempotency key too long",
            "announcement.update",
            write(json!({ "idempotency_key": "k".repeat(201) })),
            "",
        ),
        bad("idempotency key empty", "announcement.update", write(json!({ "idempotency_key": "" })), ""),
        bad(
            "idempotency key with a blank",
            "announcement.update",
            write(json!({ "idempotency_key": "two words" })),
            "",
        ),
        bad(
            "idempotency key with a line break",
            "announcement.update",
            write(json!({ "idempotency_key": "line\nbreak-1" })),
            "",
        ),
        bad("idempotency key in Chinese", "announcement.update", write(json!({ "idempotency_key": "公告公告" })), ""),
        bad("idempotency key as a number", "announcement.update", write(json!({ "idempotency_key": 12_345_678 })), ""),
        bad("idempotency key on a read", "node.list", json!({ "idempotency_key": key }), ""),
        bad("confirm token on a read", "node.list", json!({ "confirm_token": WORD }), ""),
        bad(
            "confirm token as a number",
            "forward.delete",
            json!({ "request": { "id": 1 }, "idempotency_key": key, "confirm_token": 1 }),
            "",
        ),
        bad(
            "confirm token empty",
            "forward.delete",
            json!({ "request": { "id": 1 }, "idempotency_key": key, "confirm_token": "" }),
            "",
        ),
        bad("auth_context as a list", "node.list", json!({ "auth_context": ["default"] }), ""),
        bad("auth_context empty", "node.list", json!({ "auth_context": "" }), ""),
        bad(
            "three mistakes at once",
            "forward.delete",
            json!({ "request": { "ID": "1" }, "idempotency_key": "short", "confirm": WORD }),
            "",
        ),
        Bad {
            kind: "idempotency_key_required",
            ..bad("no idempotency key", "announcement.update", write(json!({})), "")
        },
        Bad {
            kind: "idempotency_key_required",
            ..bad("null as idempotency key", "announcement.update", write(json!({ "idempotency_key": null })), "")
        },
        Bad {
            kind: "confirmation_required",
            ..bad("no confirm token", "forward.delete", json!({ "request": { "id": 1 }, "idempotency_key": key }), "")
        },
        Bad {
            kind: "confirmation_required",
            ..bad(
                "no confirm token for a critical call",
                "forward.batch_delete",
                json!({ "request": { "ids": [1] }, "idempotency_key": key }),
                "",
            )
        },
        Bad {
            kind: "confirmation_rejected",
            ..bad(
                "a wrong confirm token",
                "forward.delete",
                json!({ "request": { "id": 1 }, "idempotency_key": key, "confirm_token": "a-wrong-word-here" }),
                "",
            )
        },
        Bad {
            kind: "unknown_credential",
            ..bad("an unknown credential for a read", "node.list", json!({ "auth_context": "root" }), "")
        },
        Bad {
            kind: "unknown_credential",
            ..bad(
                "an unknown credential for a tool of the gateway's own",
                "ops.capabilities",
                json!({ "auth_context": "root" }),
                "",
            )
        },
        Bad {
            kind: "unknown_credential",
            ..bad(
                "an unknown credential for a change",
                "announcement.update",
                write(json!({ "idempotency_key": key, "auth_context": "root" })),
                "",
            )
        },
    ]
}

async fn refused(world: &World, cases: Vec<Bad>) {
    let count = cases.len();
    let mut wrong = Vec::new();
    for case in cases {
        let result = world.call(case.tool, case.arguments).await;
        let tool = world.gateway.registry().resolve(case.tool).unwrap();
        let error = &result["error"];
        let outcome = if tool.is_change() { json!("rejected") } else { Value::Null };
        if result["ok"] != false
            || error["kind"] != case.kind
            || error["message"] != case.message
            || result["outcome"] != outcome
        {
            wrong.push(format!("{} | {} | {} | {}", case.what, error["kind"], result["outcome"], error["message"]));
        }
        assert!(
            error["hint"].as_str().is_some_and(|hint| !hint.is_empty()),
            "{}: an error without a cure: {result}",
            case.what
        );
        assert!(result.get("data").is_none(), "{}: {result}", case.what);
    }
    assert!(wrong.is_empty(), "{} of {count} are answered otherwise:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(world.asked_at_all(), 0, "a refused call reached the panel");
}

#[tokio::test]
async fn a_malformed_request_is_refused_with_the_path_and_the_cure() {
    refused(&World::start().await, requests()).await;
}

#[tokio::test]
async fn a_malformed_outer_argument_is_refused_with_the_path_and_the_cure() {
    refused(&World::start().await, outer()).await;
}

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

#[tokio::test]
async fn a_name_that_is_no_tool_is_answered_with_the_nearest_one() {
    let world = World::start().await;
    for (name, message) in [
        ("node.lst", "unknown tool `node.lst`; did you mean `node.list`?"),
        ("NodeList", "unknown tool `NodeList`; did you mean `node.list`?"),
        ("make_coffee", "unknown tool `make_coffee`"),
        ("", "unknown tool ``"),
    ] {
        let unknown = world.gateway.call(&caller(), name, Default::default()).await.unwrap_err();
        assert_eq!(unknown.to_string(), message);
    }
    let long = "x".repeat(100_000);
    let unknown = world.gateway.call(&caller(), &long, Default::default()).await.unwrap_err();
    assert_eq!(unknown.to_string(), format!("unknown tool `{}`", "x".repeat(128)));
}
