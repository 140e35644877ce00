//! Which reads a change costs, and what happens when one fails.

use flvx_mcp::recipes::{Recipe, RecipeError};
use flvx_panel::{generated::ROUTES, spec::Danger};
use flvx_sandbox::{Fault, FaultRule};
use serde_json::json;

use crate::world::{World, examples, mutations, object, recipe, route};

#[test]
fn the_recipes_of_every_route_can_be_read() {
    for route in ROUTES {
        let recipe = Recipe::of(route).unwrap_or_else(|error| panic!("{error}"));
        let change = route.danger >= Danger::Write;
        assert_eq!(recipe.verify.is_some(), change, "{}", route.tool);
        assert!(std::ptr::eq(recipe, Recipe::of(route).unwrap()), "{} is parsed twice", route.tool);
    }
}

#[tokio::test]
async fn routes_whose_recipes_need_no_state_read_nothing_before() {
    let mut without = Vec::new();
    for route in mutations() {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(0);
        world.before(route, &request).await.unwrap();
        let calls: u64 = world.panel.panel.calls().values().sum();
        assert!(calls <= 2, "{} reads {calls} times", route.tool);
        if calls == 0 {
            without.push(route.tool);
        }
    }
    println!("{} of {} mutations read nothing before: {without:?}", without.len(), mutations().count());
    for tool in ["backup.import", "auth.captcha_verify", "federation.runtime_command", "federation.tunnel_create"] {
        assert!(without.contains(&tool), "{tool}");
    }
    assert!(!without.contains(&"user.update") && !without.contains(&"forward.create"));
}

#[tokio::test]
async fn a_read_that_fails_stops_the_change_before_it_is_sent() {
    let (mut stopped, mut without) = (0, 0);
    for route in mutations() {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(0);
        let read = recipe(route).target.as_ref().or_else(|| recipe(route).verify.as_ref()?.read.as_deref());
        let Some(read) = read.map(|read| crate::world::route(&read.read)) else {
            without += 1;
            continue;
        };
        world.panel.panel.fault(FaultRule { status: 500, ..FaultRule::new(Fault::Status).on(read.path).times(9) });
        match world.before(route, &request).await {
            Err(RecipeError::Read { tool, .. }) => {
                assert_eq!(tool, read.tool);
                stopped += 1;
            }
            Err(other) => panic!("{}: {other}", route.tool),
            Ok(_) => {
                assert!(!world.panel.panel.calls().contains_key(read.path), "{} went on", route.tool);
                without += 1;
            }
        }
    }
    println!("{stopped} changes stopped by a failing read, {without} need none");
    assert_eq!(stopped + without, mutations().count());
    assert!(stopped > 50, "{stopped}");
}

#[tokio::test]
async fn a_read_that_fails_afterwards_leaves_the_proof_open() {
    let mut open = 0;
    for route in mutations().filter(|route| crate::world::impossible(route).is_none()) {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(0);
        let before = world.before(route, &request).await.unwrap();
        let mut sent = request.clone();
        world.merge(route, &mut sent, &before).await.unwrap();
        let answer = world.call(route, &sent).await.unwrap();
        let read = recipe(route).verify.as_ref().unwrap().read.as_deref().or(recipe(route).target.as_ref()).unwrap();
        let read = crate::world::route(&read.read);
        world.panel.panel.fault(FaultRule::new(Fault::Database).on(read.path).times(9));
        let verified = world.verify(route, &sent, &before, Some(&answer)).await;
        assert_eq!((verified.verified, verified.new_id), (None, None), "{}", route.tool);
        assert_eq!(
            verified.warnings,
            [format!(
                "the change could not be read back: reading {} failed: the panel refused with code -2",
                read.tool
            )]
        );
        open += 1;
    }
    println!("{open} proofs left open");
    assert!(open > 30, "{open}");
}

#[tokio::test]
async fn half_an_answer_is_an_error_and_not_an_empty_list() {
    let world = World::fresh().await;
    world.panel.panel.fault(FaultRule::new(Fault::HalfJson).on("/api/v1/user/list").times(9));
    let error = world.before(route("user.delete"), &object(json!({"id": 4}))).await.unwrap_err();
    assert!(matches!(error, RecipeError::Read { tool: "user.list", .. }), "{error:?}");
    let world = World::fresh().await;
    world.panel.panel.fault(FaultRule::new(Fault::Huge).on("/api/v1/user/list"));
    let error = world.before(route("user.delete"), &object(json!({"id": 4}))).await.unwrap_err();
    assert!(matches!(error, RecipeError::Shape { tool: "user.list", .. }), "{error:?}");
}
