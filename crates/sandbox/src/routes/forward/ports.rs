//! Entry nodes and ports of forwards: which nodes listen, which ports are taken in the tables, which one is chosen when
//! the caller names none, and how the list shows them.

use std::collections::BTreeSet;

use crate::state::{Forward, ForwardPort, Node, State};

/// Port used when no other can be found.
const FALLBACK_PORT: i64 = 10_000;

/// The entry nodes of a tunnel, in order.
#[must_use]
pub(crate) fn entry_nodes(state: &State, tunnel_id: i64) -> Vec<i64> {
    let mut rows: Vec<_> =
        state.tunnels.chains.iter().filter(|row| row.tunnel_id == tunnel_id && row.chain_type == "1").collect();
    // SQLite sorts NULL before every number
    rows.sort_by_key(|row| (row.inx, row.id));
    rows.iter().map(|row| row.node_id).collect()
}

/// The port rows of a forward.
#[must_use]
pub(crate) fn ports_of(state: &State, forward_id: i64) -> Vec<ForwardPort> {
    state.forwards.ports.iter().filter(|row| row.forward_id == forward_id).cloned().collect()
}

/// Replaces the port rows of a forward.
pub(crate) fn replace_ports(state: &mut State, forward_id: i64, ports: impl IntoIterator<Item = (i64, i64)>) {
    state.forwards.ports.retain(|row| row.forward_id != forward_id);
    for (node_id, port) in ports {
        state.forwards.ports.insert(ForwardPort { id: 0, forward_id, node_id, port });
    }
}

/// Ports of a node that the tables know to be taken; what other panels reserved is not among them.
#[must_use]
pub(crate) fn used_ports(state: &State, node_id: i64) -> BTreeSet<i64> {
    let forwards = state.forwards.ports.iter().filter(|row| row.node_id == node_id).map(|row| row.port);
    let chains = state.tunnels.chains.iter().filter(|row| row.node_id == node_id).filter_map(|row| row.port);
    forwards.chain(chains.filter(|port| *port > 0)).collect()
}

/// The ports of a list such as `443,30000-40000`; `None` when it cannot be read.
#[must_use]
pub(crate) fn parse_ranges(text: &str) -> Option<Vec<i64>> {
    let mut ports = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let bounds: Vec<_> = part.split('-').collect();
        let (start, end) = match bounds.as_slice() {
            [single] => (single.parse().ok()?, single.parse().ok()?),
            [start, end] => (start.trim().parse::<i64>().ok()?, end.trim().parse::<i64>().ok()?),
            _ => return None,
        };
        if start > end {
            return None;
        }
        ports.extend(start..=end);
    }
    Some(ports)
}

/// A port that is free on every entry node of the tunnel, chosen at random as the panel does.
pub(crate) fn pick_port(state: &mut State, tunnel_id: i64) -> i64 {
    let mut common: Option<Vec<i64>> = None;
    for node_id in entry_nodes(state, tunnel_id) {
        let Some(node) = state.nodes.nodes.get(node_id) else { continue };
        let ranges = if node.port.is_empty() { "1000-65535" } else { &node.port };
        let Some(ports) = parse_ranges(ranges) else { continue };
        let used = used_ports(state, node_id);
        let free: BTreeSet<i64> = ports.into_iter().filter(|port| !used.contains(port)).collect();
        common = Some(match common {
            None => free.into_iter().collect(),
            Some(before) => before.into_iter().filter(|port| free.contains(port)).collect(),
        });
    }
    let common = common.unwrap_or_default();
    if common.is_empty() {
        return FALLBACK_PORT;
    }
    let draw = usize::from_str_radix(&state.random_hex(4), 16).unwrap_or(0);
    common.get(draw % common.len()).copied().unwrap_or(FALLBACK_PORT)
}

/// The share's port range that an imported node carries in its cached configuration; (0, 0) when there is none.
fn share_range(node: &Node) -> (i64, i64) {
    let config = node.remote_config.as_deref().unwrap_or_default();
    let config: serde_json::Value = serde_json::from_str(config.trim()).unwrap_or_default();
    let port = |key: &str| config.get(key).and_then(serde_json::Value::as_i64).unwrap_or(0);
    (port("portRangeStart"), port("portRangeEnd"))
}

/// Refuses a port that lies outside the share of an imported entry node. Local nodes check nothing.
///
/// # Errors
/// The panel's text when the port is outside.
pub(crate) fn check_share_range(node: &Node, port: i64) -> Result<(), String> {
    if node.is_remote != 1 || port <= 0 {
        return Ok(());
    }
    let (start, end) = share_range(node);
    if start <= 0 || end <= 0 || (start..=end).contains(&port) {
        return Ok(());
    }
    Err(format!("远程节点端口 {port} 超出允许范围 {start}-{end}"))
}

/// [`check_share_range`] for every entry node of a tunnel.
///
/// # Errors
/// The text of the first entry node that refuses.
pub(crate) fn check_entry_ports(state: &State, tunnel_id: i64, port: i64) -> Result<(), String> {
    entry_nodes(state, tunnel_id)
        .into_iter()
        .filter_map(|id| state.nodes.nodes.get(id))
        .try_for_each(|node| check_share_range(node, port))
}

/// How the list shows where a forward can be reached: `address:port` pairs and the first port, or nothing when it has
/// no port rows. IPv6 addresses are not bracketed.
#[must_use]
pub(crate) fn ingress(state: &State, forward: &Forward) -> (Option<String>, Option<i64>) {
    let rows = ports_of(state, forward.id);
    let Some(first) = rows.first() else { return (None, None) };
    let ports = distinct(rows.iter().map(|row| row.port));
    let in_ip =
        state.tunnels.tunnels.get(forward.tunnel_id).and_then(|tunnel| tunnel.in_ip.as_deref()).unwrap_or_default();
    let pairs: Vec<String> = if in_ip.trim().is_empty() {
        distinct(rows.iter().filter_map(|row| {
            let address = state.nodes.nodes.get(row.node_id)?.server_ip.trim();
            (!address.is_empty()).then(|| format!("{address}:{}", row.port))
        }))
    } else {
        let addresses = distinct(in_ip.split(',').map(str::trim).filter(|ip| !ip.is_empty()));
        addresses.iter().flat_map(|ip| ports.iter().map(move |port| format!("{ip}:{port}"))).collect()
    };
    let joined = pairs.join(",");
    ((!joined.is_empty()).then_some(joined), Some(first.port))
}

fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut out = Vec::new();
    for item in items {
        if !out.contains(&item) {
            out.push(item);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn port_lists_mix_single_ports_and_ranges_and_refuse_what_is_upside_down() {
        assert_eq!(parse_ranges("443, 30000-30002"), Some(vec![443, 30000, 30001, 30002]));
        assert_eq!(parse_ranges("5-3"), None);
        assert_eq!(parse_ranges("1-2-3"), None);
        assert_eq!(parse_ranges("x"), None);
        assert_eq!(parse_ranges(""), Some(vec![]));
    }

    #[test]
    fn only_an_imported_node_with_a_known_range_refuses_a_port() {
        let config = r#"{"portRangeStart":25000,"portRangeEnd":25010}"#;
        let mut node = Node { is_remote: 1, remote_config: Some(config.into()), ..Node::default() };
        assert_eq!(check_share_range(&node, 22), Err("远程节点端口 22 超出允许范围 25000-25010".into()));
        assert_eq!(check_share_range(&node, 25010), Ok(()));
        node.is_remote = 0;
        assert_eq!(check_share_range(&node, 22), Ok(()));
    }
}
