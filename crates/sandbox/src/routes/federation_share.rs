//! Shares: a local node given to another panel, by an administrator of this one. The list hands out every token in
//! clear; an update replaces all seven settings, so what is left out lifts a limit.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::allow_list;
use super::federation_peer::take_down;
use super::tunnel::delete_tunnel;
use crate::agents;
use crate::http::router::any;
use crate::http::{Answer, Ctx, Kind, Reply, Route, Strict};
use crate::state::{PeerShare, PeerShareRuntime, State};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    any("/api/v1/federation/share/list", list),
    any("/api/v1/federation/share/create", create),
    any("/api/v1/federation/share/update", update),
    any("/api/v1/federation/share/delete", delete),
    any("/api/v1/federation/share/reset-flow", reset_flow),
];

/// How long the panel waits for an answer to `reload`, which it then ignores.
pub(super) const RELOAD_PATIENCE: Duration = Duration::from_secs(5);

/// The federation handlers' own refusal of a wrong verb.
pub(super) fn require_post(ctx: &Ctx<'_>) -> Result<(), Reply> {
    if ctx.request.method == Method::POST { Ok(()) } else { Err(Reply::fail("Invalid method")) }
}

/// A strict body, or `Invalid JSON`.
pub(super) fn body(ctx: &Ctx<'_>, fields: &'static [(&'static str, Kind)]) -> Result<Strict, Reply> {
    ctx.strict(fields).map_err(|_| Reply::fail("Invalid JSON"))
}

fn list(ctx: &mut Ctx<'_>) -> Answer {
    require_post(ctx)?;
    let state = &*ctx.state;
    let items: Vec<Value> = state.federation.shares.iter().rev().map(|share| item(state, share)).collect();
    Ok(Reply::ok(items.into()))
}

fn item(state: &State, share: &PeerShare) -> Value {
    let runtimes = live_runtimes(state, share.id);
    let mut ports: Vec<i64> = runtimes.iter().map(|row| row.port).filter(|port| *port > 0).collect();
    ports.dedup();
    let details: Vec<Value> = runtimes
        .iter()
        .map(|row| {
            json!({
                "runtimeId": row.id,
                "port": row.port,
                "role": row.role,
                "protocol": row.protocol,
                "resourceKey": row.resource_key,
                "applied": row.applied,
                "updatedTime": row.updated_time,
            })
        })
        .collect();
    json!({
        "id": share.id,
        "name": share.name,
        "nodeId": share.node_id,
        "token": share.token,
        "maxBandwidth": share.max_bandwidth,
        "expiryTime": share.expiry_time,
        "portRangeStart": share.port_range_start,
        "portRangeEnd": share.port_range_end,
        "currentFlow": share.current_flow,
        "isActive": share.is_active,
        "createdTime": share.created_time,
        "updatedTime": share.updated_time,
        "allowedDomains": share.allowed_domains,
        "allowedIps": share.allowed_ips,
        "usedPorts": ports,
        "usedPortDetails": details,
        "activeRuntimeNum": runtimes.len(),
    })
}

/// The live runtimes of a share, by port.
pub(super) fn live_runtimes(state: &State, share_id: i64) -> Vec<PeerShareRuntime> {
    let mut rows: Vec<_> =
        state.federation.runtimes.iter().filter(|row| row.share_id == share_id && row.status == 1).cloned().collect();
    rows.sort_by_key(|row| (row.port, row.id));
    rows
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[
        ("name", Kind::Text),
        ("nodeId", Kind::Int),
        ("maxBandwidth", Kind::Int),
        ("expiryTime", Kind::Int),
        ("portRangeStart", Kind::Int),
        ("portRangeEnd", Kind::Int),
        ("allowedDomains", Kind::Text),
        ("allowedIps", Kind::Text),
    ];
    require_post(ctx)?;
    let body = body(ctx, FIELDS)?;
    let node_id = body.int("nodeId");
    if body.text("name").is_empty() || node_id == 0 {
        return Err(Reply::fail("Name and NodeID are required"));
    }
    let mut share = PeerShare { node_id, is_active: 1, ..PeerShare::default() };
    settings(&mut share, &body)?;
    match ctx.state.nodes.nodes.get(node_id) {
        None => return Err(Reply::fail("Node not found")),
        Some(node) if node.is_remote == 1 => return Err(Reply::fail("Only local nodes can be shared")),
        Some(_) => {}
    }
    share.token = ctx.state.random_hex(32);
    share.created_time = ctx.state.now();
    share.updated_time = share.created_time;
    ctx.state.federation.shares.insert(share);
    Ok(Reply::done())
}

fn update(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[
        ("id", Kind::Int),
        ("name", Kind::Text),
        ("maxBandwidth", Kind::Int),
        ("expiryTime", Kind::Int),
        ("portRangeStart", Kind::Int),
        ("portRangeEnd", Kind::Int),
        ("allowedDomains", Kind::Text),
        ("allowedIps", Kind::Text),
    ];
    require_post(ctx)?;
    let body = body(ctx, FIELDS)?;
    let now = ctx.state.now();
    let share = named(ctx.state, &body)?;
    if body.text("name").is_empty() {
        return Err(Reply::fail("Name is required"));
    }
    settings(share, &body)?;
    share.updated_time = now;
    Ok(Reply::done())
}

/// Checks the seven settings and writes them, all or none.
fn settings(share: &mut PeerShare, body: &Strict) -> Result<(), Reply> {
    let (start, end) = (body.int("portRangeStart"), body.int("portRangeEnd"));
    if body.int("maxBandwidth") < 0 {
        return Err(Reply::fail("Max bandwidth cannot be negative"));
    }
    if body.int("expiryTime") < 0 {
        return Err(Reply::fail("Expiry time cannot be negative"));
    }
    if !(0..=65535).contains(&start) || !(0..=65535).contains(&end) {
        return Err(Reply::fail("Invalid port range"));
    }
    if start > end {
        return Err(Reply::fail("Port range start cannot be greater than end"));
    }
    share.allowed_ips = allow_list::normalised(body.text("allowedIps")).map_err(Reply::fail)?;
    share.name = body.text("name").to_owned();
    share.max_bandwidth = body.int("maxBandwidth");
    share.expiry_time = body.int("expiryTime");
    (share.port_range_start, share.port_range_end) = (start, end);
    share.allowed_domains = body.text("allowedDomains").to_owned();
    Ok(())
}

fn delete(ctx: &mut Ctx<'_>) -> Answer {
    require_post(ctx)?;
    let id = body(ctx, &[("id", Kind::Int)])?.int("id");
    let state = &mut *ctx.state;
    for runtime in live_runtimes(state, id) {
        take_down(state, &runtime);
    }
    if id > 0 {
        delete_tunnels_of(state, id);
    }
    state.federation.runtimes.retain(|row| row.share_id != id);
    if let Some(share) = state.federation.shares.remove(id) {
        // the shipped agent does not know the command, and nobody looks at its answer
        let _ = agents::send_within(state, share.node_id, "reload", &Value::Null, RELOAD_PATIENCE);
    }
    Ok(Reply::done())
}

/// Deletes the tunnels that peers made on the share, found by their names alone.
fn delete_tunnels_of(state: &mut State, share_id: i64) {
    let prefix = format!("share-{share_id}-port-");
    let named_so = |name: &str| name.to_ascii_lowercase().starts_with(&prefix);
    let ids: Vec<i64> =
        state.tunnels.tunnels.iter().filter(|tunnel| named_so(&tunnel.name)).map(|tunnel| tunnel.id).collect();
    for id in ids {
        delete_tunnel(state, id);
    }
}

fn reset_flow(ctx: &mut Ctx<'_>) -> Answer {
    require_post(ctx)?;
    let body = body(ctx, &[("id", Kind::Int)])?;
    let now = ctx.state.now();
    let share = named(ctx.state, &body)?;
    share.current_flow = 0;
    share.updated_time = now;
    Ok(Reply::done())
}

fn named<'a>(state: &'a mut State, body: &Strict) -> Result<&'a mut PeerShare, Reply> {
    let id = body.int("id");
    if id <= 0 {
        return Err(Reply::fail("Share ID is required"));
    }
    state.federation.shares.get_mut(id).ok_or_else(|| Reply::fail("Share not found"))
}
