//! Secrets do not leave the recipes: not in what is printed for debugging, not in warnings, not in differences.

use flvx_sandbox::{Fault, FaultRule};
use serde_json::json;

use crate::world::{World, examples, mutations, object, route};

#[tokio::test]
async fn nothing_that_the_recipes_say_holds_a_secret() {
    let mut looked_at = 0;
    for route in mutations() {
        for lie in [false, true] {
            let world = World::fresh().await;
            let request = examples(&world, route).remove(0);
            if lie {
                world.panel.panel.fault(FaultRule::new(Fault::Lie).on(route.path));
            }
            let Ok(before) = world.before(route, &request).await else { panic!("{}", route.tool) };
            let mut sent = request.clone();
            let merged = world.merge(route, &mut sent, &before).await.unwrap();
            let _ = world.call(route, &sent).await;
            let verified = world.verify(route, &sent, &before, None).await;
            let said = format!("{before:?} {merged:?} {verified:?} {}", serde_json::to_string(&verified).unwrap());
            let state = world.panel.panel.state();
            let of_nodes = state.nodes.nodes.iter().map(|node| node.secret.clone());
            let of_shares = state.federation.shares.iter().map(|share| share.token.clone());
            let given = route
                .request
                .fields
                .iter()
                .filter(|field| field.secret)
                .filter_map(|field| request.get(field.name)?.as_str());
            let secrets = of_nodes.chain(of_shares).chain(given.filter(|text| text.len() > 3).map(str::to_owned));
            for secret in secrets.chain(["0x4AAAAAAA-fake-turnstile-secret-0000".to_owned()]) {
                // The first account's password is its name, which is no secret.
                assert!(secret == "admin_user" || !said.contains(&secret), "{} says {secret}: {said}", route.tool);
                looked_at += 1;
            }
        }
    }
    println!("{looked_at} secrets looked for");
    assert!(looked_at > 100);
}

#[tokio::test]
async fn a_secret_that_was_not_stored_is_disproved_without_being_told() {
    for (tool, request, path) in [
        ("config.update", json!({"cloudflare_secret_key": "s3cret-of-mine"}), "cloudflare_secret_key"),
        ("config.update_single", json!({"name": "cloudflare_secret_key", "value": "s3cret-of-mine"}), "value"),
    ] {
        let world = World::fresh().await;
        let route = route(tool);
        world.panel.panel.fault(FaultRule::new(Fault::Lie).on(route.path));
        let verified = world.change(route, &object(request)).await.verified;
        assert_eq!(verified.verified, Some(false), "{tool}");
        let difference = &verified.differences[0];
        assert_eq!(
            (difference.path.as_str(), &difference.expected, &difference.found),
            (path, &json!("[redacted]"), &json!("[redacted]"))
        );
        assert!(!format!("{verified:?}").contains("s3cret"));
    }
}
