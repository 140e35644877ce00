//! Taking a change back is as dangerous as what it does, whatever parts it is sent in; what is said of it holds; and a part of it
//! that has nothing to do hinders nothing else.

use flvx_mcp::{
    access::{Principal, Rights, Via},
    gateway::Caller,
};
use flvx_sandbox::{Fault, FaultRule};
use serde_json::{Value, json};

use crate::{
    hands::{World, arguments, call},
    support::{WORD, object},
};

/// Ids of forwards in a state.
async fn forwards(world: &World, status: i64) -> Vec<i64> {
    let all = world.call("forward.list", json!({ "view": { "fields": ["id", "status"], "limit": 1000 } })).await;
    let rows = all["data"].as_array().unwrap();
    rows.iter().filter(|row| row["status"] == status).map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn by_word(world: &World, tool: &str, request: Value, key: &str) -> Value {
    let told = world.call(tool, arguments(&object(request), key, Some(WORD))).await;
    assert_eq!(told["outcome"], "done", "{told}");
    told
}

#[tokio::test]
async fn an_undo_that_is_sent_in_parts_is_as_dangerous_as_the_whole() {
    let world = World::fresh().await;
    let mut paused = forwards(&world, 0).await;
    let more: Vec<i64> = forwards(&world, 1).await.into_iter().take(6 - paused.len().min(6)).collect();
    if !more.is_empty() {
        by_word(&world, "forward.batch_pause", json!({ "ids": more }), "pause-0001").await;
        paused.extend(more);
    }
    paused.truncate(6);
    assert_eq!(paused.len(), 6);
    // Starting six is dangerous, stopping six waits for a person.
    let resumed = by_word(&world, "forward.batch_resume", json!({ "ids": paused }), "resume-0001").await;
    let request = object(json!({ "trace_id": resumed["trace_id"] }));
    let shown = world.preview("ops.undo", &request).await;
    assert_eq!(shown["data"]["danger"], "critical", "{shown}");
    let token = shown["data"]["confirm_token"].as_str().unwrap();
    let asked = world.changes();
    let told = world.call("ops.undo", arguments(&request, "undo-parts-1", Some(token))).await;
    assert_eq!((&told["error"]["kind"], world.changes()), (&"approval_required".into(), asked), "{told}");
}

#[tokio::test]
async fn history_promises_no_undo_that_would_be_refused() {
    let world = World::fresh().await;
    let deleted = world.apply("forward.delete", &object(json!({ "id": 1 })), "delete-0001").await;
    assert_eq!(deleted["outcome"], "done", "{deleted}");
    let trace = &deleted["trace_id"];
    assert_eq!(world.history(trace).await["undo"]["possible"], true);
    // Whoever may delete it and not import anything cannot bring it back.
    let rights = Rights { deny: vec!["backup.import".to_owned()], ..Rights::all() };
    let other = Caller { principal: Principal::new("bot", Via::Token, rights), client: None, traceparent: None };
    let all = call(&world.gateway, &other, "ops.history", json!({})).await;
    let row = all["data"]["changes"].as_array().unwrap().iter().find(|row| row["trace_id"] == *trace).unwrap();
    assert_eq!(row["undo"]["possible"], false, "{row}");
    assert!(row["undo"]["reason"].as_str().unwrap().contains("tools that you do not have"), "{row}");
    let undone = world.undo(trace, "undo-0001").await;
    assert_eq!(undone["outcome"], "done", "{undone}");
    let undo = &world.history(trace).await["undo"];
    assert_eq!(undo["possible"], false);
    assert!(undo["reason"].as_str().unwrap().starts_with("it was taken back already"), "{undo}");
    // Nobody knows what came of it, so nobody knows what there is to take back.
    world.panel().fault(FaultRule::new(Fault::Cut).on(crate::hands::route("user.reset_flow").path));
    let lost = world.apply("user.reset_flow", &object(json!({ "id": 2, "type": 1 })), "reset-0001").await;
    assert_eq!(lost["outcome"], "unknown", "{lost}");
    assert_eq!(world.history(&lost["trace_id"]).await["undo"]["possible"], false);
}

#[tokio::test]
async fn an_undo_is_taken_back_although_a_part_of_it_left_nothing_to_take_back() {
    let world = World::fresh().await;
    let deleted = world.apply("user.delete", &object(json!({ "id": 2 })), "delete-0001").await;
    assert_eq!(deleted["outcome"], "done", "{deleted}");
    let undone = world.undo(&deleted["trace_id"], "undo-0001").await;
    assert_eq!(undone["outcome"], "done", "{undone}");
    assert!(undone["data"]["calls"].as_array().unwrap().len() > 1, "{undone}");
    // That a forward runs again is nothing to take back; that rows were overwritten is.
    assert_eq!(world.history(&undone["trace_id"]).await["undo"]["possible"], true);
    let again = world.undo(&undone["trace_id"], "undo-0002").await;
    assert_eq!(again["outcome"], "done", "{again}");
    let calls = again["data"]["calls"].as_array().unwrap();
    assert!(calls.iter().all(|call| call["tool"] == "backup.import"), "{again}");
}

#[tokio::test]
async fn an_undo_that_is_carried_on_says_nothing_of_what_nobody_has_read_back() {
    let world = World::fresh().await;
    let paused = forwards(&world, 0).await[0];
    let deleted = world.apply("forward.delete", &object(json!({ "id": paused })), "delete-0001").await;
    let request = object(json!({ "trace_id": deleted["trace_id"] }));
    let arguments = arguments(&request, "undo-0001", Some(WORD));
    let told = world.call("ops.undo", arguments.clone()).await;
    assert_eq!(told["outcome"], "done", "{told}");
    let calls = told["data"]["calls"].as_array().unwrap();
    let read_back: Vec<bool> = calls.iter().map(|call| call["verified"] == true).collect();
    assert_eq!(read_back, [false, false, true], "{told}");
    assert!(told["verified"].is_null(), "{told}");
    // The same as if the process had ended before the last answer was written down.
    let undone = world.sql("UPDATE ledger SET stage = 'sending', owner = 'gone', outcome = NULL, verified = NULL, result = NULL, settled_ms = NULL WHERE tool = 'ops.undo'");
    assert_eq!(undone, 1);
    let asked = world.changes();
    let again = world.call("ops.undo", arguments).await;
    assert_eq!((&again["outcome"], world.changes()), (&"replayed".into(), asked), "{again}");
    assert!(again["verified"].is_null(), "{again}");
    let warnings = |told: &Value| told["warnings"].to_string();
    for call in ["backup.import: not verified", "forward.batch_redeploy: not verified"] {
        assert!(warnings(&told).contains(call) && warnings(&again).contains(call), "{again}");
    }
}

#[tokio::test]
async fn an_undo_of_a_batch_that_is_half_done_names_what_is_left_of_it() {
    let world = World::fresh().await;
    let paused = by_word(&world, "forward.batch_pause", json!({ "ids": [4, 5] }), "pause-0001").await;
    // Meanwhile somebody deletes one of the two.
    assert!(world.panel().state().forwards.forwards.remove(4).is_some());
    let request = object(json!({ "trace_id": paused["trace_id"] }));
    let undone = world.call("ops.undo", arguments(&request, "undo-0001", Some(WORD))).await;
    assert_eq!(undone["outcome"], "partial", "{undone}");
    let items = undone["items"].as_array().unwrap();
    let state = |id: i64| items.iter().find(|item| item["key"] == id).map(|item| item["state"].clone());
    assert_eq!((state(4), state(5)), (Some("failed".into()), Some("done".into())), "{undone}");
    assert_eq!(
        undone["data"]["left"],
        json!([{ "tool": "forward.batch_resume", "request": { "ids": [4] } }]),
        "{undone}"
    );
}
