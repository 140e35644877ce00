//! One key, one effect: many calls at once, repeats, other requests under an old key, answers that were lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use flvx_sandbox::{Fault, FaultRule};
use serde_json::{Value, json};
use support::{WORD, World, call, soon};
use tokio::task::JoinSet;

const UPDATE: &str = "/api/v1/announcement/update";

fn announce(text: &str, key: &str) -> Value {
    json!({ "request": { "content": text, "enabled": 1 }, "idempotency_key": key })
}

fn new_user(name: &str, key: &str) -> Value {
    json!({ "request": { "user": name, "pwd": "fake-pw-zoe" }, "idempotency_key": key })
}

fn accounts(world: &World, name: &str) -> usize {
    world.sandbox.panel.state().users.users.iter().filter(|user| user.user == name).count()
}

#[tokio::test]
async fn sixty_four_calls_with_one_key_have_one_effect() {
    let world = World::start().await;
    world.sandbox.panel.fault(FaultRule::new(Fault::Latency).on("/api/v1/user/create").ms(200));
    let mut calls = JoinSet::new();
    for _ in 0..64 {
        let gateway = Arc::clone(&world.gateway);
        calls.spawn(async move { call(&gateway, "user.create", new_user("zoe", "create-zoe-1")).await });
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for result in soon("64 calls", calls.join_all()).await {
        let word = result["error"]["kind"].as_str().or(result["outcome"].as_str()).unwrap();
        *told.entry(word.to_owned()).or_default() += 1;
        if word == "in_progress" {
            assert_eq!((&result["outcome"], &result["error"]["retry_after_ms"]), (&"rejected".into(), &1000.into()));
        }
    }
    // On a slow machine some are told to come back, and get the first call's result then.
    let others = told.get("replayed").unwrap_or(&0) + told.get("in_progress").unwrap_or(&0);
    assert_eq!((told["done"], others), (1, 63), "{told:?}");
    assert_eq!(call(&world.gateway, "user.create", new_user("zoe", "create-zoe-1")).await["outcome"], "replayed");
    assert_eq!((world.asked("/api/v1/user/create"), accounts(&world, "zoe")), (1, 1));
}

#[tokio::test]
async fn a_repeat_gives_the_first_result_and_sends_nothing() {
    let world = World::start().await;
    let first = world.call("announcement.update", announce("hello", "announce-1")).await;
    assert_eq!((&first["ok"], &first["outcome"]), (&true.into(), &"done".into()), "{first}");
    let asked = world.asked_at_all();
    let again = world.call("announcement.update", announce("hello", "announce-1")).await;
    assert_eq!(
        (&again["ok"], &again["outcome"], &again["panel_ts"]),
        (&true.into(), &"replayed".into(), &first["panel_ts"]),
        "{again}"
    );
    let said = format!(
        "nothing was sent: this idempotency_key was used before (trace_id {}), and this is that call's result",
        first["trace_id"].as_str().unwrap()
    );
    assert!(again["warnings"].as_array().unwrap().contains(&said.into()), "{again}");
    assert_ne!(again["trace_id"], first["trace_id"]);
    assert_eq!(world.asked_at_all(), asked);
}

#[tokio::test]
async fn a_request_in_another_spelling_is_the_same_request() {
    let world = World::start().await;
    world.call("announcement.update", announce("hello", "announce-1")).await;
    let spelt =
        serde_json::from_str(r#"{"idempotency_key":"announce-1","request":{ "enabled" : 1, "content":"hel\u006co" }}"#)
            .unwrap();
    assert_eq!(world.call("announcement_update", spelt).await["outcome"], "replayed");
    assert_eq!(world.asked(UPDATE), 1);
}

#[tokio::test]
async fn another_request_under_an_old_key_is_refused() {
    let world = World::start().await;
    world.call("announcement.update", announce("hello", "announce-1")).await;
    let other = world.call("announcement.update", announce("good-bye", "announce-1")).await;
    assert_eq!(
        (&other["ok"], &other["outcome"], &other["error"]["kind"]),
        (&false.into(), &"rejected".into(), &"idempotency_conflict".into())
    );
    assert_eq!(other["error"]["message"], "this idempotency_key was used for another request of this tool");
    assert_eq!(
        other["error"]["hint"],
        "Use a new key for a new change; use the old key only to repeat exactly the same call."
    );
    assert_eq!(world.asked(UPDATE), 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_tool_and_its_credential() {
    let world = World::start().await;
    world.call("announcement.update", announce("hello", "the-same-key")).await;
    assert_eq!(world.call("user.create", new_user("zoe", "the-same-key")).await["outcome"], "done");
    world.call("auth.login", json!({ "request": { "username": "admin_user", "password": "admin_user" } })).await;
    let mut other = announce("hello", "the-same-key");
    other["auth_context"] = "login:admin_user".into();
    assert_eq!(world.call("announcement.update", other).await["outcome"], "done");
    assert_eq!(world.asked(UPDATE), 2);
}

#[tokio::test]
async fn a_call_that_was_refused_leaves_its_key_free() {
    let world = World::start().await;
    let taken = world.call("user.create", new_user("alice", "create-1")).await;
    assert_eq!((&taken["ok"], &taken["outcome"]), (&false.into(), &"rejected".into()), "{taken}");
    let mended = world.call("user.create", new_user("zoe", "create-1")).await;
    assert_eq!((&mended["ok"], &mended["outcome"]), (&true.into(), &"done".into()), "{mended}");
}

#[tokio::test]
async fn a_lost_answer_is_found_out_by_reading_and_the_request_is_never_sent_again() {
    let world = World::start().await;
    world.sandbox.panel.fault(FaultRule::new(Fault::Cut).on("/api/v1/user/create"));
    let lost = world.call("user.create", new_user("zoe", "create-zoe-1")).await;
    assert_eq!(
        (&lost["ok"], &lost["outcome"], &lost["verified"]),
        (&true.into(), &"done".into(), &true.into()),
        "{lost}"
    );
    assert!(lost["data"]["id"].is_i64(), "the new id is found: {lost}");
    assert!(lost["warnings"][0].as_str().unwrap().starts_with("the panel's answer was lost ("), "{lost}");
    let again = world.call("user.create", new_user("zoe", "create-zoe-1")).await;
    assert_eq!((&again["ok"], &again["outcome"], &again["data"]), (&true.into(), &"replayed".into(), &lost["data"]));
    assert_eq!((world.asked("/api/v1/user/create"), accounts(&world, "zoe")), (1, 1));
}

#[tokio::test]
async fn what_reading_cannot_tell_stays_unknown_and_is_never_sent_again() {
    let world = World::start().await;
    let path = "/api/v1/user/reset";
    world.sandbox.panel.fault(FaultRule::new(Fault::Cut).on(path));
    let reset = || json!({ "request": { "id": 2, "type": 1 }, "idempotency_key": "reset-0001", "confirm_token": WORD });
    let lost = world.call("user.reset_flow", reset()).await;
    assert_eq!(
        (&lost["ok"], &lost["outcome"], &lost["error"]["kind"]),
        (&false.into(), &"unknown".into(), &"no_answer".into()),
        "{lost}"
    );
    assert_eq!(
        lost["error"]["hint"],
        "The change may or may not have happened. Read the state first; do not repeat the call with a new idempotency_key before that."
    );
    for _ in 0..3 {
        let again = world.call("user.reset_flow", reset()).await;
        assert_eq!((&again["ok"], &again["outcome"]), (&false.into(), &"unknown".into()), "{again}");
    }
    assert_eq!(world.asked(path), 1);
}

#[tokio::test]
async fn a_key_can_be_used_anew_after_its_life() {
    let world = World::with(&[("MCP_IDEMPOTENCY_TTL_SECONDS", "3600")]).await;
    world.call("announcement.update", announce("hello", "announce-1")).await;
    assert_eq!(world.call("announcement.update", announce("hello", "announce-1")).await["outcome"], "replayed");
    let state = rusqlite::Connection::open(world.gateway.store().path().join("state.db")).unwrap();
    state.busy_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(state.execute("UPDATE ledger SET settled_ms = settled_ms - 3600000", []).unwrap(), 1);
    assert_eq!(world.call("announcement.update", announce("other", "announce-1")).await["outcome"], "done");
    assert_eq!(world.asked(UPDATE), 2);
}

#[tokio::test]
async fn an_undo_that_stops_half_way_names_the_calls_that_are_left_and_its_repeat_is_answered() {
    let world = World::start().await;
    let deleted = world
        .call(
            "node.delete",
            json!({ "request": { "id": 1 }, "idempotency_key": "delete-node-1", "confirm_token": WORD }),
        )
        .await;
    assert_eq!(deleted["outcome"], "done", "{deleted}");
    let redeploy = "/api/v1/tunnel/batch-redeploy";
    world.sandbox.panel.fault(FaultRule::new(Fault::Unauthorized).on(redeploy).times(5));
    let request = json!({ "request": { "trace_id": deleted["trace_id"] }, "idempotency_key": "undo-delete-1", "confirm_token": WORD });
    let undone = world.call("ops.undo", request.clone()).await;
    assert_eq!(
        (&undone["ok"], &undone["outcome"], &undone["error"]["kind"]),
        (&false.into(), &"partial".into(), &"partial_failure".into()),
        "{undone}"
    );
    let left = undone["data"]["left"].as_array().unwrap();
    assert_eq!(left[0]["tool"], "tunnel.batch_redeploy", "{undone}");
    assert!(left[0]["request"]["ids"].is_array(), "{undone}");
    let asked = world.asked_at_all();
    assert_eq!(world.call("ops.undo", request).await["outcome"], "replayed");
    assert_eq!(world.asked_at_all(), asked);
}
