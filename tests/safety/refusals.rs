//! A confirmation opens one call: this one, by this caller, for the state that was seen, once and in time. Every other use is
//! refused with a word of its own, before the panel is asked for a change.

use flvx_mcp::{access::AuditSight, store::Decision};
use flvx_panel::spec::Danger;
use serde_json::{Map, Value, json};

use crate::{
    hands::{Counts, World, all_examples, arguments, call, danger, examples, mutations, others, somebody},
    support::{WORD, caller},
    whole::touched,
};

/// A refusal by its key, with a message and a hint that no other refusal has.
fn refused(told: &Value, key: &str) -> bool {
    told["error"]["kind"] == "confirmation_rejected"
        && told["error"]["key"] == key
        && told["outcome"] == "rejected"
        && told["error"]["message"].as_str().is_some_and(|text| !text.is_empty())
        && told["error"]["hint"].as_str().is_some_and(|text| !text.is_empty())
}

async fn refuse_all(world: &World, tool: &'static str, request: &Map<String, Value>, counts: &mut Counts) {
    let place = |told: &Value| format!("{tool} {}: {told}", json!(request));
    let token = world.token(tool, request).await.unwrap();
    let own = world.call(tool, arguments(request, "refused-01", None)).await;
    counts.hold("without a token: confirmation_required", own["error"]["kind"] == "confirmation_required", || {
        place(&own)
    });
    let made_up =
        world.call(tool, arguments(request, "refused-02", Some("cft_0123456789abcdef0123456789abcdef"))).await;
    counts.hold("made up: confirm_unknown", refused(&made_up, "confirm_unknown"), || place(&made_up));
    let mut altered = false;
    for other in others(request) {
        let told = world.call(tool, arguments(&other, "refused-03", Some(&token))).await;
        if told["error"]["kind"] == "invalid_arguments" {
            continue;
        }
        counts.hold("for another request: confirm_altered", refused(&told, "confirm_altered"), || place(&told));
        altered = true;
    }
    if !altered {
        counts.count("requests that have no other form");
    }
    let bob = somebody("bob", AuditSight::All);
    let foreign = call(&world.gateway, &bob, tool, arguments(request, "refused-04", Some(&token))).await;
    counts.hold("by another principal: confirm_foreign", refused(&foreign, "confirm_foreign"), || place(&foreign));
    let (other, example) = another_tool(world, tool);
    let told = world.call(other, arguments(&example, "refused-05", Some(&token))).await;
    counts.hold("for another tool: confirm_altered", refused(&told, "confirm_altered"), || place(&told));
    counts.hold("refusals that asked the panel for no change", world.changes() == 0, || {
        format!("{tool}: {:?}", world.panel().calls())
    });
}

