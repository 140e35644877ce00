//! A panel that answers code 0 and does nothing is found out.

use flvx_sandbox::{Fault, FaultRule};
use serde_json::json;

use crate::world::{World, examples, impossible, mutations, object, route};

/// An example that keeps all that can be read leaves nothing to be found out; these routes need another request.
fn telling(tool: &str) -> Option<serde_json::Value> {
    let request = match tool {
        "user.change_password" => {
            json!({"newUsername": "root-2", "currentPassword": "admin_user", "newPassword": "fake-pw-2", "confirmPassword": "fake-pw-2"})
        }
        _ => return None,
    };
    Some(request)
}

#[tokio::test]
async fn a_panel_that_says_yes_and_does_nothing_is_disproved_on_every_provable_route() {
    let mut found_out = 0;
    let mut believed = Vec::new();
    for route in mutations().filter(|route| impossible(route).is_none()) {
        let world = World::fresh().await;
        let request = telling(route.tool).map_or_else(|| examples(&world, route).remove(0), object);
        world.panel.panel.fault(FaultRule::new(Fault::Lie).on(route.path));
        let changed = world.change(route, &request).await;
        if changed.verified.verified == Some(false)
            && !changed.verified.differences.is_empty()
            && changed.verified.new_id.is_none()
        {
            found_out += 1;
        } else {
            believed.push(format!("{}: {request:?}\n    {:?}", route.tool, changed.verified));
        }
    }
    println!("{found_out} lies found out");
    assert!(believed.is_empty(), "believed:\n{}", believed.join("\n"));
}

#[tokio::test]
async fn a_lie_about_some_items_shows_in_each() {
    let world = World::fresh().await;
    world.panel.panel.fault(FaultRule::new(Fault::Lie).on("/api/v1/forward/batch-delete"));
    let changed = world.change(route("forward.batch_delete"), &object(json!({"ids": [6, 9]}))).await;
    assert!(changed.verified.items.iter().all(|item| item.state == flvx_mcp::recipes::State::Failed));
    let paths: Vec<_> = changed.verified.differences.iter().map(|difference| difference.path.as_str()).collect();
    assert_eq!(paths, ["[id=6]", "[id=9]"]);
}
