//! One record for each call, whatever became of it.

use std::time::Duration;

use flvx_mcp::access::{AuditSight, Principal, Rights, Via};
use flvx_sandbox::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::{
    hands::recorded,
    support::{WORD, World, caller, soon},
};

/// What the tests compare: kind, tool, outcome, ok, kind of error.
fn gist(record: &Value) -> (String, String, String, Value, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&record["kind"]),
        text(&record["tool"]),
        text(&record["outcome"]),
        record["ok"].clone(),
        text(&record["error"]["kind"]),
    )
}

fn expected(kind: &str, tool: &str, outcome: &str, ok: Value, error: &str) -> (String, String, String, Value, String) {
    (kind.to_owned(), tool.to_owned(), outcome.to_owned(), ok, error.to_owned())
}

#[tokio::test]
async fn every_call_leaves_one_record_and_a_change_an_intent_before_it() {
    let world = World::start().await;
    let change = json!({ "request": { "content": "hello", "enabled": 1 }, "idempotency_key": "announce-1" });
    world.call("node.list", json!({ "view": { "limit": 2 } })).await;
    world.call("node.delete", json!({ "request": { "idd": 1 }, "idempotency_key": "delete-01" })).await;
    let unknown = world.gateway.call(&caller(), &"no.such.tool".repeat(50), serde_json::Map::new()).await;
    assert!(unknown.is_err());
    world.call("node.delete", json!({ "request": { "id": 1 }, "idempotency_key": "delete-02" })).await;
    let done = world.call("announcement.update", change.clone()).await;
    world.call("announcement.update", change).await;
    world
        .call(
            "user.create",
            json!({ "request": { "user": "alice", "pwd": "fake-pw" }, "idempotency_key": "create-01" }),
        )
        .await;
    world.call("auth.whoami", json!({})).await;
    let records = recorded(&world.gateway).await;
    let mut by_kind: Vec<_> = records.iter().map(gist).collect();
    // Reads are written a moment later than changes.
    by_kind.sort_by_key(|gist| format!("{gist:?}"));
    let mut right = vec![
        expected("call", "node.list", "", json!(true), ""),
        expected("call", "node.delete", "rejected", json!(false), "invalid_arguments"),
        expected(
            "call",
            &format!("{}… (+500)", "no.such.tool".repeat(50).get(..100).unwrap()),
            "",
            json!(false),
            "unknown_tool",
        ),
        expected("call", "node.delete", "rejected", json!(false), "confirmation_required"),
        expected("intent", "announcement.update", "", Value::Null, ""),
        expected("call", "announcement.update", "done", json!(true), ""),
        expected("call", "announcement.update", "replayed", json!(true), ""),
        expected("intent", "user.create", "", Value::Null, ""),
        expected("call", "user.create", "rejected", json!(false), "panel_refused"),
        expected("call", "auth.whoami", "", json!(true), ""),
    ];
    right.sort_by_key(|gist| format!("{gist:?}"));
    assert_eq!(by_kind, right);

    let of = |trace: &Value| -> Vec<&Value> { records.iter().filter(|record| record["trace_id"] == *trace).collect() };
    let [intent, call] = of(&done["trace_id"])[..] else { panic!("an intent and a call") };
    assert_eq!((&intent["kind"], &call["kind"]), (&json!("intent"), &json!("call")));
    for record in [intent, call] {
        assert_eq!(
            record["arguments"],
            json!({ "request": { "content": "hello", "enabled": 1 }, "idempotency_key": "announce-1" })
        );
        assert_eq!(
            (&record["principal"], &record["via"], &record["role"]),
            (&json!("local"), &json!("stdio"), &json!("admin"))
        );
        assert_eq!((&record["client"], &record["danger"]), (&json!("tests/1"), &json!("write")));
        assert_eq!(
            (&record["route"], &record["credential"]),
            (&json!("/api/v1/announcement/update"), &json!("default"))
        );
        assert_eq!(
            (&record["idempotency_key"], &record["confirmation"]),
            (&json!("announce-1"), &json!({ "kind": "none" }))
        );
    }
    assert_eq!((&call["panel_code"], &call["verified"]), (&json!(0), &json!(true)));
    assert!(call["duration_ms"].is_u64() && call["panel_msg"].is_string(), "{call}");
    let keys: Vec<&String> = call.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "seq",
            "time",
            "trace_id",
            "kind",
            "principal",
            "via",
            "role",
            "client",
            "tool",
            "route",
            "danger",
            "arguments",
            "credential",
            "confirmation",
            "idempotency_key",
            "outcome",
            "ok",
            "panel_code",
            "panel_msg",
            "verified",
            "duration_ms",
            "before",
            "after"
        ]
    );
}

