//! The gate: nothing dangerous runs without the operator's word, and what arguments make dangerous is dangerous.
//! The manifest says which; these tests go through all of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use flvx_panel::{
    generated::ROUTES,
    spec::{Danger, Escalation, Kind, Route, When},
};
use serde_json::{Value, json};
use support::{WORD, World};

const KEY: &str = "gate-test-0001";

/// The request of the route's first example.
fn example(route: &Route) -> Value {
    let entry: Value = serde_json::from_str(route.entry).unwrap();
    match &entry["examples"][0]["request"] {
        Value::Null => json!({}),
        request => request.clone(),
    }
}

/// The example changed so that the rule applies.
fn escalated(route: &Route, rule: &Escalation) -> Value {
    let mut request = example(route);
    match rule.when {
        When::Given => request[rule.field] = 1.into(),
        When::OneOf(values) => request[rule.field] = serde_json::from_str(values[0]).unwrap(),
        When::LongerThan(most) => {
            let items = route.request.fields.iter().find(|field| field.name == rule.field).unwrap().items.unwrap();
            let item =
                |number: u64| if items.kind == Kind::Object { json!({ "tunnelId": number }) } else { number.into() };
            request[rule.field] = (1..=most + 1).map(item).collect();
        }
        When::HasKey(keys) => {
            let map = if rule.field.is_empty() { &mut request } else { &mut request[rule.field] };
            map[keys[0]] = "true".into();
        }
    }
    request
}

#[tokio::test]
async fn without_the_operators_word_on_the_gateway_nothing_dangerous_runs() {
    let world = World::with(&[("MCP_CONFIRM_TOKEN", "")]).await;
    let mut count = 0;
    for route in ROUTES.iter().filter(|route| route.danger >= Danger::Dangerous) {
        for token in [None, Some("guessed-by-a-model")] {
            let mut arguments = json!({ "request": example(route), "idempotency_key": KEY });
            if let Some(token) = token {
                arguments["confirm_token"] = token.into();
            }
            let told = world.call(route.tool, arguments).await;
            assert_eq!(
                (&told["ok"], &told["outcome"], &told["error"]["kind"]),
                (&false.into(), &"rejected".into(), &"confirmation_unavailable".into()),
                "{}: {told}",
                route.tool
            );
            let message = told["error"]["message"].as_str().unwrap();
            assert!(
                message.starts_with("this call is dangerous") || message.starts_with("this call is critical"),
                "{message}"
            );
            assert!(message.ends_with(", and confirmed calls are switched off on this gateway"), "{message}");
            assert!(!told.to_string().contains("MCP_CONFIRM_TOKEN"), "a refusal names no way round: {told}");
        }
        count += 1;
    }
    println!("{count} dangerous and critical tools");
    assert!(count > 0);
    assert_eq!(world.asked_at_all(), 0);
}

#[tokio::test]
async fn every_dangerous_tool_asks_for_the_operators_word_and_takes_no_other() {
    let world = World::start().await;
    for route in ROUTES.iter().filter(|route| route.danger >= Danger::Dangerous) {
        let arguments = json!({ "request": example(route), "idempotency_key": KEY });
        let told = world.call(route.tool, arguments.clone()).await;
        assert_eq!(
            (&told["error"]["kind"], &told["outcome"]),
            (&"confirmation_required".into(), &"rejected".into()),
            "{}: {told}",
            route.tool
        );
        for wrong in ["the-operators-wor", "the-operators-word ", "THE-OPERATORS-WORD", "x"] {
            let mut arguments = arguments.clone();
            arguments["confirm_token"] = wrong.into();
            let told = world.call(route.tool, arguments).await;
            assert_eq!(
                (&told["error"]["kind"], &told["outcome"]),
                (&"confirmation_rejected".into(), &"rejected".into()),
                "{}: {told}",
                route.tool
            );
            assert!(!told.to_string().contains(WORD));
        }
    }
    assert_eq!(world.asked_at_all(), 0);
}

