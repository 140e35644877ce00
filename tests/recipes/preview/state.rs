//! The fingerprint: still while counters move, another once a target or what hangs on it changes.

use flvx_sandbox::State;
use serde_json::Value;

use super::all_examples;
use crate::whole::touched;
use crate::world::{World, examples, recipe};

/// What traffic, agents and time do to a panel.
fn moves(state: &mut State) {
    for user in state.users.users.iter_mut() {
        (user.in_flow, user.out_flow, user.updated_time) =
            (user.in_flow + 7, user.out_flow + 9, Some(1_900_000_000_000));
    }
    for forward in state.forwards.forwards.iter_mut() {
        (forward.in_flow, forward.out_flow) = (forward.in_flow + 7, forward.out_flow + 9);
        forward.updated_time = 1_900_000_000_000;
    }
    for permission in state.tunnels.user_tunnels.iter_mut() {
        (permission.in_flow, permission.out_flow) = (permission.in_flow + 7, permission.out_flow + 9);
    }
    for tunnel in state.tunnels.tunnels.iter_mut() {
        tunnel.updated_time = 1_900_000_000_000;
    }
    for node in state.nodes.nodes.iter_mut() {
        (node.status, node.updated_time) = (1 - node.status, Some(1_900_000_000_000));
        node.version = Some("9.9.9".to_owned());
    }
    for share in state.federation.shares.iter_mut() {
        (share.current_flow, share.updated_time) = (share.current_flow + 5, 1_900_000_000_000);
    }
    for runtime in state.federation.runtimes.iter_mut() {
        runtime.updated_time = 1_900_000_000_000;
    }
    for limit in state.limits.limits.iter_mut() {
        limit.updated_time = Some(1_900_000_000_000);
    }
    for group in state.groups.user_groups.iter_mut().chain(state.groups.tunnel_groups.iter_mut()) {
        group.updated_time = 1_900_000_000_000;
    }
}

#[tokio::test]
async fn traffic_does_not_make_a_preview_stale() {
    let mut stable = 0;
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        let seen = world.preview(route, &request).await;
        moves(&mut world.panel.panel.state());
        assert_eq!(seen.fingerprint(), world.fingerprint(route, &request).await, "{} {number}", route.tool);
        stable += 1;
    }
    println!("{stable} fingerprints stayed while counters, versions and states moved");
}

#[tokio::test]
async fn a_changed_target_makes_a_preview_stale() {
    let (mut stale, mut without) = (0, 0);
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        let seen = world.preview(route, &request).await;
        let Some(target) = seen.targets.iter().find(|target| target.key.is_some() || target.current.is_some()) else {
            without += 1;
            continue;
        };
        assert!(touched(&mut world.panel.panel.state(), &target.kind), "{}: {}", route.tool, target.kind);
        assert_ne!(seen.fingerprint(), world.fingerprint(route, &request).await, "{} {number}: {target:?}", route.tool);
        stale += 1;
    }
    println!("{stale} fingerprints changed with their target, {without} examples change nothing that is there");
    assert!(stale > 60, "{stale}");
}

/// Takes a row away; `false` for a read that nobody taught this.
fn taken_away(state: &mut State, tool: &str, rows: Option<&str>, key: i64) -> bool {
    match (tool, rows) {
        ("forward.list", _) | (_, Some("forwards")) => state.forwards.forwards.retain(|row| row.id != key),
        ("tunnel.list" | "tunnel.user_visible", _) => {
            state.tunnels.tunnels.retain(|row| row.id != key);
            state.tunnels.chains.retain(|row| row.tunnel_id != key);
        }
        ("tunnel.user_list", _) | (_, Some("userTunnels")) => state.tunnels.user_tunnels.retain(|row| row.id != key),
        ("node.check_status", _) => state.nodes.nodes.retain(|row| row.id != key),
        ("user.list", _) => state.users.users.retain(|row| row.id != key),
        ("speed_limit.list", _) => state.limits.limits.retain(|row| row.id != key),
        ("group.user_list", _) => state.groups.user_groups.retain(|row| row.id != key),
        ("group.tunnel_list", _) => state.groups.tunnel_groups.retain(|row| row.id != key),
        ("group.permission_list", _) | (_, Some("permissions")) => state.groups.permissions.retain(|row| row.id != key),
        ("federation.share_list", _) => state.federation.shares.retain(|row| row.id != key),
        _ => return false,
    }
    true
}

#[tokio::test]
async fn a_dependant_that_goes_makes_a_preview_stale() {
    let (mut stale, mut volatile) = (0, 0);
    for (route, number) in all_examples().await {
        let sorts = {
            let world = World::fresh().await;
            let request = examples(&world, route).remove(number);
            world.preview(route, &request).await.dependents
        };
        for sort in sorts {
            let world = World::fresh().await;
            let request = examples(&world, route).remove(number);
            let seen = world.preview(route, &request).await;
            let preview = recipe(route).preview.as_ref().unwrap();
            let read = preview.dependents.iter().find(|read| read.label.as_ref() == Some(&sort.label)).unwrap();
            if read.matches.get("status").is_some() && read.read == "node.check_status" {
                volatile += 1;
                continue;
            }
            let key = sort.first[0].key.as_ref().and_then(Value::as_i64).unwrap();
            assert!(
                taken_away(&mut world.panel.panel.state(), &read.read, read.rows.as_deref(), key),
                "{}: {}",
                route.tool,
                read.read
            );
            let now = world.fingerprint(route, &request).await;
            assert_ne!(seen.fingerprint(), now, "{} {number}: {} {key} went", route.tool, sort.label);
            stale += 1;
        }
    }
    println!("{stale} fingerprints changed with what hangs on the target; {volatile} sorts come and go by themselves");
    assert!(stale > 150, "{stale}");
}

#[tokio::test]
async fn a_dependant_that_comes_makes_a_preview_stale() {
    let mut stale = 0;
    for (tool, number) in
        [("tunnel.delete", 0), ("node.delete", 0), ("user.delete", 0), ("tunnel.update", 0), ("user.update", 1)]
    {
        let world = World::fresh().await;
        let route = crate::world::route(tool);
        let request = match tool {
            "node.delete" => examples(&world, route).remove(1),
            _ => examples(&world, route).remove(number),
        };
        let seen = world.preview(route, &request).await;
        {
            let mut state = world.panel.panel.state();
            let copies: Vec<_> = state.forwards.forwards.iter().cloned().collect();
            for mut copy in copies {
                copy.id = 0;
                state.forwards.forwards.insert(copy);
            }
        }
        assert_ne!(seen.fingerprint(), world.fingerprint(route, &request).await, "{tool}");
        stale += 1;
    }
    assert_eq!(stale, 5);
}
