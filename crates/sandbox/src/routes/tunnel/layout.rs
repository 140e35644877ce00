//! Which nodes a tunnel runs over and on which ports: read from a request or from the stored rows, checked, completed
//! with free ports, and turned back into rows.

use std::collections::BTreeMap;

use serde_json::Value;

use super::view::parts;
use crate::http::Loose;
use crate::routes::forward::ports::{check_share_range, used_ports};
use crate::state::{ChainTunnel, Node, State};

/// One node's part.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) node_id: i64,
    pub(super) protocol: String,
    pub(super) strategy: String,
    /// 0 while none is chosen; entries have none.
    pub(super) port: i64,
    /// The hop's number as it is stored: its place in the request's list, empty hops counted.
    pub(super) inx: i64,
}

/// A tunnel's nodes.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) tunnel_id: i64,
    pub(super) kind: i64,
    pub(super) ip_preference: String,
    pub(super) entries: Vec<Part>,
    pub(super) hops: Vec<Vec<Part>>,
    pub(super) exits: Vec<Part>,
}

impl Layout {
    /// Reads a request. Items without a usable node are passed over, and so are hops without any item.
    pub(super) fn of_request(body: &Loose, tunnel_id: i64) -> Self {
        let hops = body.list("chainNodes").iter().zip(1..).map(|(hop, inx)| items(hop, inx));
        Self {
            tunnel_id,
            kind: body.int("type", 1),
            ip_preference: body.text("ipPreference"),
            entries: items(body.raw("inNodeId"), 0),
            hops: hops.filter(|hop| !hop.is_empty()).collect(),
            exits: items(body.raw("outNodeId"), 0),
        }
    }

    /// Reads the stored rows.
    ///
    /// # Errors
    /// The panel's text when the tunnel or one of its nodes is gone.
    pub(super) fn stored(state: &State, tunnel_id: i64) -> Result<Self, String> {
        let Some(tunnel) = state.tunnels.tunnels.get(tunnel_id) else {
            return Err("隧道不存在".to_owned());
        };
        let (mut entries, mut exits) = (Vec::new(), Vec::new());
        let mut hops: BTreeMap<i64, Vec<Part>> = BTreeMap::new();
        for row in parts(state, tunnel_id) {
            let or = |text: &Option<String>, default: &str| match text.as_deref() {
                Some(text) if !text.trim().is_empty() => text.to_owned(),
                _ => default.to_owned(),
            };
            let part = Part {
                node_id: row.node_id,
                protocol: or(&row.protocol, "tls"),
                strategy: or(&row.strategy, "round"),
                port: row.port.unwrap_or(0),
                inx: row.inx.unwrap_or(0),
            };
            match row.chain_type.as_str() {
                "1" => entries.push(part),
                "2" => hops.entry(part.inx).or_default().push(part),
                "3" => exits.push(part),
                _ => {}
            }
        }
        let hops = hops.into_values().collect();
        let layout =
            Self { tunnel_id, kind: tunnel.kind, ip_preference: tunnel.ip_preference.clone(), entries, hops, exits };
        if layout.all().any(|part| state.nodes.nodes.get(part.node_id).is_none()) {
            return Err("节点不存在".to_owned());
        }
        Ok(layout)
    }

    /// Every part: entries, exits, then hops, the order in which the panel looks at them and stores them.
    fn all(&self) -> impl Iterator<Item = &Part> {
        self.entries.iter().chain(&self.exits).chain(self.hops.iter().flatten())
    }

    /// Chooses missing ports and checks the nodes. Exits and hops of anything but a type 2 tunnel are not looked at.
    /// `present` is the tunnel whose own ports count as free, 0 for a new one.
    ///
    /// # Errors
    /// The panel's text for the first thing that is wrong.
    pub(super) fn check(&mut self, state: &State, present: i64) -> Result<(), String> {
        if self.entries.is_empty() {
            return Err("入口不能为空".to_owned());
        }
        if self.kind != 2 {
            return check_nodes(state, self.entries.iter());
        }
        if self.exits.is_empty() {
            return Err("出口不能为空".to_owned());
        }
        let mut chosen = BTreeMap::new();
        for part in self.exits.iter_mut().chain(self.hops.iter_mut().flatten()).filter(|part| part.port <= 0) {
            let Some(node) = state.nodes.nodes.get(part.node_id) else {
                return Err("节点不存在".to_owned());
            };
            // on a node of another panel that panel chooses
            if node.is_remote != 1 {
                part.port = choose_port(state, node, present, &mut chosen)?;
            }
        }
        check_nodes(state, self.all())?;
        let mut listening = self.exits.iter().chain(self.hops.iter().flatten());
        listening.try_for_each(|part| {
            state.nodes.nodes.get(part.node_id).map_or(Ok(()), |node| check_share_range(node, part.port))
        })
    }