#[tokio::test]
async fn a_batch_is_counted_and_its_targets_are_named_and_its_confirmation_told() {
    let world = World::start().await;
    let batch = json!({ "request": { "ids": [1, 2, 9_999] }, "idempotency_key": "batch-0001", "confirm_token": WORD });
    let result = world.call("forward.batch_pause", batch).await;
    let records = recorded(&world.gateway).await;
    let call = records.iter().find(|record| record["kind"] == "call").unwrap();
    assert_eq!(call["outcome"], result["outcome"]);
    assert_eq!(call["batch"]["asked"], 3, "{call}");
    let keys: Vec<&str> =
        call["targets"].as_array().unwrap().iter().map(|target| target["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["1", "2", "9999"], "{call}");
    assert_eq!(call["targets"][0]["kind"], "forward");
    assert_eq!(call["confirmation"], json!({ "kind": "operator_word", "by": "operator" }));
    assert_eq!(call["arguments"]["confirm_token"], "[redacted]");
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_a_record_all_the_same() {
    let world = World::start().await;
    world.call("node.list", json!({})).await;
    world.sandbox.panel.fault(FaultRule::new(Fault::Latency).on("/api/v1/node/list").ms(2_000));
    world.sandbox.panel.fault(FaultRule::new(Fault::Latency).on("/api/v1/announcement/update").ms(300));
    let someone = caller();
    let read = world.gateway.call(&someone, "node.list", serde_json::Map::new());
    assert!(tokio::time::timeout(Duration::from_millis(100), read).await.is_err());
    let change = json!({ "request": { "content": "hello", "enabled": 1 }, "idempotency_key": "announce-1" });
    let change = world.gateway.call(&someone, "announcement.update", change.as_object().unwrap().clone());
    tokio::select! {
        _ = change => panic!("the panel takes longer than that"),
        () = soon("the panel to be asked", async {
            while world.asked("/api/v1/announcement/update") == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }) => {}
    }
    soon("the change's own record", async {
        loop {
            let records = recorded(&world.gateway).await;
            if records.iter().any(|record| record["outcome"] == "done") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let records = recorded(&world.gateway).await;
    let reads: Vec<_> = records.iter().filter(|record| record["tool"] == "node.list").map(gist).collect();
    assert_eq!(reads[1], expected("call", "node.list", "", json!(false), "caller_gone"));
}

#[tokio::test]
async fn nothing_is_recorded_when_the_operator_says_so_and_the_ledger_works_on() {
    let world = World::with(&[("MCP_AUDIT_ENABLED", "false")]).await;
    let change = json!({ "request": { "content": "hello", "enabled": 1 }, "idempotency_key": "announce-1" });
    assert_eq!(world.call("announcement.update", change.clone()).await["outcome"], "done");
    assert_eq!(world.call("announcement.update", change).await["outcome"], "replayed");
    assert_eq!(recorded(&world.gateway).await, Vec::<Value>::new());
}

#[tokio::test]
async fn one_sees_ones_own_calls_unless_the_operator_shows_everybodys() {
    let world = World::start().await;
    world.call("node.list", json!({})).await;
    let with = |sight| flvx_mcp::gateway::Caller {
        principal: Principal::new("bob", Via::Token, Rights { sight, ..Rights::all() }),
        client: None,
        traceparent: None,
    };
    let search = async |sight, request: Value| {
        let arguments = json!({ "request": request }).as_object().unwrap().clone();
        let output = world.gateway.call(&with(sight), "ops.audit_search", arguments).await.unwrap();
        serde_json::from_str::<Value>(&output.to_json()).unwrap()
    };
    let count = |result: &Value| result["data"]["records"].as_array().map(Vec::len);
    assert_eq!(count(&search(AuditSight::Own, json!({})).await), Some(0));
    assert_eq!(search(AuditSight::Own, json!({ "user": "local" })).await["error"]["kind"], "forbidden");
    let all = search(AuditSight::All, json!({ "user": "local", "tool": "node.*", "since": "1h" })).await;
    assert_eq!(count(&all), Some(1), "{all}");
    let trace = all["data"]["records"][0]["trace_id"].clone();
    let whole = search(AuditSight::All, json!({ "trace_id": trace })).await;
    assert_eq!(whole["data"]["records"][0]["via"], "stdio", "{whole}");
    assert_eq!(count(&search(AuditSight::Own, json!({ "trace_id": trace })).await), Some(0));
    let own = search(AuditSight::Own, json!({ "outcome": "forbidden" })).await;
    assert_eq!(own["data"]["records"][0]["tool"], "ops.audit_search", "{own}");
    assert_eq!(search(AuditSight::Own, json!({ "since": "yesterday" })).await["error"]["kind"], "invalid_arguments");
}
