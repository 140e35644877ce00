//! A tunnel as the list shows it: its row, and its nodes sorted into entries, hops and exits. Ports are not shown.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::http::reply::number;
use crate::state::{ChainTunnel, State, Tunnel};

/// All tunnels in the order in which they are shown.
pub(super) fn rows(state: &State) -> Vec<Value> {
    let mut tunnels: Vec<&Tunnel> = state.tunnels.tunnels.iter().collect();
    tunnels.sort_by_key(|tunnel| (tunnel.inx, tunnel.id));
    tunnels.into_iter().map(|tunnel| row(state, tunnel)).collect()
}

/// One tunnel.
pub(super) fn row(state: &State, tunnel: &Tunnel) -> Value {
    let (mut entries, mut exits) = (Vec::new(), Vec::new());
    let mut hops: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    let mut addresses = Vec::new();
    for part in parts(state, tunnel.id) {
        match part.chain_type.as_str() {
            "1" => {
                entries.push(part_view(part, 1));
                let node = state.nodes.nodes.get(part.node_id).filter(|node| !node.server_ip.is_empty());
                addresses.extend(node.map(|node| node.server_ip.as_str()));
            }
            "2" => hops.entry(part.inx.unwrap_or(0)).or_default().push(part_view(part, 2)),
            "3" => exits.push(part_view(part, 3)),
            _ => {}
        }
    }
    // only tunnels with hops get their missing address filled in
    let blank = tunnel.in_ip.as_deref().unwrap_or_default().trim().is_empty();
    let in_ip = if blank && !hops.is_empty() && !addresses.is_empty() {
        Some(addresses.join(","))
    } else {
        tunnel.in_ip.clone()
    };
    json!({
        "chainNodes": hops.into_values().collect::<Vec<_>>(),
        "createdTime": tunnel.created_time,
        "flow": tunnel.flow,
        "id": tunnel.id,
        "inIp": in_ip,
        "inNodeId": entries,
        "inx": tunnel.inx,
        "ipPreference": tunnel.ip_preference,
        "name": tunnel.name,
        "outNodeId": exits,
        "status": tunnel.status,
        "trafficRatio": number(tunnel.traffic_ratio),
        "type": tunnel.kind,
    })
}

/// The rows of a tunnel's nodes, sorted as the panel's queries sort them.
pub(super) fn parts(state: &State, tunnel_id: i64) -> Vec<&ChainTunnel> {
    let mut parts: Vec<_> = state.tunnels.chains.iter().filter(|row| row.tunnel_id == tunnel_id).collect();
    parts.sort_by_key(|part| (&part.chain_type, part.inx, part.id));
    parts
}

fn part_view(part: &ChainTunnel, chain_type: i64) -> Value {
    let mut view = Map::new();
    view.insert("chainType".to_owned(), json!(chain_type));
    view.insert("inx".to_owned(), json!(part.inx.unwrap_or(0)));
    view.insert("nodeId".to_owned(), json!(part.node_id));
    if let Some(protocol) = &part.protocol {
        view.insert("protocol".to_owned(), json!(protocol));
    }
    if let Some(strategy) = &part.strategy {
        view.insert("strategy".to_owned(), json!(strategy));
    }
    Value::Object(view)
}
