//! Speed limits of tunnels. A limit is a row and a limiter on the tunnel's entry nodes; what the nodes answer is not
//! looked at, and a node that has the limiter already keeps its old rate.

use serde_json::{Value, json};

use super::forward::ports::entry_nodes;
use super::forward::services::limiter;
use super::tunnel;
use crate::agents;
use crate::http::router::{any, post};
use crate::http::{Answer, Ctx, Loose, Reply, Route};
use crate::state::{SpeedLimit, State};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    post("/api/v1/speed-limit/list", list),
    any("/api/v1/speed-limit/create", create),
    any("/api/v1/speed-limit/update", update),
    post("/api/v1/speed-limit/delete", delete),
    post("/api/v1/speed-limit/tunnels", tunnel::list),
];

fn list(ctx: &mut Ctx<'_>) -> Answer {
    let rows = ctx.state.limits.limits.iter().map(|limit| {
        json!({
            "createdTime": limit.created_time, "id": limit.id, "name": limit.name, "speed": limit.speed,
            "status": limit.status, "tunnelId": limit.tunnel_id, "tunnelName": limit.tunnel_name,
            "updatedTime": limit.updated_time,
        })
    });
    Ok(Reply::ok(Value::Array(rows.collect())))
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let tunnel_id = body.int("tunnelId", 0);
    if tunnel_id <= 0 {
        return Err(Reply::fail("隧道ID不能为空"));
    }
    let name = body.text("name");
    if name.is_empty() {
        return Err(Reply::fail("名称不能为空"));
    }
    let tunnel_name = tunnel_name(ctx.state, tunnel_id)?;
    let now = ctx.state.now();
    let speed = speed(&body);
    let id = ctx.state.limits.limits.insert(SpeedLimit {
        id: 0,
        name,
        speed,
        tunnel_id,
        tunnel_name,
        created_time: now,
        updated_time: Some(now),
        status: body.int("status", 1),
    });
    put_limiter(ctx.state, id, tunnel_id, speed);
    Ok(Reply::done())
}

/// An unknown limit changes no row, but its limiter is put on the nodes all the same.
fn update(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let (id, tunnel_id) = (body.int("id", 0), body.int("tunnelId", 0));
    if id <= 0 || tunnel_id <= 0 {
        return Err(Reply::fail("请求参数错误"));
    }
    let tunnel_name = tunnel_name(ctx.state, tunnel_id)?;
    let now = ctx.state.now();
    let speed = speed(&body);
    if let Some(limit) = ctx.state.limits.limits.get_mut(id) {
        limit.name = body.text("name");
        limit.speed = speed;
        limit.tunnel_id = tunnel_id;
        limit.tunnel_name = tunnel_name;
        limit.status = body.int("status", 1);
        limit.updated_time = Some(now);
    }
    put_limiter(ctx.state, id, tunnel_id, speed);
    Ok(Reply::done())
}

/// Permissions that name the limit keep its dead id.
fn delete(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.id()?;
    if let Some(limit) = ctx.state.limits.limits.remove(id) {
        to_entry_nodes(ctx.state, limit.tunnel_id, "DeleteLimiters", &json!({"limiter": id.to_string()}));
    }
    Ok(Reply::done())
}

/// Mbit/s; there is no lower bound.
fn speed(body: &Loose) -> i64 {
    body.int("speed", 100)
}

/// The tunnel's name now; a tunnel without a name counts as missing.
fn tunnel_name(state: &State, tunnel_id: i64) -> Result<String, Reply> {
    match state.tunnels.tunnels.get(tunnel_id) {
        Some(tunnel) if !tunnel.name.is_empty() => Ok(tunnel.name.clone()),
        _ => Err(Reply::fail("隧道不存在")),
    }
}

/// Puts a limit's limiter on the entry nodes of a tunnel.
pub(crate) fn put_limiter(state: &mut State, id: i64, tunnel_id: i64, speed: i64) {
    to_entry_nodes(state, tunnel_id, "AddLimiters", &limiter(id, speed));
}

fn to_entry_nodes(state: &mut State, tunnel_id: i64, command: &str, data: &Value) {
    for node_id in entry_nodes(state, tunnel_id) {
        let _ = agents::send(state, node_id, command, data);
    }
}
