//! A type 2 tunnel on its own nodes: a chain on every entry and hop, a relay service on every hop and exit. Commands go
//! out one after the other; removing forgives everything, adding forgives "already there".

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::layout::{Layout, Part};
use super::{remote, view};
use crate::agents::{self, CommandError};
use crate::routes::forward::path::dial_host;
use crate::routes::forward::services::{Push, bracketed, display_name, sync_forward};
use crate::state::{Forward, Node, State};

/// The nodes that got something, in the order in which they got it.
#[derive(Default)]
pub(super) struct Deployed {
    chains: Vec<i64>,
    services: Vec<i64>,
}

/// Puts a tunnel on its nodes, noting in `made` what was done. Hops and exits on other panels are those panels' work;
/// an entry node of another panel that cannot be reached is passed over.
///
/// # Errors
/// The panel's text for the first node that fails; what was made stays.
pub(super) fn deploy(state: &mut State, layout: &Layout, made: &mut Deployed) -> Result<(), String> {
    let first = layout.hops.first().unwrap_or(&layout.exits);
    for part in &layout.entries {
        let chain = chain(state, layout, part.node_id, first)?;
        match agents::send_new(state, part.node_id, "AddChains", &chain) {
            Ok(()) => made.chains.push(part.node_id),
            Err(error) if is_remote(state, part.node_id) && is_unreachable(&error.to_string()) => {}
            Err(error) => return Err(failure(state, "入口节点", part.node_id, "下发转发链", &error)),
        }
    }
    for (at, hop) in layout.hops.iter().enumerate() {
        let next = layout.hops.get(at + 1).unwrap_or(&layout.exits);
        for part in hop.iter().filter(|part| !is_remote(state, part.node_id)).collect::<Vec<_>>() {
            let chain = chain(state, layout, part.node_id, next)?;
            agents::send_new(state, part.node_id, "AddChains", &chain)
                .map_err(|error| failure(state, "转发链节点", part.node_id, "下发转发链", &error))?;
            made.chains.push(part.node_id);
            add_service(state, layout, part, "转发链节点", made)?;
        }
    }
    for part in layout.exits.iter().filter(|part| !is_remote(state, part.node_id)).collect::<Vec<_>>() {
        add_service(state, layout, part, "出口节点", made)?;
    }
    Ok(())
}

fn add_service(state: &mut State, layout: &Layout, part: &Part, role: &str, made: &mut Deployed) -> Result<(), String> {
    let service = service(state, layout, part);
    agents::send_new(state, part.node_id, "AddService", &service)
        .map_err(|error| failure(state, role, part.node_id, "下发服务", &error))?;
    made.services.push(part.node_id);
    Ok(())
}

fn failure(state: &State, role: &str, node_id: i64, step: &str, error: &CommandError) -> String {
    format!("{role} {} {step}失败: {error}", node_name(state, node_id))
}

pub(super) fn node_name(state: &State, node_id: i64) -> String {
    state.nodes.nodes.get(node_id).map_or_else(|| "node".to_owned(), |node| display_name(node).trim().to_owned())
}

pub(super) fn is_remote(state: &State, node_id: i64) -> bool {
    state.nodes.nodes.get(node_id).is_some_and(|node| node.is_remote == 1)
}

/// Whether the panel reads an error as "cannot be reached now" rather than as a refusal.
pub(super) fn is_unreachable(text: &str) -> bool {
    let text = text.to_lowercase();
    ["节点不在线", "timeout", "超时"].iter().any(|word| text.contains(word))
}

/// Takes back what a deployment made: services first, then chains, the last made first.
pub(super) fn take_back(state: &mut State, tunnel_id: i64, made: &Deployed) {
    let mut seen = BTreeSet::new();
    for node_id in made.services.iter().rev().filter(|id| seen.insert(**id)) {
        remove_service(state, *node_id, tunnel_id);
    }
    seen.clear();
    for node_id in made.chains.iter().rev().filter(|id| seen.insert(**id)) {
        remove_chain(state, *node_id, tunnel_id);
    }
}

/// Takes a stored type 2 tunnel off all its nodes, those of other panels included; failures are forgiven.
pub(super) fn take_down(state: &mut State, tunnel_id: i64) {
    if state.tunnels.tunnels.get(tunnel_id).is_none_or(|tunnel| tunnel.kind != 2) {
        return;
    }
    let parts: Vec<_> =
        view::parts(state, tunnel_id).into_iter().map(|row| (row.chain_type.clone(), row.node_id)).collect();
    for (chain_type, node_id) in parts {
        if matches!(chain_type.as_str(), "1" | "2") {
            remove_chain(state, node_id, tunnel_id);
        }
        if matches!(chain_type.as_str(), "2" | "3") {
            remove_service(state, node_id, tunnel_id);
        }
    }
}

fn remove_chain(state: &mut State, node_id: i64, tunnel_id: i64) {
    let chain = json!({"chain": format!("chains_{tunnel_id}")});
    // what stays is swept by the node's next configuration report
    let _ = agents::send_gone(state, node_id, "DeleteChains", &chain);
}

fn remove_service(state: &mut State, node_id: i64, tunnel_id: i64) {
    let services = json!({"services": [format!("{tunnel_id}_tls")]});
    let _ = agents::send_gone(state, node_id, "DeleteService", &services);
}

