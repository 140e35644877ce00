//! Diagnosis: probes along the path of a tunnel, from its entry nodes over the hops to the exits and on to given ends.
//! A node that is offline, silent or cannot connect is an item with `success: false`, never an error.

use serde_json::{Map, Value, json};

use crate::agents;
use crate::http::decode::{as_float, as_text};
use crate::http::reply::{number, sorted};
use crate::peers;
use crate::state::{Node, State};

use super::ports::parse_ranges;
use super::services::display_name;

/// Where a path ends: a forward's target, or the internet.
#[derive(Clone, Debug)]
pub(crate) struct PathEnd {
    /// What the description calls it.
    pub(crate) label: String,
    /// Host to connect to.
    pub(crate) host: String,
    /// Port to connect to.
    pub(crate) port: i64,
}

/// A node's place in the path.
#[derive(Clone, Debug)]
struct Stop {
    inx: i64,
    node_id: i64,
    name: String,
    port: i64,
}

/// Probes every stretch of a tunnel, in path order.
///
/// # Errors
/// The panel's text when the tunnel is gone or has no nodes.
pub(crate) fn probe_tunnel(state: &mut State, tunnel_id: i64, ends: &[PathEnd]) -> Result<Vec<Value>, String> {
    let Some(tunnel) = state.tunnels.tunnels.get(tunnel_id) else {
        return Err("隧道不存在".to_owned());
    };
    let (kind, preference) = (tunnel.kind, tunnel.ip_preference.clone());
    let entries = stops(state, tunnel_id, "1");
    let hops = by_hop(stops(state, tunnel_id, "2"));
    let exits = stops(state, tunnel_id, "3");
    if entries.is_empty() && hops.is_empty() && exits.is_empty() {
        return Err("隧道配置不完整".to_owned());
    }
    let mut probes = Probes { state, preference, results: Vec::new() };
    if kind != 2 {
        probes.probe_ends(&entries, "入口", 1, ends);
        return Ok(probes.results);
    }
    for (at, from) in entries.iter().map(|entry| (0, entry)).chain(numbered(&hops)) {
        match hops.get(at) {
            Some(next) => next.iter().for_each(|to| probes.probe_stretch(at, from, at + 1, to)),
            None => exits.iter().for_each(|to| probes.probe_stretch(at, from, 0, to)),
        }
    }
    probes.probe_ends(&exits, "出口", 3, ends);
    Ok(probes.results)
}

fn numbered(hops: &[Vec<Stop>]) -> impl Iterator<Item = (usize, &Stop)> {
    hops.iter().enumerate().flat_map(|(at, hop)| hop.iter().map(move |stop| (at + 1, stop)))
}

fn stops(state: &State, tunnel_id: i64, chain_type: &str) -> Vec<Stop> {
    let mut rows: Vec<_> =
        state.tunnels.chains.iter().filter(|row| row.tunnel_id == tunnel_id && row.chain_type == chain_type).collect();
    rows.sort_by_key(|row| (row.inx, row.id));
    let name = |id| state.nodes.nodes.get(id).map_or_else(|| format!("node_{id}"), display_name);
    rows.iter()
        .map(|row| Stop {
            inx: row.inx.unwrap_or(0),
            node_id: row.node_id,
            name: name(row.node_id),
            port: row.port.unwrap_or(0),
        })
        .collect()
}

fn by_hop(stops: Vec<Stop>) -> Vec<Vec<Stop>> {
    let mut hops: Vec<Vec<Stop>> = Vec::new();
    for stop in stops {
        match hops.last_mut() {
            Some(hop) if hop.first().is_some_and(|first| first.inx == stop.inx) => hop.push(stop),
            _ => hops.push(vec![stop]),
        }
    }
    hops
}

struct Probes<'a> {
    state: &'a mut State,
    preference: String,
    results: Vec<Value>,
}

