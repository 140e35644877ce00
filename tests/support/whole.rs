//! The whole stand-in panel, its nodes included, as one flat map that can be compared field by field; and a change of any
//! thing in it, behind the gateway's back.

// Programs of their own use their own part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;

use flvx_sandbox::{Panel, State, agents};
use serde_json::{Value, json};

/// Names under which rows of a table are compared, where their id is drawn anew and seen by nobody.
const NAMELESS: [(&str, &[&str]); 3] = [
    ("groups.user_members", &["group_id", "member_id"]),
    ("groups.tunnel_members", &["group_id", "member_id"]),
    ("forwards.ports", &["forward_id", "node_id", "port"]),
];

/// What never counts: when a row was changed last.
const TIMES: [&str; 2] = ["updated_time", "time"];

/// Differences that an inverse may leave: tool, start of the path, and the words with which it must have said so.
pub const ANNOUNCED: &[(&str, &str, &str)] = &[
    ("backup.import", "forwards.", "that the import added stay"),
    ("federation.runtime_apply_role", "agents", "its traffic stops"),
    ("federation.runtime_apply_role", "federation.runtimes", "reservation is released too"),
    ("federation.runtime_reserve_port", "agents", "its traffic stops"),
    ("federation.runtime_reserve_port", "federation.runtimes", "that older use is released too"),
    ("forward.batch_change_tunnel", "agents", "stranded on entry nodes"),
    ("group.tunnel_assign", "groups.grants", "Access that the change handed out stays"),
    ("node.batch_upgrade", "nodes.pending_redeploy", "cut once more"),
    ("node.rollback", "nodes.pending_redeploy", "cut once more"),
    ("node.upgrade", "nodes.pending_redeploy", "cut once more"),
    ("tunnel.update", "agents", "ports of hops and exits are chosen anew"),
    ("tunnel.update", "tunnels.chains", "ports of hops and exits are chosen anew"),
    ("user.update", "users.users", "old password"),
    ("user.update", "tunnels.user_tunnels", "Per-tunnel quotas"),
    ("user.update", "groups.grants", "newly joined groups"),
];

/// The panel and its nodes, by path.
pub fn whole(panel: &Panel) -> BTreeMap<String, Value> {
    let state = panel.state();
    let mut flat = BTreeMap::new();
    flatten("", &state.tables(), &mut flat);
    for agent in agents::show(&state).as_array().unwrap() {
        let node = &agent["node"];
        for service in agent["services"].as_array().unwrap() {
            let name = service["name"].as_str().unwrap();
            flat.insert(format!("agents.{node}.{name}"), json!([service["port"], service["paused"]]));
        }
        for kind in ["chains", "limiters"] {
            flat.insert(format!("agents.{node}.{kind}"), agent[kind].clone());
        }
    }
    flat
}

fn flatten(path: &str, value: &Value, flat: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                if !TIMES.contains(&key.as_str()) {
                    flatten(&format!("{path}{}{key}", if path.is_empty() { "" } else { "." }), value, flat);
                }
            }
        }
        Value::Array(rows) => {
            let nameless = NAMELESS.iter().find(|(table, _)| *table == path);
            for row in rows {
                match nameless {
                    Some((_, keys)) => {
                        let name: Vec<String> = keys.iter().map(|key| row[key].to_string()).collect();
                        flat.insert(format!("{path}[{}]", name.join(",")), json!(true));
                    }
                    None if row.is_object() => flatten(&format!("{path}[{}]", row["id"]), row, flat),
                    None => drop(flat.insert(format!("{path}[{row}]"), json!(true))),
                }
            }
        }
        // What was never set comes back from an export as empty.
        Value::Null => drop(flat.insert(path.to_owned(), json!(""))),
        Value::Number(port) if path.ends_with(".port") && port.as_i64() == Some(0) => {
            flat.insert(path.to_owned(), json!(""));
        }
        plain => drop(flat.insert(path.to_owned(), plain.clone())),
    }
}

pub fn differences(a: &BTreeMap<String, Value>, b: &BTreeMap<String, Value>) -> Vec<String> {
    let changed = a.iter().filter(|(path, value)| b.get(*path) != Some(value));
    let gone = changed
        .map(|(path, value)| format!("{path}: {value} -> {}", b.get(path).map_or("gone".to_owned(), Value::to_string)));
    let new = b.iter().filter(|(path, _)| !a.contains_key(*path)).map(|(path, value)| format!("{path}: new {value}"));
    gone.chain(new).collect()
}

/// Changes a lasting value of every thing of a kind; `false` for a kind that nobody taught this.
pub fn touched(state: &mut State, kind: &str) -> bool {
    match kind {
        "node" => state.nodes.nodes.iter_mut().for_each(|row| row.port.push_str(",7")),
        "tunnel" => state.tunnels.tunnels.iter_mut().for_each(|row| row.traffic_ratio += 1.0),
        "forward" => state.forwards.forwards.iter_mut().for_each(|row| row.remote_addr.push('1')),
        "user" | "own account" => state.users.users.iter_mut().for_each(|row| row.num += 1),
        "permission" => state.tunnels.user_tunnels.iter_mut().for_each(|row| row.num += 1),
        "speed limit" => state.limits.limits.iter_mut().for_each(|row| row.speed += 1),
        "share" => state.federation.shares.iter_mut().for_each(|row| row.max_bandwidth += 1),
        "user group" => state.groups.user_groups.iter_mut().for_each(|row| row.status = 1 - row.status),
        "tunnel group" => state.groups.tunnel_groups.iter_mut().for_each(|row| row.status = 1 - row.status),
        "group permission" => state.groups.user_groups.iter_mut().for_each(|row| row.name.push('x')),
        "settings" => state.configs.set("app_name", "another", 1),
        "setting" => state.configs.set("support_email", "another", 1),
        "announcement" => state.configs.announcements.iter_mut().for_each(|row| row.content.push('x')),
        _ => return false,
    }
    true
}
