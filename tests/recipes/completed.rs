//! Updates that would reset what is left out keep it.

use std::collections::BTreeMap;

use flvx_mcp::recipes::RecipeError;
use flvx_panel::spec::{Field, Kind, Route};
use serde_json::{Map, Value, json};

use crate::world::{World, examples, mutations, object, recipe, route};

fn merging() -> impl Iterator<Item = &'static Route> {
    mutations().filter(|route| recipe(route).merge.is_some())
}

/// Everything that the panel stores, by table, as its own backup and lists show it.
async fn stored(world: &World) -> BTreeMap<String, Value> {
    let mut tables = BTreeMap::new();
    let types = [
        "users",
        "nodes",
        "tunnels",
        "forwards",
        "userTunnels",
        "speedLimits",
        "tunnelGroups",
        "userGroups",
        "permissions",
        "configs",
    ];
    let backup = world.read("backup.export", json!({"types": types})).await;
    for name in types {
        tables.insert(name.to_owned(), backup[name].clone());
    }
    for tool in ["announcement.get", "federation.share_list", "tunnel.list"] {
        tables.insert(tool.to_owned(), world.read(tool, json!({})).await);
    }
    tables
}

/// Every value that differs, by its path, without what a change always touches.
fn changes(path: &str, a: &Value, b: &Value, out: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                if !matches!(key.as_str(), "updatedTime" | "exportedAt") {
                    changes(
                        &format!("{path}.{key}"),
                        a.get(key).unwrap_or(&Value::Null),
                        b.get(key).unwrap_or(&Value::Null),
                        out,
                    );
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                changes(&format!("{path}[{index}]"), a, b, out);
            }
        }
        (a, b) if a == b => {}
        (a, b) => out.push(format!("{path}: {a} -> {b}")),
    }
}

/// A value that is not the stored one and that the field takes.
fn other(field: &Field, stored: &Value) -> Option<Value> {
    let of_enum = field
        .values
        .iter()
        .filter_map(|meaning| serde_json::from_str(meaning.value).ok())
        .find(|value| value != stored);
    match (field.kind, stored) {
        _ if !field.values.is_empty() => of_enum,
        (Kind::Integer, stored) => {
            let value = stored.as_i64().unwrap_or(1);
            let up = field.max.is_none_or(|most| (value + 1) as f64 <= most);
            Some(json!(if up { value + 1 } else { value - 1 }))
        }
        (Kind::Number, stored) => Some(json!(stored.as_f64().unwrap_or(1.0) + 0.5)),
        _ => None,
    }
}

