//! Many callers at once, in one process and in two over one state folder: one effect, counted at the panel.

use std::{collections::BTreeMap, sync::Arc};

use flvx_mcp::gateway::Gateway;
use flvx_sandbox::{Fault, FaultRule};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::{
    hands::{World, arguments, call, route},
    support::{caller, object, within},
};

const CALLERS: usize = 64;

/// Calls at once, over the gateways in turn; how often each answer came.
async fn race(gateways: &[Arc<Gateway>], tool: &'static str, calls: Vec<Value>) -> BTreeMap<String, usize> {
    held_race(gateways, tool, calls, None).await
}

/// The same, and the panel holds what reaches it until all others have their answer.
async fn held_race(
    gateways: &[Arc<Gateway>],
    tool: &'static str,
    calls: Vec<Value>,
    panel: Option<&flvx_sandbox::Panel>,
) -> BTreeMap<String, usize> {
    let mut running = JoinSet::new();
    for (number, arguments) in calls.into_iter().enumerate() {
        let gateway = Arc::clone(&gateways[number % gateways.len()]);
        running.spawn(async move { call(&gateway, &caller(), tool, arguments).await });
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(answer) = within(60, "the race", running.join_next()).await {
        let answer = answer.unwrap();
        if let Some(panel) = panel.filter(|_| running.len() == 1) {
            within(60, "the call that won", panel.until_held()).await;
            panel.release();
        }
        let word = answer["error"]["key"].as_str().or(answer["error"]["kind"].as_str()).or(answer["outcome"].as_str());
        *told.entry(word.unwrap().to_owned()).or_default() += 1;
    }
    told
}

/// One or two gateways over one state.
fn gateways(world: &World, number: usize) -> Vec<Arc<Gateway>> {
    (1..number).map(|_| world.second()).chain([Arc::clone(&world.gateway)]).collect()
}

fn delete_node() -> (&'static str, Map<String, Value>) {
    ("node.delete", object(json!({ "id": 4 })))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_has_one_effect_for_sixty_four_callers() {
    for processes in [1, 2] {
        let world = World::fresh().await;
        let path = route("user.create").path;
        world.panel().fault(FaultRule::new(Fault::Latency).on(path).ms(150));
        let request = object(json!({ "user": "zoe", "pwd": "fake-pw-zoe" }));
        let calls = (0..CALLERS).map(|_| arguments(&request, "race-0001", None)).collect();
        let told = race(&gateways(&world, processes), "user.create", calls).await;
        println!("one key, {CALLERS} callers, {processes} gateways: {told:?}, {} effects", world.asked(path));
        assert_eq!((told["done"], world.asked(path)), (1, 1));
        let others = told.get("replayed").unwrap_or(&0) + told.get("in_progress").unwrap_or(&0);
        assert_eq!(others, CALLERS - 1, "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_has_one_effect_for_sixty_four_keys() {
    for processes in [1, 2] {
        let world = World::fresh().await;
        let (tool, request) = delete_node();
        let path = route(tool).path;
        world.panel().fault(FaultRule::new(Fault::HoldBefore).on(path));
        let token = world.token(tool, &request).await;
        let calls =
            (0..CALLERS).map(|number| arguments(&request, &format!("race-{number:04}"), token.as_deref())).collect();
        let told = held_race(&gateways(&world, processes), tool, calls, Some(world.panel())).await;
        println!("one token, {CALLERS} keys, {processes} gateways: {told:?}, {} effects", world.asked(path));
        assert_eq!(world.asked(path), 1);
        assert_eq!(told, BTreeMap::from([("confirm_used".to_owned(), CALLERS - 1), ("done".to_owned(), 1)]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_change_is_taken_back_once_by_sixty_four_callers() {
    for processes in [1, 2] {
        for one_key in [true, false] {
            let world = World::fresh().await;
            let path = route("announcement.update").path;
            let made = world
                .apply("announcement.update", &object(json!({ "content": "hello", "enabled": 1 })), "made-0001")
                .await;
            assert_eq!(made["outcome"], "done", "{made}");
            world.panel().fault(FaultRule::new(Fault::Latency).on(path).ms(150));
            let request = object(json!({ "trace_id": made["trace_id"] }));
            let key = |number: usize| if one_key { "undo-0001".to_owned() } else { format!("undo-{number:04}") };
            let calls = (0..CALLERS).map(|number| arguments(&request, &key(number), None)).collect();
            let told = race(&gateways(&world, processes), "ops.undo", calls).await;
            let keys = if one_key { "one key" } else { "64 keys" };
            println!(
                "one undo, {CALLERS} callers, {keys}, {processes} gateways: {told:?}, {} effects",
                world.asked(path) - 1
            );
            assert_eq!((told["done"], world.asked(path)), (1, 2));
            let of = |word: &str| told.get(word).copied().unwrap_or(0);
            if one_key {
                assert_eq!(of("replayed") + of("in_progress"), CALLERS - 1, "{told:?}");
            } else {
                assert_eq!(of("replayed"), 0, "{told:?}");
            }
        }
    }
}
