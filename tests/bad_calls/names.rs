//! Names that are no tool's, and mistakes so large that explaining them must not cost more than making them.

use serde_json::{Map, Value, json};

use crate::support::{World, caller};

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
    let long = "x".repeat(1_000_000);
    let unknown = world.gateway.call(&caller(), &long, Default::default()).await.unwrap_err();
    assert_eq!(unknown.to_string(), format!("unknown tool `{}`", "x".repeat(128)));
}

#[tokio::test]
async fn a_hundred_thousand_mistakes_are_told_eight_at_a_time() {
    let world = World::start().await;
    let keys: Map<String, Value> = (0..100_000).map(|number| (format!("forwardI{number}"), json!(1))).collect();
    let told = world.call("forward.diagnose", json!({ "request": keys })).await;
    assert_eq!(told["error"]["kind"], "invalid_arguments");
    assert_eq!(told["error"]["message"].as_str().unwrap().matches("unknown key").count(), 8);
    let told =
        world.call("forward.diagnose", json!({ "request": { "forwardId": 1 }, ("x".repeat(1_000_000)): 1 })).await;
    assert!(told["error"]["message"].as_str().unwrap().len() < 2_000, "a mistake is not repeated at full length");
    assert_eq!(world.asked_at_all(), 0);
}
