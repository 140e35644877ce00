//! New rows are found although the panel tells no id.

use flvx_sandbox::{Fault, FaultRule};
use serde_json::json;

use crate::world::{World, examples, mutations, object, recipe, route};

#[tokio::test]
async fn every_create_finds_the_id_of_its_own_row_also_beside_a_twin() {
    let (mut found, mut refused) = (0, Vec::new());
    for route in mutations().filter(|route| recipe(route).verify.as_ref().is_some_and(|verify| verify.id.is_some())) {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(0);
        let first = world.change(route, &request).await.verified.new_id;
        let first = first.unwrap_or_else(|| panic!("{} found no id", route.tool));
        found += 1;
        // The same call once more: another row with the same words, or a refusal, or nothing new.
        let before = world.before(route, &request).await.unwrap();
        let Ok(answer) = world.call(route, &request).await else {
            refused.push(route.tool);
            continue;
        };
        let second = world.verify(route, &request, &before, Some(&answer)).await;
        assert_eq!(second.verified, Some(true), "{}: {second:?}", route.tool);
        match second.new_id {
            Some(id) => assert!(id.as_i64() > first.as_i64(), "{}: {id} after {first}", route.tool),
            None => {
                assert!(route.idempotent, "{}", route.tool);
                assert!(second.warnings[0].contains("nothing new was made"), "{}: {second:?}", route.tool);
            }
        }
    }
    println!("{found} creates found their id; a twin is refused by {refused:?}");
    assert!(found >= 10, "only {found} creates");
}

#[tokio::test]
async fn the_row_with_the_values_asked_for_is_ours_when_two_are_new() {
    let world = World::fresh().await;
    let forward = route("forward.create");
    let ours = object(
        json!({"name": "twin", "tunnelId": 1, "remoteAddr": "192.0.2.1:80", "inPort": 10501, "strategy": "rand"}),
    );
    let theirs = object(json!({"name": "twin", "tunnelId": 1, "remoteAddr": "192.0.2.1:80", "inPort": 10502}));
    let before = world.before(forward, &ours).await.unwrap();
    world.call(forward, &ours).await.unwrap();
    world.call(forward, &theirs).await.unwrap();
    let verified = world.verify(forward, &ours, &before, None).await;
    let rows = world.read("forward.list", json!({})).await;
    let of_port = |port: i64| rows.as_array().unwrap().iter().find(|row| row["inPort"] == port).unwrap()["id"].clone();
    assert_eq!((verified.verified, verified.new_id), (Some(true), Some(of_port(10501))));
    assert!(verified.warnings.is_empty(), "{:?}", verified.warnings);
}

#[tokio::test]
async fn new_rows_that_cannot_be_told_apart_are_all_named() {
    let world = World::fresh().await;
    let create = route("group.user_create");
    let request = object(json!({"name": "twins", "status": 1}));
    let before = world.before(create, &request).await.unwrap();
    // The panel refuses a second group of the same name unless two calls meet; here they have met.
    for _ in 0..2 {
        let mut state = world.panel.panel.state();
        let group = state.groups.user_groups.get(1).unwrap().clone();
        let id = state.groups.user_groups.insert(group);
        let row = state.groups.user_groups.get_mut(id).unwrap();
        (row.name, row.status) = ("twins".to_owned(), 1);
    }
    let verified = world.verify(create, &request, &before, None).await;
    let newest = world
        .read("group.user_list", json!({}))
        .await
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["id"].as_i64())
        .max()
        .unwrap();
    assert_eq!((verified.verified, verified.new_id.as_ref()), (Some(true), None));
    assert!(verified.after().is_empty(), "one of them would be taken back for the other");
    assert!(verified.warnings[0].contains(&format!("{}, {newest}", newest - 1)), "{:?}", verified.warnings);
}

#[tokio::test]
async fn a_row_that_was_there_before_is_not_taken_for_the_new_one() {
    let world = World::fresh().await;
    let forward = route("forward.create");
    let row = world.read("forward.list", json!({})).await[0].clone();
    let request = object(json!({"name": row["name"], "tunnelId": row["tunnelId"], "remoteAddr": row["remoteAddr"]}));
    world.panel.panel.fault(FaultRule::new(Fault::Lie).on(forward.path));
    let verified = world.change(forward, &request).await.verified;
    assert_eq!((verified.verified, verified.new_id), (Some(false), None));
}