impl Probes<'_> {
    fn probe_ends(&mut self, from: &[Stop], word: &str, chain_type: i64, ends: &[PathEnd]) {
        for stop in from {
            for end in ends {
                let description = format!("{word}({})->{}", stop.name, end.label);
                let mut item = Item::new(stop.node_id, description, &end.host, end.port);
                item.set("fromChainType", json!(chain_type));
                self.run(item);
            }
        }
    }

    /// From hop `at` (0: an entry node) to hop `to_hop` (0: an exit).
    fn probe_stretch(&mut self, at: usize, from: &Stop, to_hop: usize, to: &Stop) {
        let from_word = if at == 0 { "入口".to_owned() } else { format!("第{at}跳") };
        let to_word = if to_hop == 0 { "出口".to_owned() } else { format!("第{to_hop}跳") };
        let description = format!("{from_word}({})->{to_word}({})", from.name, to.name);
        let mut item = Item::new(from.node_id, description, "", 0);
        item.set("fromChainType", json!(if at == 0 { 1 } else { 2 }));
        if at != 0 {
            item.set("fromInx", json!(from.inx));
        }
        item.set("toChainType", json!(if to_hop == 0 { 3 } else { 2 }));
        if to_hop != 0 {
            item.set("toInx", json!(to.inx));
        }
        let nodes = &self.state.nodes.nodes;
        let Some(target) = nodes.get(to.node_id) else {
            item.name_node(nodes.get(from.node_id));
            self.results.push(item.failed("节点不存在"));
            return;
        };
        let plain = || target.server_ip.trim().trim_matches(['[', ']']).to_owned();
        let host = nodes
            .get(from.node_id)
            .and_then(|node| dial_host(node, target, &self.preference).ok())
            .unwrap_or_else(plain);
        if host.is_empty() {
            item.name_node(nodes.get(from.node_id));
            item.target(&plain(), to.port);
            self.results.push(item.failed("目标节点地址为空"));
            return;
        }
        let port = if to.port > 0 { to.port } else { first_port(&target.port) };
        item.target(&host, port);
        self.run(item);
    }

    fn run(&mut self, mut item: Item) {
        let Some(node) = self.state.nodes.nodes.get(item.from) else {
            self.results.push(item.failed("节点不存在"));
            return;
        };
        item.name_node(Some(node));
        let result = match probe(self.state, item.from, &item.host, item.port) {
            Ok(answer) => item.answered(&answer),
            Err(text) => item.failed(&text),
        };
        self.results.push(result);
    }
}

/// One item of the results, before it is known how the probe went.
struct Item {
    from: i64,
    host: String,
    port: i64,
    fields: Map<String, Value>,
}

impl Item {
    fn new(from: i64, description: String, host: &str, port: i64) -> Self {
        let mut item = Self { from, host: String::new(), port: 0, fields: Map::new() };
        item.set("nodeName", json!(format!("node_{from}")));
        item.set("nodeId", json!(from.to_string()));
        item.set("description", json!(description));
        item.set("averageTime", json!(0));
        item.set("packetLoss", json!(100));
        item.target(host, port);
        item
    }

    fn set(&mut self, key: &str, value: Value) {
        self.fields.insert(key.to_owned(), value);
    }

    fn target(&mut self, host: &str, port: i64) {
        (self.host, self.port) = (host.to_owned(), port);
        self.set("targetIp", json!(host));
        self.set("targetPort", json!(port));
    }

    fn name_node(&mut self, node: Option<&Node>) {
        if let Some(node) = node {
            self.set("nodeName", json!(display_name(node)));
        }
    }

    fn failed(mut self, message: &str) -> Value {
        self.set("success", json!(false));
        self.set("message", json!(message));
        sorted(Value::Object(self.fields))
    }

    fn answered(mut self, answer: &Value) -> Value {
        let field = |key: &str| answer.get(key).unwrap_or(&Value::Null);
        let success = is_true(field("success"));
        self.set("success", json!(success));
        self.set("averageTime", number(as_float(field("averageTime")).unwrap_or(0.0)));
        self.set("packetLoss", number(as_float(field("packetLoss")).unwrap_or(100.0)));
        let said = [as_text(field("message")), if success { String::new() } else { as_text(field("errorMessage")) }];
        let default = if success { "TCP连接成功" } else { "TCP连接失败" };
        let message = said.into_iter().find(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned());
        self.set("message", json!(message));
        sorted(Value::Object(self.fields))
    }
}

