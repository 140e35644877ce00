//! The peer routes: what another panel may do with a share of ours. Its share token takes the place of a login; the
//! share's expiry, address list and domain list are looked at before the verb.

mod command;
mod runtime;

use serde_json::{Value, json};

use super::allow_list;
use super::federation_share::{RELOAD_PATIENCE, body, require_post};
use crate::agents;
use crate::http::router::any;
use crate::http::{Answer, Ctx, Kind, Reply, Route};
use crate::state::{ChainTunnel, PeerShare, Tunnel};

pub(crate) use runtime::take_down;

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    any("/api/v1/federation/connect", connect),
    any("/api/v1/federation/tunnel/create", create_tunnel),
    any("/api/v1/federation/runtime/reserve-port", runtime::reserve_port),
    any("/api/v1/federation/runtime/apply-role", runtime::apply_role),
    any("/api/v1/federation/runtime/release-role", runtime::release_role),
    any("/api/v1/federation/runtime/diagnose", command::diagnose),
    any("/api/v1/federation/runtime/command", command::command),
];

/// The share whose token the request carries, after all its conditions, and after the verb.
fn share_of(ctx: &Ctx<'_>) -> Result<PeerShare, Reply> {
    let header = ctx.request.header("authorization");
    if header.is_empty() {
        return Err(Reply::err(401, "Missing Authorization header"));
    }
    let token = match header.split(' ').collect::<Vec<_>>().as_slice() {
        ["Bearer", token] => *token,
        _ => return Err(Reply::err(401, "Invalid Authorization format")),
    };
    let share = ctx.state.federation.shares.find(|share| share.token == token);
    let share = share.ok_or_else(|| Reply::err(401, "Invalid token"))?;
    if share.is_active == 0 {
        return Err(Reply::err(403, "Share is disabled"));
    }
    if share.expiry_time > 0 && share.expiry_time < ctx.state.now() {
        return Err(Reply::err(403, "Share expired"));
    }
    if !share.allowed_ips.trim().is_empty() && !allow_list::allows(&share.allowed_ips, allow_list::caller(ctx.request))
    {
        return Err(Reply::err(403, "IP not allowed"));
    }
    if !share.allowed_domains.is_empty() {
        let domain = ctx.request.header("x-panel-domain");
        if domain.is_empty() {
            return Err(Reply::err(403, "Domain verification required"));
        }
        if !share.allowed_domains.split(',').any(|allowed| allowed.trim() == domain) {
            return Err(Reply::err(403, "Domain not allowed"));
        }
    }
    require_post(ctx)?;
    Ok(share.clone())
}

/// Refuses when the share's allowance is used up.
fn check_allowance(share: &PeerShare) -> Result<(), Reply> {
    if is_used_up(share) { Err(Reply::err(403, "Share traffic limit exceeded")) } else { Ok(()) }
}

/// Whether the allowance is used up; 0 means there is none.
pub(crate) fn is_used_up(share: &PeerShare) -> bool {
    share.max_bandwidth > 0 && share.current_flow >= share.max_bandwidth
}

fn connect(ctx: &mut Ctx<'_>) -> Answer {
    let share = share_of(ctx)?;
    let node = ctx.state.nodes.nodes.get(share.node_id).ok_or_else(|| Reply::err(-2, "Node not found"))?;
    Ok(Reply::ok(json!({
        "currentFlow": share.current_flow,
        "expiryTime": share.expiry_time,
        "maxBandwidth": share.max_bandwidth,
        "nodeId": share.node_id,
        "nodeName": node.name,
        "portRangeEnd": share.port_range_end,
        "portRangeStart": share.port_range_start,
        "serverIp": node.server_ip,
        "shareId": share.id,
        "shareName": share.name,
        "status": node.status,
    })))
}

/// The old style of federation: a tunnel row that marks a port used. Nothing listens on it.
fn create_tunnel(ctx: &mut Ctx<'_>) -> Answer {
    let share = share_of(ctx)?;
    check_allowance(&share)?;
    let body = body(ctx, &[("protocol", Kind::Text), ("remotePort", Kind::Int), ("target", Kind::Text)])?;
    let (protocol, port) = (body.text("protocol"), body.int("remotePort"));
    if !(share.port_range_start..=share.port_range_end).contains(&port) {
        return Err(Reply::err(403, "Port out of range"));
    }
    let state = &mut *ctx.state;
    let now = state.now();
    let tunnel_id = state.tunnels.tunnels.insert(Tunnel {
        name: format!("Share-{}-Port-{port}", share.id),
        traffic_ratio: 1.0,
        kind: 1,
        // the column has a default, which an empty text gives way to
        protocol: if protocol.is_empty() { "tls" } else { protocol }.to_owned(),
        created_time: now,
        updated_time: now,
        status: 1,
        ..Tunnel::default()
    });
    state.tunnels.chains.insert(ChainTunnel {
        tunnel_id,
        chain_type: "1".to_owned(),
        node_id: share.node_id,
        port: Some(port),
        strategy: Some("fifo".to_owned()),
        inx: Some(0),
        protocol: Some(protocol.to_owned()),
        ..ChainTunnel::default()
    });
    let _ = agents::send_within(state, share.node_id, "reload", &Value::Null, RELOAD_PATIENCE);
    Ok(Reply::ok(json!({"tunnelId": tunnel_id})))
}
