//! Permissions of users on tunnels. A changed permission pushes the user's forwards on that tunnel to the nodes again,
//! paused ones too; taking one away leaves them running.

use serde_json::{Value, json};

use super::tunnel::push_forwards;
use crate::http::decode::{Kind, as_int};
use crate::http::router::{any, post};
use crate::http::{Answer, Ctx, Loose, Reply, Route};
use crate::state::{State, Tunnel, UserTunnel};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    any("/api/v1/tunnel/user/assign", assign),
    any("/api/v1/tunnel/user/batch-assign", batch_assign),
    post("/api/v1/tunnel/user/remove", remove),
    any("/api/v1/tunnel/user/update", update),
    post("/api/v1/tunnel/user/list", list),
    post("/api/v1/tunnel/user/tunnel", visible),
];

const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;

/// What a permission is given; `None` keeps the present value, or takes the user's own for a new row.
#[derive(Default)]
struct Wish {
    user_id: i64,
    tunnel_id: i64,
    flow: Option<i64>,
    num: Option<i64>,
    exp_time: Option<i64>,
    flow_reset_time: Option<i64>,
    status: Option<i64>,
    /// `Some(None)` takes the limit away.
    speed_id: Option<Option<i64>>,
}

fn assign(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let not_negative = |key| body.opt_int(key).filter(|value| *value >= 0);
    let wish = Wish {
        user_id: body.int("userId", 0),
        tunnel_id: body.int("tunnelId", 0),
        flow: not_negative("flow"),
        num: not_negative("num"),
        exp_time: not_negative("expTime"),
        flow_reset_time: not_negative("flowResetTime"),
        status: not_negative("status"),
        speed_id: body.has("speedId").then(|| speed_id(&body)),
    };
    give(ctx.state, &wish)?;
    Ok(Reply::done())
}

/// Stops at the first item that fails; those before it stay.
fn batch_assign(ctx: &mut Ctx<'_>) -> Answer {
    const ITEM: Kind = Kind::Object(&[("tunnelId", Kind::Int), ("speedId", Kind::Int)]);
    const FIELDS: &[(&str, Kind)] = &[("userId", Kind::Int), ("tunnels", Kind::List(&ITEM))];
    let body = ctx.strict_or_refuse(FIELDS)?;
    let user_id = body.int("userId");
    if user_id <= 0 {
        return Err(Reply::fail("请求参数错误"));
    }
    for item in body.structs("tunnels") {
        // null is the same as absent here, so that a limit cannot be taken away
        let speed_id = item.opt_int("speedId").map(Some);
        let wish = Wish { user_id, tunnel_id: item.int("tunnelId"), speed_id, ..Wish::default() };
        give(ctx.state, &wish)?;
    }
    Ok(Reply::done())
}

/// A speed limit as the loose routes read it: any integer, be it of a limit that does not exist.
fn speed_id(body: &Loose) -> Option<i64> {
    as_int(body.raw("speedId"))
}

/// Makes the permission or changes it; neither the user nor the tunnel need exist.
fn give(state: &mut State, wish: &Wish) -> Result<(), Reply> {
    if wish.user_id <= 0 || wish.tunnel_id <= 0 {
        return Err(Reply::err(-2, "userId or tunnelId missing"));
    }
    let now = state.now();
    let rows = &mut state.tunnels.user_tunnels;
    if let Some(row) = rows.find_mut(|row| row.user_id == wish.user_id && row.tunnel_id == wish.tunnel_id) {
        row.flow = wish.flow.unwrap_or(row.flow);
        row.num = wish.num.unwrap_or(row.num);
        row.exp_time = wish.exp_time.unwrap_or(row.exp_time);
        row.flow_reset_time = wish.flow_reset_time.unwrap_or(row.flow_reset_time);
        row.status = wish.status.unwrap_or(row.status);
        row.speed_id = wish.speed_id.unwrap_or(row.speed_id);
        push_forwards(state, wish.tunnel_id, Some(wish.user_id));
        return Ok(());
    }
    let user = state.users.users.get(wish.user_id);
    rows.insert(UserTunnel {
        id: 0,
        user_id: wish.user_id,
        tunnel_id: wish.tunnel_id,
        speed_id: wish.speed_id.flatten(),
        num: or_own(wish.num, user.map(|u| u.num), 0),
        flow: or_own(wish.flow, user.map(|u| u.flow), 0),
        in_flow: 0,
        out_flow: 0,
        flow_reset_time: or_own(wish.flow_reset_time, user.map(|u| u.flow_reset_time), 1),
        exp_time: or_own(wish.exp_time, user.map(|u| u.exp_time), now + YEAR_MS),
        status: wish.status.unwrap_or(1),
    });
    Ok(())
}