fn is_true(value: &Value) -> bool {
    matches!(as_text(value).to_lowercase().as_str(), "1" | "t" | "true" | "yes" | "y")
}

/// One probe, by the node itself or through the panel it belongs to.
fn probe(state: &mut State, node_id: i64, host: &str, port: i64) -> Result<Value, String> {
    let remote = state.nodes.nodes.get(node_id).filter(|node| node.is_remote == 1);
    let remote = remote.map(|node| (trimmed(&node.remote_url), trimmed(&node.remote_token)));
    let Some((url, token)) = remote else {
        let data = json!({"ip": host, "port": port, "count": 4, "timeout": 5000});
        let answer = agents::send(state, node_id, "TcpPing", &data).map_err(|error| error.to_string())?;
        return answer.data.ok_or_else(|| "节点未返回诊断数据".to_owned());
    };
    if url.is_empty() || token.is_empty() {
        return Err("远程节点缺少共享配置".to_owned());
    }
    let probe = peers::Probe { ip: host.trim().to_owned(), port, count: 4, timeout: 5000 };
    peers::diagnose(state, &url, &token, &probe)
}

fn trimmed(text: &Option<String>) -> String {
    text.as_deref().unwrap_or_default().trim().to_owned()
}

/// The first port of a node's range, 443 when it has none that can be read.
fn first_port(ranges: &str) -> i64 {
    let first = ranges.trim().split(',').next().unwrap_or_default().trim();
    // only the start is read: "5-x" counts as 5
    let start = first.split('-').next().unwrap_or_default();
    parse_ranges(start).and_then(|ports| ports.first().copied()).filter(|port| *port > 0).unwrap_or(443)
}

/// The address at which one node of a tunnel dials another: both must speak the IP version, `preference` chooses.
///
/// # Errors
/// The panel's text when the two have no IP version in common.
pub(crate) fn dial_host(from: &Node, to: &Node, preference: &str) -> Result<String, String> {
    let (from_v4, from_v6) = (speaks(from, Version::V4), speaks(from, Version::V6));
    let (to_v4, to_v6) = (speaks(to, Version::V4), speaks(to, Version::V6));
    let v4 = (from_v4 && to_v4).then(|| address(&to.server_ip_v4, to)).filter(|host| !host.is_empty());
    let v6 = (from_v6 && to_v6).then(|| address(&to.server_ip_v6, to)).filter(|host| !host.is_empty());
    let chosen = if preference.trim() == "v6" { v6.or(v4) } else { v4.or(v6) };
    chosen.ok_or_else(|| {
        format!(
            "节点链路不兼容：{}(v4={from_v4},v6={from_v6}) -> {}(v4={to_v4},v6={to_v6})",
            display_name(from).trim(),
            display_name(to).trim()
        )
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Version {
    V4,
    V6,
}

/// Whether a node speaks an IP version: by its own addresses, else by the old single one; a host name speaks both.
fn speaks(node: &Node, version: Version) -> bool {
    let has = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    let (own, other) = match version {
        Version::V4 => (&node.server_ip_v4, &node.server_ip_v6),
        Version::V6 => (&node.server_ip_v6, &node.server_ip_v4),
    };
    if has(own) || has(other) {
        return has(own);
    }
    let single = node.server_ip.trim().trim_matches(['[', ']']);
    match single.parse::<std::net::IpAddr>() {
        Ok(ip) => ip.to_canonical().is_ipv4() == (version == Version::V4),
        Err(_) => !single.is_empty(),
    }
}

fn address(own: &Option<String>, node: &Node) -> String {
    let own = own.as_deref().unwrap_or_default().trim();
    if own.is_empty() { node.server_ip.trim().to_owned() } else { own.to_owned() }
}