/// Only what identifies the target and is required, from an example, with the required rest from the row itself.
fn least(route: &'static Route, example: &Map<String, Value>) -> Map<String, Value> {
    example
        .iter()
        .filter(|(key, _)| route.request.fields.iter().any(|field| field.required && field.name == **key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[tokio::test]
async fn an_update_with_only_its_required_keys_changes_nothing_that_is_stored() {
    let (mut updates, mut kept) = (0, 0);
    for route in merging() {
        let world = World::fresh().await;
        let mut request = least(route, &examples(&world, route)[0]);
        if route.tool == "user.update" {
            // The name is required and would be changed by an example's other name.
            let rows = world.read("user.list", json!({})).await;
            let row = rows.as_array().unwrap().iter().find(|row| row["id"] == request["id"]).unwrap();
            request.insert("user".to_owned(), row["user"].clone());
        }
        let before = stored(&world).await;
        let changed = world.change(route, &request).await;
        let mut differences = Vec::new();
        for (name, table) in stored(&world).await {
            changes(&name, &before[&name], &table, &mut differences);
        }
        differences.retain(|difference| !documented(route, difference));
        assert!(
            differences.is_empty(),
            "{} with {request:?} sent {:?} and changed\n{}",
            route.tool,
            changed.sent,
            differences.join("\n")
        );
        updates += 1;
        kept += changed.merged.filled.len();
    }
    println!("{updates} updates kept {kept} fields that were left out");
    assert!(updates >= 9 && kept > 40, "{updates} {kept}");
}

/// What the manifest says is lost all the same.
fn documented(route: &Route, difference: &str) -> bool {
    // The panel makes the rows of a tunnel's nodes anew and chooses ports anew (`merge.unreadable`), and computes `inIp`.
    let anew = ["].port:", "].id:", "inIp:"];
    route.tool == "tunnel.update" && difference.starts_with("tunnel") && anew.iter().any(|path| difference.contains(path))
        // The same tables hold the account's quota once more for each tunnel; user.update overwrites them, as its traps say.
        || route.tool == "user.update" && difference.starts_with("userTunnels")
}

#[tokio::test]
async fn one_changed_field_changes_that_field_and_no_other() {
    let (mut updates, mut fields) = (0, 0);
    for route in merging() {
        let merge = recipe(route).merge.as_ref().unwrap();
        let mut tried = 0;
        for name in merge.fields.keys() {
            let world = World::fresh().await;
            let field = route.request.fields.iter().find(|field| field.name == name).unwrap();
            let mut request = least(route, &examples(&world, route)[0]);
            let before = world.before(route, &request).await.unwrap();
            let row = before.rows()[0].clone();
            if let Some(user) = row.get("user").filter(|_| request.contains_key("user")) {
                request.insert("user".to_owned(), user.clone());
            }
            let value = match (field.kind, name) {
                (Kind::Array, _) => continue,
                // What a text may be differs; these are good for theirs.
                (Kind::String, "port") => json!("12000-12010"),
                (Kind::String, "serverIpV4") => json!("198.51.100.77"),
                (Kind::String, "serverIpV6") => json!("2001:db8::77"),
                (Kind::String, "allowedIps") => json!("192.0.2.5"),
                (Kind::String, "tcpListenAddr" | "udpListenAddr") => json!("127.0.0.1"),
                (Kind::String, _) if field.values.is_empty() => json!("changed-1"),
                // Another tunnel for a limit, one that exists.
                (_, "tunnelId") => json!(2),
                (_, "expTime" | "expiryTime") => json!(2_145_888_000_001_i64),
                (_, "type") => continue,
                _ => other(field, &row[name]).unwrap_or_else(|| panic!("{}.{name}", route.tool)),
            };
            request.insert(name.to_owned(), value.clone());
            let seen = world.preview(route, &request).await;
            let predicted: Vec<_> = seen
                .changes
                .iter()
                .flat_map(|change| &change.fields)
                .filter_map(|change| Some((change.field.as_str(), change.after.clone()?)))
                .collect();
            assert_eq!(predicted, [(name, value.clone())], "{}", route.tool);
            let changed = world.change(route, &request).await;
            assert_eq!(seen.filled, changed.merged.filled, "{}", route.tool);
            let rows = world.before(route, &request).await.unwrap();
            let mut differences = Vec::new();
            changes("row", &row, &rows.rows()[0], &mut differences);
            differences
                .retain(|difference| !difference.contains("inIp:") && !difference.starts_with(&format!("row.{name}:")));
            // Some values are listed under two names.
            let twins = [("serverIp", "row.ip:"), ("tunnelId", "row.tunnelName:"), ("user", "row.name:")];
            differences
                .retain(|difference| !twins.iter().any(|(of, twin)| *of == name && difference.starts_with(twin)));
            assert!(differences.is_empty(), "{} with {request:?} changed\n{}", route.tool, differences.join("\n"));
            let now = &rows.rows()[0][name];
            assert!(
                now == &value || now.as_f64() == value.as_f64() && value.is_number(),
                "{}: {name} is {now}, not {value}",
                route.tool
            );
            assert!(
                changed.verified.verified == Some(true) || !changed.verified.not_compared.is_empty(),
                "{}: {name}: {:?}",
                route.tool,
                changed.verified
            );
            tried += 1;
        }
        updates += 1;
        fields += tried;
    }
    println!("{fields} fields of {updates} updates changed one by one");
    assert!(fields > 35, "{fields}");
}

#[tokio::test]
async fn what_the_caller_gives_is_never_touched() {
    for route in merging() {
        let world = World::fresh().await;
        for request in examples(&world, route) {
            let Ok(before) = world.before(route, &request).await else { panic!("{}", route.tool) };
            let mut sent = request.clone();
            let merged = world.merge(route, &mut sent, &before).await.unwrap();
            for (key, value) in &request {
                assert_eq!(&sent[key], value, "{}: {key}", route.tool);
                assert!(!merged.filled.contains(key), "{}: {key}", route.tool);
            }
            assert_eq!(sent.len(), request.len() + merged.filled.len(), "{}", route.tool);
        }
    }
}

#[tokio::test]
async fn a_target_that_is_not_there_stops_an_incomplete_update_only() {
    let mut stopped = 0;
    for route in merging().filter(|route| !recipe(route).target.as_ref().unwrap().matches.is_empty()) {
        let world = World::fresh().await;
        let mut request = least(route, &examples(&world, route)[0]);
        let id = recipe(route)
            .target
            .as_ref()
            .unwrap()
            .matches
            .iter()
            .next()
            .unwrap()
            .1
            .as_str()
            .unwrap()
            .replace("$request.", "");
        request.insert(id, json!(9999));
        let before = world.before(route, &request).await.unwrap();
        let error = world.merge(route, &mut request.clone(), &before).await.unwrap_err();
        assert!(matches!(&error, RecipeError::NoTarget { key, .. } if key == "id 9999"), "{}: {error}", route.tool);
        stopped += 1;
    }
    println!("{stopped} incomplete updates of nothing stopped");
    assert!(stopped >= 8);
    // With nothing left out there is nothing to keep, and the panel may say what it thinks.
    let world = World::fresh().await;
    let all = object(
        json!({"id": 9999, "flow": 1, "num": 1, "expTime": 1, "flowResetTime": 1, "status": 1, "speedId": null}),
    );
    let update = route("tunnel.user_update");
    let before = world.before(update, &all).await.unwrap();
    assert_eq!(world.merge(update, &mut all.clone(), &before).await.unwrap().filled, Vec::<String>::new());
}

#[tokio::test]
async fn nodes_of_a_tunnel_go_back_in_the_form_that_the_request_takes() {
    let world = World::fresh().await;
    let update = route("tunnel.update");
    let changed = world.change(update, &object(json!({"id": 3, "flow": 2}))).await;
    let form = |name: &str| changed.sent[name].clone();
    for place in form("inNodeId").as_array().unwrap() {
        assert_eq!(place.as_object().unwrap().keys().collect::<Vec<_>>(), ["nodeId"]);
    }
    let hops = form("chainNodes");
    let hop = hops[0][0].as_object().unwrap();
    assert!(hop.contains_key("nodeId") && !hop.contains_key("chainType") && !hop.contains_key("inx"), "{hop:?}");
    assert!(
        changed.merged.warnings.iter().any(|warning| warning.starts_with("`chainNodes[][].port`")),
        "{:?}",
        changed.merged.warnings
    );
    assert_eq!(changed.verified.verified, Some(true), "{:?}", changed.verified);
    // A tunnel without hops and exits loses no ports.
    let changed = world.change(update, &object(json!({"id": 1, "flow": 2}))).await;
    assert_eq!(changed.merged.warnings, Vec::<String>::new());
}

#[tokio::test]
async fn the_interface_of_a_node_is_kept_from_the_backup() {
    let world = World::fresh().await;
    let changed = world.change(route("node.update"), &object(json!({"id": 2, "name": "renamed"}))).await;
    assert!(changed.merged.filled.contains(&"interfaceName".to_owned()));
    assert_eq!(changed.sent["interfaceName"], "eth0");
    assert_eq!(world.panel.panel.state().nodes.nodes.get(2).unwrap().interface_name.as_deref(), Some("eth0"));
}