/// Puts a stored tunnel and all its forwards, paused ones too, on the nodes again.
///
/// # Errors
/// The panel's text for the first thing that fails. What was done until then stays.
pub(crate) fn redeploy(state: &mut State, tunnel_id: i64) -> Result<(), String> {
    let Some(tunnel) = state.tunnels.tunnels.get(tunnel_id) else {
        return Err("隧道不存在".to_owned());
    };
    if tunnel.kind == 2 {
        take_down(state, tunnel_id);
        remote::take_down(state, tunnel_id);
        let mut layout = Layout::stored(state, tunnel_id)?;
        let roles = remote::set_up(state, &mut layout)?;
        roles.store(state, tunnel_id);
        if let Err(text) = deploy(state, &layout, &mut Deployed::default()) {
            roles.release(state);
            remote::forget(state, tunnel_id);
            return Err(text);
        }
    }
    forwards_of(state, tunnel_id).iter().try_for_each(|forward| sync_forward(state, forward, Push::Update))
}

/// Pushes the forwards of a tunnel (of one user, or all) to their nodes again, paused ones too; failures are forgiven.
pub(crate) fn push_forwards(state: &mut State, tunnel_id: i64, of_user: Option<i64>) {
    for forward in forwards_of(state, tunnel_id) {
        if of_user.is_none_or(|user_id| forward.user_id == user_id) {
            let _ = sync_forward(state, &forward, Push::Update);
        }
    }
}

fn forwards_of(state: &State, tunnel_id: i64) -> Vec<Forward> {
    state.forwards.forwards.iter().filter(|forward| forward.tunnel_id == tunnel_id).cloned().collect()
}

/// The first connection after an accepted upgrade: all enabled tunnels of the node are deployed again, then its active
/// forwards, but for those of tunnels that failed. Nothing happens at other connections.
pub(crate) fn after_upgrade(state: &mut State, node_id: i64) {
    if !state.nodes.pending_redeploy.remove(&node_id) {
        return;
    }
    let chains = state.tunnels.chains.iter().filter(|row| row.node_id == node_id);
    let enabled = |id: &i64| state.tunnels.tunnels.get(*id).is_some_and(|tunnel| tunnel.status == 1);
    let tunnels: BTreeSet<i64> = chains.map(|row| row.tunnel_id).filter(enabled).collect();
    let ports = state.forwards.ports.iter().filter(|row| row.node_id == node_id);
    let forwards: BTreeSet<i64> = ports.map(|row| row.forward_id).collect();
    let failed: Vec<i64> = tunnels.into_iter().filter(|id| redeploy(state, *id).is_err()).collect();
    for id in forwards {
        let forward = state.forwards.forwards.get(id).filter(|f| f.status == 1 && !failed.contains(&f.tunnel_id));
        if let Some(forward) = forward.cloned() {
            let _ = sync_forward(state, &forward, Push::Update);
        }
    }
}

/// The chain of a node: one hop that dials the given parts.
fn chain(state: &State, layout: &Layout, from: i64, targets: &[Part]) -> Result<Value, String> {
    let missing = || "节点不存在".to_owned();
    let from = state.nodes.nodes.get(from).ok_or_else(missing)?;
    let first = targets.first().ok_or_else(|| "转发链目标不能为空".to_owned())?;
    let mut nodes = Vec::new();
    for (target, number) in targets.iter().zip(1..) {
        let node = state.nodes.nodes.get(target.node_id).ok_or_else(missing)?;
        let host = dial_host(from, node, &layout.ip_preference)?;
        if target.port <= 0 {
            return Err("节点端口不能为空".to_owned());
        }
        nodes.push(json!({
            "addr": bracketed(&format!("{host}:{}", target.port)),
            "connector": relay(&target.protocol),
            "dialer": {"type": target.protocol},
            "name": format!("node_{number}"),
        }));
    }
    let mut hop = json!({
        "name": format!("hop_{}", layout.tunnel_id),
        "nodes": nodes,
        "selector": {"failTimeout": 600_000_000_000_i64, "maxFails": 1, "strategy": first.strategy},
    });
    if let (Some(interface), Some(hop)) = (interface(from), hop.as_object_mut()) {
        hop.insert("interface".to_owned(), json!(interface));
    }
    Ok(json!({"hops": [hop], "name": format!("chains_{}", layout.tunnel_id)}))
}

/// The relay service of a hop or an exit.
fn service(state: &State, layout: &Layout, part: &Part) -> Value {
    let node = state.nodes.nodes.get(part.node_id);
    let address =
        node.map(|node| node.tcp_listen_addr.as_str()).filter(|address| !address.is_empty()).unwrap_or("[::]");
    let mut handler = relay(&part.protocol);
    let is_hop = layout.hops.iter().flatten().any(|hop| hop.node_id == part.node_id);
    if let (true, Some(handler)) = (is_hop, handler.as_object_mut()) {
        handler.insert("chain".to_owned(), json!(format!("chains_{}", layout.tunnel_id)));
    }
    let mut service = json!({
        "addr": format!("{address}:{}", part.port),
        "handler": handler,
        "listener": {"type": part.protocol},
        // the name says tls whatever the protocol is
        "name": format!("{}_tls", layout.tunnel_id),
    });
    if let (false, Some(interface), Some(service)) = (is_hop, node.and_then(interface), service.as_object_mut()) {
        service.insert("metadata".to_owned(), json!({"interface": interface}));
    }
    json!([service])
}

fn relay(protocol: &str) -> Value {
    if protocol.trim().eq_ignore_ascii_case("tls") {
        json!({"metadata": {"nodelay": true}, "type": "relay"})
    } else {
        json!({"type": "relay"})
    }
}

fn interface(node: &Node) -> Option<&str> {
    node.interface_name.as_deref().map(str::trim).filter(|name| !name.is_empty())
}
