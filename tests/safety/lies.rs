//! A panel that answers success and does nothing is found out, and what follows is told as it is.

use flvx_sandbox::{Fault, FaultRule};
use serde_json::{Map, Value, json};

use crate::{
    hands::{Counts, World, examples, mutations},
    support::object,
    whole::{differences, whole},
};

/// An example that keeps all that can be read leaves nothing to be found out; this route needs another request.
fn telling(world: &World, tool: &str) -> Map<String, Value> {
    match tool {
        "user.change_password" => object(
            json!({"newUsername": "root-2", "currentPassword": "admin_user", "newPassword": "fake-pw-2", "confirmPassword": "fake-pw-2"}),
        ),
        _ => examples(world, crate::hands::route(tool)).remove(0),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_that_lies_is_found_out_and_the_undo_of_nothing_changes_nothing_it_does_not_say() {
    let mut counts = Counts::default();
    for route in mutations() {
        let entry: Value = serde_json::from_str(route.entry).unwrap();
        let world = World::fresh().await;
        let request = telling(&world, route.tool);
        let start = whole(world.panel());
        world.panel().fault(FaultRule::new(Fault::Lie).on(route.path));
        let told = world.apply(route.tool, &request, "lie-0001").await;
        let place = || format!("{}: {told}", route.tool);
        if !entry["verify"]["impossible"].is_null() {
            let honest = told["verified"].is_null() && told["warnings"].as_array().is_some_and(|all| !all.is_empty());
            counts.hold("changes that cannot be read back, and say so", honest, place);
            continue;
        }
        let found = told["ok"] == false
            && told["verified"] == false
            && told["differences"].as_array().is_some_and(|all| !all.is_empty());
        counts.hold(
            "lies that were found out",
            found && matches!(told["error"]["kind"].as_str(), Some("not_verified" | "partial_failure")),
            place,
        );
        let undone = world.undo_or_reason(&told["trace_id"]).await;
        let left = differences(&start, &whole(world.panel()));
        match undone["error"]["kind"].as_str() {
            Some("no_inverse") => counts
                .hold("undos of nothing that were refused", left.is_empty(), || format!("{}: {left:?}", route.tool)),
            _ if left.is_empty() => counts.count("undos of nothing that left everything as it was"),
            _ => {
                // Putting back what never went away cannot be a change that nobody was told of.
                let said = undone["ok"] == false || !undone["warnings"].as_array().is_none_or(Vec::is_empty);
                counts.hold("undos of nothing that changed something and said so", said, || {
                    format!("{}: {undone}\n  {}", route.tool, left.join("\n  "))
                });
            }
        }
    }
    counts.tell("lies:");
    assert!(counts.of("lies that were found out") >= 40);
}

impl World {
    async fn undo_or_reason(&self, trace_id: &Value) -> Value {
        let shown = self.preview("ops.undo", &object(json!({ "trace_id": trace_id }))).await;
        if shown["ok"] != true
            || shown["data"]["needs"].as_str().unwrap().contains("confirm_token")
                && shown["data"]["confirm_token"].is_null()
        {
            return shown;
        }
        self.undo(trace_id, "undo-lie-0001").await
    }
}

#[tokio::test]
async fn an_undo_that_the_panel_only_pretends_leaves_the_change_to_be_taken_back() {
    let world = World::fresh().await;
    let path = crate::hands::route("announcement.update").path;
    let made =
        world.apply("announcement.update", &object(json!({ "content": "hello", "enabled": 1 })), "made-0001").await;
    world.panel().fault(FaultRule::new(Fault::Lie).on(path));
    let lied = world.undo(&made["trace_id"], "undo-0001").await;
    assert_eq!(
        (&lied["ok"], &lied["verified"], &lied["error"]["kind"]),
        (&false.into(), &false.into(), &"not_verified".into()),
        "{lied}"
    );
    assert!(world.history(&made["trace_id"]).await["undone_by"].is_null());
    let done = world.undo(&made["trace_id"], "undo-0002").await;
    assert_eq!((&done["outcome"], &done["verified"]), (&"done".into(), &true.into()), "{done}");
    assert_eq!(world.history(&made["trace_id"]).await["undone_by"], done["trace_id"]);
}
