//! Nodes: the list (with a live look at the nodes of other panels), making, changing, ordering and deleting them.
//! Deleting looks at nothing: tunnels and forwards that used the node stay behind with a gap.

mod release;
mod upgrade;

use serde_json::{Map, Value, json};

use crate::agents;
use crate::http::decode::{Kind, Loose};
use crate::http::router::post;
use crate::http::{Answer, Ctx, Reply, Route};
use crate::peers;
use crate::state::{Node, State};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    post("/api/v1/node/list", list),
    post("/api/v1/node/check-status", check_status),
    post("/api/v1/node/create", create),
    post("/api/v1/node/update", update),
    post("/api/v1/node/update-order", update_order),
    post("/api/v1/node/delete", delete),
    post("/api/v1/node/batch-delete", batch_delete),
    post("/api/v1/node/install", release::install),
    post("/api/v1/node/releases", release::releases),
    post("/api/v1/node/upgrade", upgrade::upgrade),
    post("/api/v1/node/batch-upgrade", upgrade::batch_upgrade),
    post("/api/v1/node/rollback", upgrade::rollback),
];

const ANY_ADDRESS: &str = "[::]";
const ALL_PORTS: &str = "1000-65535";

/// The stored state of all nodes; in spite of its name the route probes nothing.
fn check_status(ctx: &mut Ctx<'_>) -> Answer {
    let rows = ordered(ctx.state).into_iter().map(|node| row(&node, &Live::stored(&node)));
    Ok(Reply::ok(Value::Array(rows.collect())))
}

/// As `check-status`, but the nodes of other panels are asked for; what they say is shown and not stored.
fn list(ctx: &mut Ctx<'_>) -> Answer {
    let mut rows = Vec::new();
    for node in ordered(ctx.state) {
        let live = match remote_of(&node) {
            Some((url, token)) => Live::asked(ctx.state, &url, &token),
            None => Live::stored(&node),
        };
        rows.push(row(&node, &live));
    }
    Ok(Reply::ok(Value::Array(rows)))
}

fn ordered(state: &State) -> Vec<Node> {
    let mut nodes: Vec<Node> = state.nodes.nodes.iter().cloned().collect();
    nodes.sort_by_key(|node| (node.inx, node.id));
    nodes
}

/// Where a node of another panel is to be asked for; `None` for local nodes and incomplete remote ones.
fn remote_of(node: &Node) -> Option<(String, String)> {
    let trimmed = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    (node.is_remote == 1).then_some(())?;
    Some((trimmed(&node.remote_url)?, trimmed(&node.remote_token)?))
}

/// What a list shows as a node's state.
struct Live {
    status: i64,
    sync_error: Option<String>,
}

impl Live {
    fn stored(node: &Node) -> Self {
        Self { status: node.status, sync_error: None }
    }

    fn asked(state: &mut State, url: &str, token: &str) -> Self {
        let domain = peers::local_domain(state);
        match peers::connect(state, url, token, &domain) {
            Ok(remote) => Self { status: remote.status, sync_error: None },
            Err(text) => Self { status: 0, sync_error: Some(sync_error(text)) },
        }
    }
}

/// The panel recognises a share's end by words in the error, whatever they were about.
fn sync_error(text: String) -> String {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["401", "Invalid token", "Unauthorized"]) {
        "provider_share_deleted".to_owned()
    } else if says(&["403", "Share is disabled"]) {
        "provider_share_disabled".to_owned()
    } else if says(&["Share expired"]) {
        "provider_share_expired".to_owned()
    } else {
        text
    }
}

fn row(node: &Node, live: &Live) -> Value {
    let mut row = Map::new();
    let mut put = |key: &str, value: Value| row.insert(key.to_owned(), value);
    put("http", json!(node.http));
    put("id", json!(node.id));
    put("inx", json!(node.inx));
    put("ip", json!(node.server_ip));
    put("isRemote", json!(node.is_remote));
    put("name", json!(node.name));
    put("port", json!(node.port));
    put("remoteConfig", json!(node.remote_config));
    put("remoteToken", json!(node.remote_token));
    put("remoteUrl", json!(node.remote_url));
    put("serverIp", json!(node.server_ip));
    put("serverIpV4", json!(node.server_ip_v4));
    put("serverIpV6", json!(node.server_ip_v6));
    put("socks", json!(node.socks));
    put("status", json!(live.status));
    if let Some(text) = &live.sync_error {
        put("syncError", json!(text));
    }
    put("tcpListenAddr", json!(node.tcp_listen_addr));
    put("tls", json!(node.tls));
    put("udpListenAddr", json!(node.udp_listen_addr));
    put("version", json!(node.version));
    Value::Object(row)
}

