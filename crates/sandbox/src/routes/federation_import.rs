//! The consumer's side of federation: importing a share of another panel as a node, and what is used of imported ones.
//! Any logged-in user may import, and so make the panel call a URL of his choice.

use serde_json::{Value, json};

use super::federation_share::{body, require_post};
use crate::http::router::any;
use crate::http::{Answer, Ctx, Kind, Reply, Route};
use crate::peers::{self, RemoteNode};
use crate::state::{Node, State};

/// The paths of this file.
pub(super) const ROUTES: &[Route] =
    &[any("/api/v1/federation/node/import", import), any("/api/v1/federation/share/remote-usage/list", remote_usage)];

fn import(ctx: &mut Ctx<'_>) -> Answer {
    require_post(ctx)?;
    let body = body(ctx, &[("remoteUrl", Kind::Text), ("token", Kind::Text)])?;
    let (url, token) = (body.text("remoteUrl"), body.text("token"));
    if url.is_empty() || token.is_empty() {
        return Err(Reply::fail("Remote URL and Token are required"));
    }
    let state = &mut *ctx.state;
    let domain = state.configs.value("panel_domain").unwrap_or_default().to_owned();
    let remote = peers::connect(state, url, token, &domain)
        .map_err(|text| Reply::err(-2, format!("Failed to connect: {text}")))?;
    let has_range = remote.port_range_start > 0 && remote.port_range_end >= remote.port_range_start;
    let last = state.nodes.nodes.iter().map(|node| node.inx).max();
    let now = state.now();
    let node = Node {
        name: format!("{} (Remote)", remote.node_name),
        secret: state.random_hex(16),
        server_ip: remote.server_ip.clone(),
        port: if has_range { format!("{}-{}", remote.port_range_start, remote.port_range_end) } else { "0".to_owned() },
        created_time: now,
        updated_time: Some(now),
        status: remote.status,
        tcp_listen_addr: "[::]".to_owned(),
        udp_listen_addr: "[::]".to_owned(),
        inx: last.filter(|inx| *inx >= 0).map_or(0, |inx| inx + 1),
        is_remote: 1,
        remote_url: Some(url.to_owned()),
        remote_token: Some(token.to_owned()),
        remote_config: Some(remote.config_text()),
        ..Node::default()
    };
    state.nodes.nodes.insert(node);
    Ok(Reply::done())
}

fn remote_usage(ctx: &mut Ctx<'_>) -> Answer {
    require_post(ctx)?;
    let state = &mut *ctx.state;
    let nodes: Vec<Node> = state.nodes.nodes.iter().rev().filter(|node| node.is_remote == 1).cloned().collect();
    let items: Vec<Value> = nodes.iter().map(|node| usage(state, node)).collect();
    Ok(Reply::ok(items.into()))
}

/// One imported node: what the provider says now (which is stored), or what it said last and why it did not answer.
fn usage(state: &mut State, node: &Node) -> Value {
    let trimmed = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
    let (url, token) = (trimmed(&node.remote_url), trimmed(&node.remote_token));
    let mut known: RemoteNode = serde_json::from_str(&trimmed(&node.remote_config)).unwrap_or_default();
    let mut sync_error = None;
    if !url.is_empty() && !token.is_empty() {
        let domain = peers::local_domain(state);
        match peers::connect(state, &url, &token, &domain) {
            Ok(fresh) => {
                if let Some(row) = state.nodes.nodes.get_mut(node.id) {
                    row.remote_config = Some(fresh.config_text());
                }
                known = fresh;
            }
            Err(text) => sync_error = Some(text),
        }
    }
    let (ports, bindings) = bindings(state, node.id);
    let active = bindings.len();
    let mut item = json!({
        "nodeId": node.id,
        "nodeName": node.name,
        "remoteUrl": url,
        "shareId": known.share_id,
        "portRangeStart": known.port_range_start,
        "portRangeEnd": known.port_range_end,
        "maxBandwidth": known.max_bandwidth,
        "currentFlow": known.current_flow,
        "expiryTime": known.expiry_time,
        "usedPorts": ports,
        "bindings": bindings,
        "activeBindingNum": active,
    });
    if let (Some(item), Some(text)) = (item.as_object_mut(), sync_error) {
        item.insert("syncError".to_owned(), json!(text));
    }
    item
}

/// The live bindings of our tunnels on an imported node, by port, and the distinct ports.
fn bindings(state: &State, node_id: i64) -> (Vec<i64>, Vec<Value>) {
    let mut rows: Vec<_> =
        state.federation.bindings.iter().filter(|row| row.node_id == node_id && row.status == 1).collect();
    rows.sort_by_key(|row| (row.allocated_port, row.id));
    let mut ports: Vec<i64> = rows.iter().map(|row| row.allocated_port).filter(|port| *port > 0).collect();
    ports.dedup();
    let items = rows
        .iter()
        .map(|row| {
            json!({
                "bindingId": row.id,
                "tunnelId": row.tunnel_id,
                "tunnelName": state.tunnels.tunnels.get(row.tunnel_id).map_or("", |tunnel| tunnel.name.as_str()),
                "chainType": row.chain_type,
                "hopInx": row.hop_inx,
                "allocatedPort": row.allocated_port,
                "resourceKey": row.resource_key,
                "remoteBindingId": row.remote_binding_id,
                "updatedTime": row.updated_time,
            })
        })
        .collect();
    (ports, items)
}