    /// The addresses of the entries as users see them.
    pub(super) fn entry_addresses(&self, state: &State) -> String {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let mut addresses: Vec<String> = Vec::new();
        for node in self.entries.iter().filter_map(|part| state.nodes.nodes.get(part.node_id)) {
            let v4 = node.server_ip_v4.as_deref().and_then(filled);
            let v6 = node.server_ip_v6.as_deref().and_then(filled);
            let own = if self.ip_preference.trim() == "v6" { [v6, v4] } else { [v4, v6] };
            let mut own: Vec<String> = own.into_iter().flatten().collect();
            if own.is_empty() {
                own.extend(filled(&node.server_ip));
            }
            for address in own {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        addresses.join(",")
    }

    /// Stores the parts as new rows, choosing ports that are still missing (type 1 keeps exits and hops as rows
    /// without a use, and with hardly a check).
    ///
    /// # Errors
    /// The panel's text when no port is to be had; rows before it are there already.
    pub(super) fn store(&self, state: &mut State) -> Result<(), String> {
        let mut chosen = BTreeMap::new();
        let listening =
            self.exits.iter().map(|part| ("3", part)).chain(self.hops.iter().flatten().map(|part| ("2", part)));
        for (chain_type, part) in self.entries.iter().map(|part| ("1", part)).chain(listening) {
            let port = match (chain_type, part.port) {
                ("1", _) => None,
                (_, port) if port > 0 => Some(port),
                _ => {
                    let node = state.nodes.nodes.get(part.node_id).ok_or_else(|| "节点不存在".to_owned())?;
                    Some(choose_port(state, node, 0, &mut chosen)?)
                }
            };
            state.tunnels.chains.insert(ChainTunnel {
                id: 0,
                tunnel_id: self.tunnel_id,
                chain_type: chain_type.to_owned(),
                node_id: part.node_id,
                port,
                strategy: Some(part.strategy.clone()),
                inx: Some(part.inx),
                protocol: Some(part.protocol.clone()),
            });
        }
        Ok(())
    }
}

fn items(list: &Value, inx: i64) -> Vec<Part> {
    let items = list.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Loose::of);
    let parts = items.map(|item| Part {
        node_id: item.int("nodeId", 0),
        protocol: item.text_or("protocol", "tls"),
        strategy: item.text_or("strategy", "round"),
        port: item.int("port", 0),
        inx,
    });
    parts.filter(|part| part.node_id > 0).collect()
}

/// Each node once, each there, each local one online by its stored state.
fn check_nodes<'a>(state: &State, parts: impl Iterator<Item = &'a Part>) -> Result<(), String> {
    let mut seen = Vec::new();
    for part in parts {
        if seen.contains(&part.node_id) {
            return Err("节点重复".to_owned());
        }
        seen.push(part.node_id);
        let Some(node) = state.nodes.nodes.get(part.node_id) else {
            return Err("节点不存在".to_owned());
        };
        if node.is_remote != 1 && node.status != 1 {
            return Err("部分节点不在线".to_owned());
        }
    }
    Ok(())
}

/// The lowest port of the node's range that no tunnel and no forward uses. One request gets one port for each node.
fn choose_port(state: &State, node: &Node, present: i64, chosen: &mut BTreeMap<i64, i64>) -> Result<i64, String> {
    if let Some(port) = chosen.get(&node.id) {
        return Ok(*port);
    }
    let own = |port: &i64| {
        let rows = || state.tunnels.chains.iter().filter(|row| row.node_id == node.id && row.port == Some(*port));
        let forwarded = state.forwards.ports.any(|row| row.node_id == node.id && row.port == *port);
        !forwarded && rows().all(|row| row.tunnel_id == present)
    };
    let mut used = used_ports(state, node.id);
    used.retain(|port| !own(port));
    match lowest_free(&node.port, |port| used.contains(&port)) {
        Some(port) => {
            chosen.insert(node.id, port);
            Ok(port)
        }
        None => Err("节点端口已满，无可用端口".to_owned()),
    }
}

/// The lowest free port of a list such as `443,30000-40000`. Parts that cannot be read are passed over, ranges may
/// stand the wrong way round (the reader for forwards is less patient).
fn lowest_free(ranges: &str, used: impl Fn(i64) -> bool) -> Option<i64> {
    let bounds = ranges.split(',').filter_map(|part| {
        let (start, end) = part.trim().split_once('-').unwrap_or((part, part));
        let (start, end) = (start.trim().parse::<i64>().ok()?, end.trim().parse::<i64>().ok()?);
        (start > 0 && end > 0).then_some((start.min(end), start.max(end)))
    });
    bounds.filter_map(|(start, end)| (start..=end).find(|port| !used(*port))).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_port_is_taken_from_whichever_part_of_the_range_has_it() {
        assert_eq!(lowest_free("30000-30002,443", |_| false), Some(443));
        assert_eq!(lowest_free("30000-30002,443", |port| port == 443), Some(30000));
        assert_eq!(lowest_free("30002-30000", |port| port == 30000), Some(30001));
        assert_eq!(lowest_free("443", |_| true), None);
    }

    #[test]
    fn parts_of_a_range_that_cannot_be_read_are_passed_over() {
        assert_eq!(lowest_free("abc,0-5,1-2-3,-4,, 80 ", |_| false), Some(80));
        assert_eq!(lowest_free("", |_| false), None);
    }
}