/// A text that is stored as NULL when it is blank.
fn nullable(body: &Loose, key: &str) -> Option<String> {
    Some(body.text(key)).filter(|text| !text.is_empty())
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let (name, server_ip) = (body.text("name"), body.text("serverIp"));
    if name.is_empty() || server_ip.is_empty() {
        return Err(Reply::fail("节点名称和地址不能为空"));
    }
    let now = ctx.state.now();
    let secret = ctx.state.random_hex(16);
    let nodes = &mut ctx.state.nodes.nodes;
    let inx = nodes.iter().map(|node| node.inx).max().map_or(0, |last| last + 1);
    nodes.insert(Node {
        id: 0,
        name,
        secret,
        server_ip,
        server_ip_v4: nullable(&body, "serverIpV4"),
        server_ip_v6: nullable(&body, "serverIpV6"),
        port: body.text_or("port", ALL_PORTS),
        interface_name: nullable(&body, "interfaceName"),
        version: None,
        http: body.int("http", 0),
        tls: body.int("tls", 0),
        socks: body.int("socks", 0),
        created_time: now,
        updated_time: Some(now),
        status: 0,
        tcp_listen_addr: body.text_or("tcpListenAddr", ANY_ADDRESS),
        udp_listen_addr: body.text_or("udpListenAddr", ANY_ADDRESS),
        inx,
        is_remote: body.int("isRemote", 0),
        remote_url: nullable(&body, "remoteUrl"),
        remote_token: nullable(&body, "remoteToken"),
        remote_config: nullable(&body, "remoteConfig"),
    });
    Ok(Reply::done())
}

/// Replaces all that the caller may set: what is left out is wiped or goes back to its default, but for the three
/// block flags. A changed flag goes to an online node first; when the node fails, nothing is stored.
fn update(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let id = body.int("id", 0);
    if id <= 0 {
        return Err(Reply::fail("节点ID不能为空"));
    }
    let Some(node) = ctx.state.nodes.nodes.get(id) else {
        return Err(Reply::fail("节点不存在"));
    };
    let before = (node.http, node.tls, node.socks);
    let (http, tls, socks) = (body.int("http", node.http), body.int("tls", node.tls), body.int("socks", node.socks));
    if node.status == 1 && (http, tls, socks) != before {
        let flags = json!({"http": http, "tls": tls, "socks": socks});
        agents::send(ctx.state, id, "SetProtocol", &flags).map_err(|error| Reply::fail(error.to_string()))?;
    }
    let now = ctx.state.now();
    // looked up again: the link may have dropped while the node was asked
    if let Some(node) = ctx.state.nodes.nodes.get_mut(id) {
        node.name = body.text("name");
        node.server_ip = body.text("serverIp");
        node.server_ip_v4 = nullable(&body, "serverIpV4");
        node.server_ip_v6 = nullable(&body, "serverIpV6");
        node.port = body.text_or("port", ALL_PORTS);
        node.interface_name = nullable(&body, "interfaceName");
        (node.http, node.tls, node.socks) = (http, tls, socks);
        node.tcp_listen_addr = body.text_or("tcpListenAddr", ANY_ADDRESS);
        node.udp_listen_addr = body.text_or("udpListenAddr", ANY_ADDRESS);
        node.updated_time = Some(now);
    }
    Ok(Reply::done())
}

fn update_order(ctx: &mut Ctx<'_>) -> Answer {
    const PLACE: Kind = Kind::Object(&[("id", Kind::Int), ("inx", Kind::Int)]);
    const FIELDS: &[(&str, Kind)] = &[("nodes", Kind::List(&PLACE))];
    let body = ctx.strict_or_refuse(FIELDS)?;
    let now = ctx.state.now();
    for place in body.structs("nodes") {
        if let Some(node) = ctx.state.nodes.nodes.get_mut(place.int("id")) {
            node.inx = place.int("inx");
            node.updated_time = Some(now);
        }
    }
    Ok(Reply::done())
}

fn delete(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.id()?;
    delete_node(ctx.state, id);
    Ok(Reply::done())
}

fn batch_delete(ctx: &mut Ctx<'_>) -> Answer {
    for id in ctx.ids()? {
        delete_node(ctx.state, id);
    }
    Ok(Reply::done())
}

/// The node with its ports, its places in tunnels and its bindings. The agent is not told: it goes on forwarding, and
/// its link stays until it drops.
fn delete_node(state: &mut State, id: i64) {
    state.forwards.ports.retain(|row| row.node_id != id);
    state.tunnels.chains.retain(|row| row.node_id != id);
    state.federation.bindings.retain(|row| row.node_id != id);
    state.nodes.nodes.remove(id);
}
