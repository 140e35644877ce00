//! Every mutation's first example is carried out and read back.

use flvx_mcp::recipes::{self, State};
use flvx_panel::client::Credential;
use serde_json::{Map, Value, json};

use crate::world::{World, examples, impossible, mutations, object, route};

#[tokio::test]
async fn the_first_example_of_every_mutation_is_proven_or_said_to_be_unprovable() {
    let (mut proven, mut unprovable, mut unseen) = (0, 0, Vec::new());
    let mut wrong = Vec::new();
    for route in mutations() {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(0);
        let changed = world.change(route, &request).await;
        let verified = &changed.verified;
        match (impossible(route), verified.verified) {
            (Some(reason), None) if verified.warnings.iter().any(|warning| warning.ends_with(reason)) => {
                unprovable += 1
            }
            (None, Some(true)) => proven += 1,
            (None, None) if verified.warnings.iter().any(|warning| warning.contains("was so before already")) => {
                unseen.push(route.tool)
            }
            _ => wrong.push(format!("{}: {request:?}\n    {verified:?}", route.tool)),
        }
    }
    println!(
        "{proven} mutations proven, {unprovable} unprovable by the manifest, {} change only what cannot be read: {unseen:?}",
        unseen.len()
    );
    assert!(wrong.is_empty(), "not proven:\n{}", wrong.join("\n"));
    // The example sets a password and keeps the name, and no read shows a password.
    assert_eq!(unseen, ["user.change_password"]);
}

#[tokio::test]
async fn a_changed_name_proves_a_password_change_as_far_as_it_can_be_read() {
    let world = World::fresh().await;
    let request = json!({
        "newUsername": "root-2", "currentPassword": "admin_user", "newPassword": "fake-pw-2", "confirmPassword": "fake-pw-2",
    });
    let changed = world.change(route("user.change_password"), &object(request)).await;
    assert_eq!(changed.verified.verified, Some(true));
    assert_eq!(changed.verified.not_compared, ["currentPassword", "newPassword", "confirmPassword"]);
}

#[tokio::test]
async fn every_succeeding_example_runs_and_a_false_proof_names_what_differs() {
    let (mut run, mut disproved, mut open) = (0, Vec::new(), Vec::new());
    for route in mutations() {
        let count = examples(&World::fresh().await, route).len();
        for number in 0..count {
            let world = World::fresh().await;
            let request = examples(&world, route).remove(number);
            let before = world.before(route, &request).await.unwrap();
            let mut sent = request.clone();
            world.merge(route, &mut sent, &before).await.unwrap();
            let answer = world.call(route, &sent).await.unwrap();
            let verified = world.verify(route, &sent, &before, Some(&answer)).await;
            run += 1;
            let name = format!("{} {number}", route.tool);
            match verified.verified {
                Some(true) => assert!(verified.differences.is_empty(), "{name}: {verified:?}"),
                Some(false) => {
                    // Such examples show what the panel does about an id that does not exist.
                    assert!(!verified.differences.is_empty(), "{name}: {verified:?}");
                    let nobody = verified.differences.iter().all(|difference| difference.path == "[id=9999]");
                    assert!(nobody, "{name}: {verified:?}");
                    disproved.push(name);
                }
                None => {
                    assert!(!verified.warnings.is_empty(), "{name}: {verified:?}");
                    if impossible(route).is_none() {
                        open.push(name);
                    }
                }
            }
        }
    }
    println!("{run} examples run; disproved {disproved:?}; not to be told {open:?}");
}

#[tokio::test]
async fn batches_tell_the_state_of_each_item() {
    let world = World::fresh().await;
    let changed = world.change(route("forward.batch_delete"), &object(json!({"ids": [6, 9999]}))).await;
    let states: Vec<_> = changed.verified.items.iter().map(|item| (item.key.clone(), item.state)).collect();
    assert_eq!(states, [(json!(6), State::Done), (json!(9999), State::Unknown)]);
    assert_eq!(changed.verified.verified, None, "{:?}", changed.verified);

    let changed = world.change(route("forward.batch_pause"), &object(json!({"ids": [8, 9999]}))).await;
    let states: Vec<_> = changed.verified.items.iter().map(|item| (item.key.clone(), item.state)).collect();
    assert_eq!(states, [(json!(8), State::Done), (json!(9999), State::Failed)]);
    assert_eq!(changed.verified.verified, Some(false));
    assert_eq!(changed.verified.differences[0].path, "[id=9999]");
}

