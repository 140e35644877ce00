//! A panel that breaks off before, after or while it answers, for one change of each domain: the outcome is right each time,
//! and so is what the next call with the same key is told.

use flvx_panel::spec::Cost;
use flvx_sandbox::{Fault, FaultRule};
use serde_json::{Map, Value, json};

use crate::{
    hands::{Counts, World, arguments, examples, mutations, route},
    whole::whole,
};

/// One change of each domain whose effect can be read back, and of a fast route.
fn one_of_each_domain(world: &World) -> Vec<(&'static str, Map<String, Value>)> {
    let mut found: Vec<(&'static str, &'static str, Map<String, Value>)> = Vec::new();
    for route in mutations() {
        let entry: Value = serde_json::from_str(route.entry).unwrap();
        let provable = !entry["verify"].is_null() && entry["verify"]["impossible"].is_null();
        let domain = route.tool.split('.').next().unwrap();
        // The first example of a password change keeps all that can be read.
        let telling = route.tool != "user.change_password";
        if provable && telling && route.cost == Cost::Fast && !found.iter().any(|(known, ..)| *known == domain) {
            found.push((domain, route.tool, examples(world, route).remove(0)));
        }
    }
    found.into_iter().map(|(_, tool, request)| (tool, request)).collect()
}

/// Faults, and whether the work is done all the same.
fn faults(path: &str) -> Vec<(&'static str, FaultRule, bool)> {
    let on = |fault| FaultRule::new(fault).on(path);
    let status = |status| FaultRule { status, ..FaultRule::new(Fault::Status).on(path) };
    vec![
        ("cut off before the work", on(Fault::CutBefore), false),
        ("cut off after the work", on(Fault::Cut), true),
        ("half an answer", on(Fault::HalfJson), true),
        ("an empty answer", on(Fault::Empty), true),
        ("a page instead of an answer", on(Fault::Html), true),
        ("502 of a proxy", status(502), false),
        ("500", status(500), false),
        ("an inner error of the panel", on(Fault::Database), false),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_settled_by_the_next_call_with_the_key() {
    let mut counts = Counts::default();
    let chosen = one_of_each_domain(&World::fresh().await);
    println!("{:?}", chosen.iter().map(|(tool, _)| *tool).collect::<Vec<_>>());
    for (tool, _) in &chosen {
        let path = route(tool).path;
        for (name, rule, works) in faults(path) {
            let world = World::fresh().await;
            let request = examples(&world, route(tool)).remove(0);
            let start = whole(world.panel());
            world.panel().fault(rule);
            let first = world.apply(tool, &request, "fault-0001").await;
            let place = |told: &Value| format!("{tool}, {name}: {told}\n    first: {first}");
            counts.hold("sent once", world.asked(path) == 1, || place(&first));
            counts
                .hold("worked exactly when it should have", (whole(world.panel()) != start) == works, || place(&first));
            let again = arguments(&request, "fault-0001", None);
            if works {
                let done = first["outcome"] == "done" && first["verified"] == true;
                counts.hold("lost answers of work that is done: done, by reading", done, || place(&first));
                let told = world.call(tool, again).await;
                counts.hold("then replayed", told["outcome"] == "replayed" && world.asked(path) == 1, || place(&told));
                continue;
            }
            // Known not to have happened at once (a plain refusal), or not known yet.
            if first["outcome"] == "rejected" {
                counts.count("refused for certain");
                continue;
            }
            counts.hold("lost answers of work that is not done: unknown", first["outcome"] == "unknown", || {
                place(&first)
            });
            // A panel that has answered, with whatever, is not at it any more.
            if first["panel_code"].is_null() {
                let told = world.call(tool, again.clone()).await;
                let waits =
                    told["outcome"] == "unknown" && told["error"]["retry_after_ms"].is_u64() && world.asked(path) == 1;
                counts.hold("asked at once: it may still come", waits, || place(&told));
                world.sql("UPDATE ledger SET sent_ms = sent_ms - 600000");
            }
            let told = world.call(tool, again).await;
            let not =
                told["outcome"] == "rejected" && told["error"]["key"] == "did_not_happen" && world.asked(path) == 1;
            counts.hold("asked later: it did not happen", not, || place(&told));
            let token = world.token(tool, &request).await;
            let told = world.call(tool, arguments(&request, "fault-0001", token.as_deref())).await;
            let free = told["outcome"] == "done" || told["error"]["kind"] == "approval_required";
            counts.hold("and the key is free again", free, || place(&told));
        }
    }
    counts.tell("faults:");
    assert!(chosen.len() >= 8, "{chosen:?}");
}

#[tokio::test]
async fn a_state_that_is_neither_the_old_nor_the_asked_one_frees_no_key_and_can_be_taken_back() {
    let world = World::fresh().await;
    let tool = "speed_limit.update";
    let path = route(tool).path;
    let asked = |speed: i64| {
        crate::support::object(json!({ "id": 2, "name": "trial 20M", "tunnelId": 2, "speed": speed, "status": 1 }))
    };
    let speed = |world: &World| world.panel().state().limits.limits.get(2).unwrap().speed;
    let old = speed(&world);
    world.panel().fault(FaultRule::new(Fault::CutBefore).on(path));
    let first = world.apply(tool, &asked(50), "third-0001").await;
    assert_eq!(first["outcome"], "unknown", "{first}");
    assert_eq!(world.apply(tool, &asked(70), "other-0001").await["outcome"], "done");
    world.sql("UPDATE ledger SET sent_ms = sent_ms - 600000");
    for _ in 0..2 {
        let told = world.call(tool, arguments(&asked(50), "third-0001", None)).await;
        assert_eq!((&told["verified"], &told["error"]["kind"]), (&false.into(), &"not_verified".into()), "{told}");
        assert_eq!(told["differences"][0]["found"], 70, "{told}");
        assert_eq!(world.asked(path), 2, "{told}");
    }
    let back = world.undo(&first["trace_id"], "back-0001").await;
    assert_eq!((&back["outcome"], speed(&world)), (&"done".into(), old), "{back}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reading_cannot_tell_stays_unknown_and_is_never_sent_again() {
    let mut counts = Counts::default();
    for route in mutations() {
        let entry: Value = serde_json::from_str(route.entry).unwrap();
        if entry["verify"]["impossible"].is_null() {
            continue;
        }
        let world = World::fresh().await;
        let request = examples(&world, route).remove(0);
        world.panel().fault(FaultRule::new(Fault::Cut).on(route.path));
        let first = world.apply(route.tool, &request, "lost-0001").await;
        counts.hold("lost answers that reading cannot settle", first["outcome"] == "unknown", || {
            format!("{}: {first}", route.tool)
        });
        world.sql("UPDATE ledger SET settled_ms = 1, sent_ms = 1, started_ms = 1");
        for _ in 0..3 {
            let told = world.call(route.tool, arguments(&request, "lost-0001", None)).await;
            let stays = told["outcome"] == "unknown" && world.asked(route.path) == 1;
            counts.hold("repeats that sent nothing and stayed unknown", stays, || format!("{}: {told}", route.tool));
        }
    }
    counts.tell("unverifiable changes:");
    assert!(counts.of("lost answers that reading cannot settle") > 0);
}

#[tokio::test]
async fn a_repeat_while_the_first_call_runs_is_told_to_come_back() {
    let world = World::fresh().await;
    let path = route("user.create").path;
    world.panel().fault(FaultRule::new(Fault::HoldBefore).on(path).times(1));
    let request = crate::support::object(json!({ "user": "zoe", "pwd": "fake-pw-zoe" }));
    let gateway = std::sync::Arc::clone(&world.gateway);
    let whole_call = arguments(&request, "slow-0001", None);
    let first = tokio::spawn({
        let whole_call = whole_call.clone();
        async move { crate::hands::call(&gateway, &crate::support::caller(), "user.create", whole_call).await }
    });
    crate::support::soon("the first call at the panel", world.panel().until_held()).await;
    let told = world.call("user.create", whole_call.clone()).await;
    assert_eq!(
        (&told["error"]["kind"], &told["error"]["retry_after_ms"]),
        (&"in_progress".into(), &1000.into()),
        "{told}"
    );
    world.panel().release();
    assert_eq!(first.await.unwrap()["outcome"], "done");
    assert_eq!(world.call("user.create", whole_call).await["outcome"], "replayed");
    assert_eq!(world.asked(path), 1);
}
