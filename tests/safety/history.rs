//! `flvx-mcp history`: a person closes what no read can settle, and the record of calls says who and why.

use flvx_sandbox::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::{
    hands::{World, arguments, call},
    support::{caller, object, program, text},
};

fn history(world: &World, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = program().arg("history").args(arguments).env("MCP_STATE_DIR", world.path()).output().unwrap();
    let (out, err) = text(&output);
    (output.status.code(), out, err)
}

/// A change that nobody knows the outcome of, and no read can settle.
async fn lost(world: &World, key: &str) -> Value {
    let route = crate::hands::route("user.reset_flow");
    world.panel().fault(FaultRule::new(Fault::Cut).on(route.path));
    let told = world.apply(route.tool, &reset(), key).await;
    assert_eq!(told["outcome"], "unknown", "{told}");
    told
}

fn reset() -> serde_json::Map<String, Value> {
    object(json!({ "id": 2, "type": 1 }))
}

#[tokio::test]
async fn a_person_settles_what_reading_cannot() {
    let world = World::fresh().await;
    for (word, outcome, number) in [("done", "replayed", 1), ("not-done", "confirmation_required", 2)] {
        let key = format!("lost-{number:04}");
        let trace = lost(&world, &key).await["trace_id"].as_str().unwrap().to_owned();
        let (code, listed, _) = history(&world, &["list", "--unknown"]);
        assert!(code == Some(0) && listed.contains(&trace), "{listed}");
        let (code, shown, _) = history(&world, &["show", &trace]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!((code, &shown["state"], &shown["tool"]), (Some(0), &"unknown".into(), &"user.reset_flow".into()));
        let (code, out, err) = history(&world, &["settle", &trace, "--as", word, "--reason", "looked at the panel"]);
        assert_eq!(code, Some(0), "{out}{err}");
        let told = world.call("user.reset_flow", arguments(&reset(), &key, None)).await;
        let found = told["error"]["kind"].as_str().or(told["outcome"].as_str());
        assert_eq!(found, Some(outcome), "{told}");
        let (code, _, err) = history(&world, &["settle", &trace, "--as", "done", "--reason", "again"]);
        assert!(code == Some(1) && err.contains("there is nothing to settle"), "{err}");
        let records =
            call(&world.gateway, &caller(), "ops.audit_search", json!({ "request": { "trace_id": trace } })).await;
        let records = records.to_string();
        assert!(records.contains("settled") && records.contains("looked at the panel"), "{records}");
    }
    assert_eq!(world.asked(crate::hands::route("user.reset_flow").path), 2, "nothing was sent by any of it");
}

#[tokio::test]
async fn what_is_known_or_not_there_cannot_be_settled() {
    let world = World::fresh().await;
    let made =
        world.apply("announcement.update", &object(json!({ "content": "hello", "enabled": 1 })), "made-0001").await;
    let trace = made["trace_id"].as_str().unwrap();
    let (code, _, err) = history(&world, &["settle", trace, "--as", "not-done", "--reason", "no"]);
    assert!(code == Some(1) && err.contains("it is `done`"), "{err}");
    let (code, _, err) = history(&world, &["settle", "0123", "--as", "done", "--reason", "no"]);
    assert!(code == Some(2) && err.contains("no change of the name `0123` is on record"), "{err}");
    assert_eq!(world.history(&made["trace_id"]).await["outcome"], "done");
}
