//! What the owner of a token has: account, permissions on tunnels, forwards, and the last 24 hours of statistics.

use serde_json::{Value, json};

use crate::http::{Answer, Ctx, Reply};
use crate::routes::forward_ingress;
use crate::state::{Forward, State, UserTunnel};

pub(super) fn package(ctx: &mut Ctx<'_>) -> Answer {
    let (user_id, _) = ctx.user()?;
    let state = &*ctx.state;
    let user = state.users.users.get(user_id).ok_or_else(|| Reply::fail("用户不存在"))?;
    let forwards = state.forwards.forwards.iter().filter(|f| f.user_id == user_id);
    let permissions = state.tunnels.user_tunnels.iter().filter(|row| row.user_id == user_id);
    Ok(Reply::ok(json!({
        "forwards": forwards.map(|f| forward(state, f)).collect::<Vec<_>>(),
        "statisticsFlows": statistics(state, user_id),
        "tunnelPermissions": permissions.map(|row| permission(state, row)).collect::<Vec<_>>(),
        "userInfo": {
            "createdTime": user.created_time,
            "expTime": user.exp_time,
            "flow": user.flow,
            "flowResetTime": user.flow_reset_time,
            "id": user.id,
            "inFlow": user.in_flow,
            "name": user.user,
            "num": user.num,
            "outFlow": user.out_flow,
            "status": user.status,
            "updatedTime": user.updated_time,
            "user": user.user,
        },
    })))
}

fn forward(state: &State, forward: &Forward) -> Value {
    let (in_ip, in_port) = forward_ingress(state, forward);
    json!({
        "createdTime": forward.created_time,
        "id": forward.id,
        "inFlow": forward.in_flow,
        "inIp": in_ip.unwrap_or_default(),
        "inPort": in_port,
        "name": forward.name,
        "outFlow": forward.out_flow,
        "remoteAddr": forward.remote_addr,
        "status": forward.status,
        "tunnelId": forward.tunnel_id,
        "tunnelName": state.tunnels.tunnels.get(forward.tunnel_id).map(|t| t.name.as_str()).unwrap_or_default(),
    })
}

fn permission(state: &State, row: &UserTunnel) -> Value {
    let tunnel = state.tunnels.tunnels.get(row.tunnel_id);
    let limit = row.speed_id.and_then(|id| state.limits.limits.get(id));
    json!({
        "expTime": row.exp_time,
        "flow": row.flow,
        "flowResetTime": row.flow_reset_time,
        "id": row.id,
        "inFlow": row.in_flow,
        "num": row.num,
        "outFlow": row.out_flow,
        "speed": limit.map(|l| l.speed),
        "speedId": row.speed_id,
        "speedLimitName": limit.map(|l| l.name.as_str()),
        "tunnelFlow": tunnel.map_or(0, |t| t.flow),
        "tunnelId": row.tunnel_id,
        "tunnelName": tunnel.map(|t| t.name.as_str()).unwrap_or_default(),
        "userId": row.user_id,
    })
}

/// The newest 24 rows, oldest first.
fn statistics(state: &State, user_id: i64) -> Vec<Value> {
    let newest = state.users.statistics.iter().rev().filter(|s| s.user_id == user_id).take(24);
    let mut rows: Vec<Value> = newest
        .map(|s| json!({"id": s.id, "userId": s.user_id, "flow": s.flow, "totalFlow": s.total_flow, "time": s.time}))
        .collect();
    rows.reverse();
    rows
}