#[tokio::test]
async fn every_escalation_of_the_manifest_asks_for_the_operators_word_and_says_why() {
    let world = World::start().await;
    let mut forms = [0; 4];
    for route in ROUTES {
        for rule in route.escalate {
            forms[match rule.when {
                When::Given => 0,
                When::LongerThan(_) => 1,
                When::OneOf(_) => 2,
                When::HasKey(_) => 3,
            }] += 1;
            let arguments = json!({ "request": escalated(route, rule), "idempotency_key": KEY });
            let told = world.call(route.tool, arguments).await;
            let wanted = format!(
                "this call is {} with these arguments ({}) and needs a confirmation",
                rule.to.word(),
                rule.reason.trim_end_matches('.')
            );
            assert_eq!(
                (&told["error"]["kind"], &told["error"]["message"]),
                (&"confirmation_required".into(), &wanted.into()),
                "{}: {told}",
                route.tool
            );
        }
    }
    println!("escalations: {} given, {} by length, {} by value, {} by key", forms[0], forms[1], forms[2], forms[3]);
    assert!(forms.iter().all(|count| *count > 0), "a form of rule that no route uses is untested: {forms:?}");
    assert_eq!(world.asked_at_all(), 0);
}

/// The panel cuts them off, and means the same setting.
#[tokio::test]
async fn blanks_around_a_name_do_not_make_a_call_less_than_it_is() {
    let world = World::start().await;
    for name in [
        " captcha_enabled",
        "captcha_enabled ",
        "\tcaptcha_enabled\n",
        "\u{a0}captcha_enabled",
        "captcha_enabled\u{3000}",
    ] {
        for (tool, request) in [
            ("config.update_single", json!({ "name": name, "value": "true" })),
            ("config.update", json!({ "app_name": "x", name: "true" })),
        ] {
            let told = world.call(tool, json!({ "request": request, "idempotency_key": KEY })).await;
            let message = told["error"]["message"].as_str().unwrap_or_default();
            assert!(message.starts_with("this call is critical with these arguments"), "{tool} {name:?}: {told}");
        }
    }
    assert_eq!(world.asked_at_all(), 0);
}

#[tokio::test]
async fn a_write_is_free_until_its_arguments_make_it_dangerous() {
    let world = World::start().await;
    for route in ROUTES.iter().filter(|route| route.danger == Danger::Write && !route.escalate.is_empty()) {
        let mut request = example(route);
        for rule in route.escalate {
            request.as_object_mut().unwrap().remove(rule.field);
        }
        let told = world.call(route.tool, json!({ "request": request, "idempotency_key": KEY })).await;
        assert_eq!(told["ok"], true, "{}: {told}", route.tool);
    }
    // A list that is just not too long does not escalate.
    let told = world
        .call("forward.batch_pause", json!({ "request": { "ids": [1, 2, 3, 4, 5] }, "idempotency_key": KEY }))
        .await;
    assert!(told["error"]["message"].as_str().unwrap().starts_with("this call is dangerous and needs"), "{told}");
}

#[tokio::test]
async fn the_operators_word_opens_an_escalated_call() {
    let world = World::start().await;
    let arguments = json!({ "request": { "name": "captcha_enabled", "value": "true" }, "idempotency_key": KEY, "confirm_token": WORD });
    assert_eq!(world.call("config.update_single", arguments).await["outcome"], "done");
}

#[tokio::test]
async fn every_change_needs_an_idempotency_key() {
    let world = World::start().await;
    let mut count = 0;
    for route in ROUTES.iter().filter(|route| route.danger >= Danger::Write) {
        let told = world.call(route.tool, json!({ "request": example(route), "confirm_token": WORD })).await;
        assert_eq!(
            (&told["error"]["kind"], &told["outcome"]),
            (&"idempotency_key_required".into(), &"rejected".into()),
            "{}: {told}",
            route.tool
        );
        count += 1;
    }
    println!("{count} changes");
    assert_eq!(world.asked_at_all(), 0);
}

#[tokio::test]
async fn a_read_only_gateway_has_no_tool_that_changes_or_shows_secrets() {
    let world = World::with(&[("MCP_READ_ONLY", "true")]).await;
    assert!(world.gateway.registry().iter().all(|tool| tool.danger == Danger::Read));
    for route in ROUTES.iter().filter(|route| route.danger != Danger::Read) {
        let arguments = json!({ "request": example(route), "idempotency_key": KEY, "confirm_token": WORD });
        let unknown = world.gateway.call(&support::caller(), route.tool, support::object(arguments)).await.unwrap_err();
        assert_eq!(unknown.name, route.tool, "a hidden tool does not exist");
    }
    assert_eq!(world.asked_at_all(), 0);
}