/// Another tool of the same role that needs a token.
fn another_tool(world: &World, tool: &str) -> (&'static str, Map<String, Value>) {
    let role = crate::hands::route(tool).role;
    // Routes between panels are few; of those none other may need a token.
    let usual = |route: &&flvx_panel::spec::Route| {
        route.tool != tool && danger(route, &examples(world, route)[0]) >= Danger::Dangerous
    };
    let found = mutations().find(|route| usual(route) && route.role == role).unwrap();
    (found.tool, examples(world, found).remove(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_use_of_a_confirmation_is_refused_with_a_word_of_its_own() {
    let mut counts = Counts::default();
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        if danger(route, &request) < Danger::Dangerous {
            continue;
        }
        let place = |told: &Value| format!("{} {}: {told}", route.tool, json!(request));
        refuse_all(&world, route.tool, &request, &mut counts).await;

        // The state changes after the preview; a person has said yes before.
        let critical = danger(route, &request) == Danger::Critical;
        let shown = world.preview(route.tool, &request).await;
        let token = shown["data"]["confirm_token"].as_str().unwrap().to_owned();
        let stale = arguments(&request, "refused-06", Some(&token));
        if critical {
            let waits = world.call(route.tool, stale.clone()).await;
            world.decide(&waits, Decision::Approved).await;
        }
        let expired = world.token(route.tool, &request).await.unwrap();
        let targets = shown["data"]["targets"].as_array().cloned().unwrap_or_default();
        match targets.iter().find(|target| !target["key"].is_null() || !target["current"].is_null()) {
            None => counts.count("changes of nothing that is there: nothing to go stale"),
            Some(target) => {
                assert!(touched(&mut world.panel().state(), target["kind"].as_str().unwrap()), "{target}");
                let told = world.call(route.tool, stale).await;
                counts.hold("after a change of the target: confirm_stale", refused(&told, "confirm_stale"), || {
                    place(&told)
                });
            }
        }
        world.sql("UPDATE confirmation SET expires_ms = 1 WHERE used_ms IS NULL");
        let told = world.call(route.tool, arguments(&request, "refused-07", Some(&expired))).await;
        counts.hold("after its time: confirm_expired", refused(&told, "confirm_expired"), || place(&told));
        counts.hold("refusals that asked the panel for no change", world.changes() == 0, || place(&told));

        // Used once with its key, then with another one.
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        let token = world.token(route.tool, &request).await.unwrap();
        let first = arguments(&request, "used-0001", Some(&token));
        let mut told = world.call(route.tool, first.clone()).await;
        if critical {
            world.decide(&told, Decision::Approved).await;
            told = world.call(route.tool, first).await;
        }
        assert!(matches!(told["outcome"].as_str(), Some("done" | "partial")), "{}: {told}", route.tool);
        let asked = world.changes();
        let told = world.call(route.tool, arguments(&request, "used-0002", Some(&token))).await;
        counts.hold("a second time: confirm_used", refused(&told, "confirm_used") && world.changes() == asked, || {
            place(&told)
        });
    }
    counts.tell("wrong uses of confirmations:");
    assert!(counts.of("a second time: confirm_used") >= 30);
}

#[tokio::test]
async fn a_preview_of_what_is_not_there_gives_no_token_and_does_not_speak_of_one() {
    let world = World::fresh().await;
    let mut seen = 0;
    for route in mutations() {
        let request = Map::from_iter([("id".to_owned(), json!(987_654))]);
        let shown = world.preview(route.tool, &request).await;
        if !shown["warnings"].to_string().contains("nothing that the call is about is there") {
            continue;
        }
        seen += 1;
        assert!(shown["data"].get("confirm_token").is_none(), "{}: {shown}", route.tool);
        let needs = shown["data"]["needs"].as_str().unwrap();
        assert!(needs.contains("which this preview does not give") && !needs.contains("this confirm_token"), "{shown}");
    }
    println!("{seen} tools were previewed for an id that is not there");
    assert!(seen >= 8, "{seen}");
}

#[tokio::test]
async fn a_refusal_by_a_person_holds_and_nothing_is_sent() {
    let mut counts = Counts::default();
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        if danger(route, &request) != Danger::Critical {
            continue;
        }
        let token = world.token(route.tool, &request).await.unwrap();
        let whole_call = arguments(&request, "denied-0001", Some(&token));
        let told = world.call(route.tool, whole_call.clone()).await;
        world.decide(&told, Decision::Denied).await;
        let told = world.call(route.tool, whole_call).await;
        let denied =
            told["error"]["kind"] == "approval_denied" && told["outcome"] == "rejected" && world.changes() == 0;
        counts.hold("critical calls that a person refused", denied, || format!("{}: {told}", route.tool));
    }
    counts.tell("refusals by a person:");
    assert!(counts.of("critical calls that a person refused") >= 5);
}

#[tokio::test]
async fn the_operators_word_opens_every_gated_call_and_is_recorded_as_such() {
    let mut counts = Counts::default();
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        if danger(route, &request) < Danger::Dangerous {
            continue;
        }
        let told = world.call(route.tool, arguments(&request, "word-0001", Some(WORD))).await;
        let ran = matches!(told["outcome"].as_str(), Some("done" | "partial"));
        counts.hold("calls that the operator's word opened", ran, || format!("{}: {told}", route.tool));
        world.gateway.audit().flush().await;
        let search = json!({ "request": { "trace_id": told["trace_id"] } });
        let records = call(&world.gateway, &caller(), "ops.audit_search", search).await;
        let word = records.to_string().contains(r#""kind":"operator_word""#) && !records.to_string().contains(WORD);
        counts.hold("records that say so", word, || format!("{}: {records}", route.tool));
    }
    counts.tell("the operator's word:");
    assert!(counts.of("records that say so") >= 30);
}