#[tokio::test]
async fn an_ordinary_account_proves_changes_of_its_own_forwards() {
    let world = World::fresh().await;
    let credential = Credential::Token(world.panel.panel.token("zhangwei").unwrap().into());
    let rows = world.client.call(route("forward.list"), &credential, &Map::new(), None).await.unwrap();
    let rows: Value = serde_json::from_str(rows.data_text()).unwrap();
    let own = rows[0]["id"].clone();
    let create = json!({"name": "mine", "tunnelId": rows[0]["tunnelId"], "remoteAddr": "192.0.2.8:80"});
    for (tool, request) in [
        ("forward.create", create),
        ("forward.update", json!({"id": own, "name": "renamed"})),
        ("forward.pause", json!({"id": own})),
        ("forward.delete", json!({"id": own})),
    ] {
        let (route, request) = (route(tool), object(request));
        let before = recipes::before(&world.client, &credential, route, &request).await.unwrap();
        world.client.call(route, &credential, &request, None).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
        let verified = recipes::verify(&world.client, &credential, route, &request, &before, None).await;
        assert_eq!(verified.verified, Some(true), "{tool}: {verified:?}");
        assert_eq!(verified.new_id.is_some(), tool == "forward.create");
    }
}

#[tokio::test]
async fn items_of_an_order_are_held_against_their_own_row() {
    let world = World::fresh().await;
    let request = json!({"nodes": [{"id": 4, "inx": 7}, {"id": 1, "inx": 9}]});
    let changed = world.change(route("node.update_order"), &object(request)).await;
    assert_eq!(changed.verified.verified, Some(true), "{:?}", changed.verified);
    // The same rows, held against the other order.
    let swapped = object(json!({"nodes": [{"id": 4, "inx": 9}, {"id": 1, "inx": 7}]}));
    let verified = world.verify(route("node.update_order"), &swapped, &changed.before, None).await;
    let paths: Vec<_> = verified.differences.iter().map(|difference| difference.path.as_str()).collect();
    assert_eq!((verified.verified, paths), (Some(false), vec!["[id=4].inx", "[id=1].inx"]));
}

#[tokio::test]
async fn deleting_what_is_not_there_proves_nothing() {
    for tool in ["node.delete", "tunnel.delete", "group.user_delete", "speed_limit.delete"] {
        let world = World::fresh().await;
        let changed = world.change(route(tool), &object(json!({"id": 9999}))).await;
        assert_eq!(changed.verified.verified, None, "{tool}");
        assert!(changed.verified.warnings[0].contains("before the call"), "{tool}: {:?}", changed.verified);
    }
}

#[tokio::test]
async fn a_changed_port_of_an_exit_is_not_claimed_to_be_proven() {
    let world = World::fresh().await;
    let request = json!({"id": 2, "outNodeId": [{"nodeId": 2, "port": 21007, "protocol": "tls", "strategy": "round"}]});
    let changed = world.change(route("tunnel.update"), &object(request)).await;
    assert_eq!(changed.verified.verified, None, "{:?}", changed.verified);
    assert_eq!(changed.verified.not_compared, ["outNodeId[].port"]);
}

#[tokio::test]
async fn settings_of_any_name_are_read_back() {
    let world = World::fresh().await;
    let changed = world.change(route("config.update"), &object(json!({"my_own_setting": "x", " padded ": "y"}))).await;
    assert_eq!(changed.verified.verified, Some(true), "{:?}", changed.verified);
    let other = object(json!({"my_own_setting": "z"}));
    let verified = world.verify(route("config.update"), &other, &changed.before, None).await;
    assert_eq!(verified.differences[0].path, "my_own_setting");
    assert_eq!((&verified.differences[0].expected, &verified.differences[0].found), (&json!("z"), &json!("x")));
}

#[tokio::test]
async fn a_setting_that_does_not_exist_yet_is_made_and_proven() {
    let world = World::fresh().await;
    let request = object(json!({"name": "brand_new", "value": "x"}));
    let changed = world.change(route("config.update_single"), &request).await;
    assert!(changed.before.rows().is_empty());
    assert_eq!(changed.verified.verified, Some(true), "{:?}", changed.verified);
}