/// What was asked for, else the user's own value unless it is negative, else the default.
fn or_own(wish: Option<i64>, own: Option<i64>, default: i64) -> i64 {
    wish.or(own.filter(|value| *value >= 0)).unwrap_or(default)
}

fn remove(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.id()?;
    ctx.state.tunnels.user_tunnels.remove(id);
    Ok(Reply::done())
}

/// Replaces everything but the counters: what is left out goes to its default, not to what it was.
fn update(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let id = body.int("id", 0);
    if id <= 0 {
        return Err(Reply::fail("权限ID不能为空"));
    }
    let in_a_year = ctx.state.now() + YEAR_MS;
    let Some(row) = ctx.state.tunnels.user_tunnels.get_mut(id) else {
        return Ok(Reply::done());
    };
    row.flow = body.int("flow", 0);
    row.num = body.int("num", 0);
    row.exp_time = body.int("expTime", in_a_year);
    row.flow_reset_time = body.int("flowResetTime", 1);
    row.speed_id = speed_id(&body);
    row.status = body.int("status", 1);
    let (user_id, tunnel_id) = (row.user_id, row.tunnel_id);
    push_forwards(ctx.state, tunnel_id, Some(user_id));
    Ok(Reply::done())
}

fn list(ctx: &mut Ctx<'_>) -> Answer {
    let user_id = ctx.strict_or_refuse(&[("userId", Kind::Int)])?.int("userId");
    let State { tunnels, limits, .. } = &*ctx.state;
    let rows = tunnels.user_tunnels.iter().filter(|row| user_id > 0 && row.user_id == user_id).map(|row| {
        let tunnel = tunnels.tunnels.get(row.tunnel_id);
        let limit = row.speed_id.and_then(|id| limits.limits.get(id));
        json!({
            "expTime": row.exp_time, "flow": row.flow, "flowResetTime": row.flow_reset_time, "id": row.id,
            "inFlow": row.in_flow, "num": row.num, "outFlow": row.out_flow,
            "speedId": row.speed_id, "speedLimitName": limit.map(|limit| &limit.name),
            // the stored status is not shown
            "status": 1,
            "tunnelFlow": tunnel.map_or(0, |tunnel| tunnel.flow), "tunnelId": row.tunnel_id,
            "tunnelName": tunnel.map_or("", |tunnel| tunnel.name.as_str()), "userId": row.user_id,
        })
    });
    Ok(Reply::ok(Value::Array(rows.collect())))
}

/// The enabled tunnels that the caller may use: all for an administrator, else those with a permission of any state.
fn visible(ctx: &mut Ctx<'_>) -> Answer {
    let (user_id, role) = ctx.user()?;
    let State { tunnels, .. } = &*ctx.state;
    let permitted = |id| tunnels.user_tunnels.any(|row| row.user_id == user_id && row.tunnel_id == id);
    let mut rows: Vec<&Tunnel> =
        tunnels.tunnels.iter().filter(|tunnel| tunnel.status == 1 && (role == 0 || permitted(tunnel.id))).collect();
    rows.sort_by_key(|tunnel| (tunnel.inx, tunnel.id));
    let rows = rows.into_iter().map(|tunnel| json!({"id": tunnel.id, "name": tunnel.name}));
    Ok(Reply::ok(Value::Array(rows.collect())))
}
