//! Forwards. Any logged-in user may call these routes; a user who is no administrator reaches his own forwards only,
//! and nothing here looks at quotas, expiry or the account's status. The batch routes are in `batch`.

mod batch;
pub(crate) mod path;
pub(crate) mod ports;
pub(crate) mod services;

use serde_json::json;

use crate::http::router::{any, post};
use crate::http::{Answer, Ctx, Kind, Loose, Reply, Route};
use crate::state::{Forward, ForwardPort, State};
use path::PathEnd;
use services::{NotFound, Push};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    post("/api/v1/forward/list", list),
    any("/api/v1/forward/create", create),
    any("/api/v1/forward/update", update),
    post("/api/v1/forward/delete", delete),
    post("/api/v1/forward/force-delete", delete),
    post("/api/v1/forward/pause", pause),
    post("/api/v1/forward/resume", resume),
    post("/api/v1/forward/diagnose", diagnose),
    any("/api/v1/forward/update-order", update_order),
    post("/api/v1/forward/batch-delete", batch::delete),
    post("/api/v1/forward/batch-pause", batch::pause),
    post("/api/v1/forward/batch-resume", batch::resume),
    post("/api/v1/forward/batch-redeploy", batch::redeploy),
    any("/api/v1/forward/batch-change-tunnel", batch::change_tunnel),
];

fn list(ctx: &mut Ctx<'_>) -> Answer {
    let (user_id, role) = ctx.user()?;
    let state = &*ctx.state;
    let mut rows: Vec<_> = state.forwards.forwards.iter().filter(|row| role == 0 || row.user_id == user_id).collect();
    rows.sort_by_key(|row| (row.inx, row.id));
    let items: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let (in_ip, in_port) = ports::ingress(state, row);
            let tunnel = state.tunnels.tunnels.get(row.tunnel_id);
            json!({
                "createdTime": row.created_time,
                "id": row.id,
                "inFlow": row.in_flow,
                "inIp": in_ip,
                "inPort": in_port,
                "inx": row.inx,
                "name": row.name,
                "outFlow": row.out_flow,
                "remoteAddr": row.remote_addr,
                "status": row.status,
                "strategy": row.strategy,
                "tunnelId": row.tunnel_id,
                "tunnelName": tunnel.map_or("", |tunnel| tunnel.name.as_str()),
                "userId": row.user_id,
                "userName": row.user_name,
            })
        })
        .collect();
    Ok(Reply::ok(items.into()))
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let (user_id, role) = ctx.user()?;
    let tunnel_id = body.int("tunnelId", 0);
    if tunnel_id <= 0 {
        return Err(Reply::fail("隧道ID不能为空"));
    }
    check_permission(ctx.state, user_id, role, tunnel_id)?;
    check_tunnel(ctx.state, tunnel_id, "隧道不存在", "隧道已禁用，无法创建转发")?;
    let (name, remote_addr) = (body.text("name"), body.text("remoteAddr"));
    if name.is_empty() || remote_addr.is_empty() {
        return Err(Reply::fail("转发名称和目标地址不能为空"));
    }
    let mut port = body.int("inPort", 0);
    if port <= 0 {
        port = ports::pick_port(ctx.state, tunnel_id);
    }
    ports::check_entry_ports(ctx.state, tunnel_id, port).map_err(Reply::fail)?;
    let state = &mut *ctx.state;
    let now = state.now();
    let owner = state.users.users.get(user_id).map(|user| user.user.clone()).filter(|name| !name.is_empty());
    let forward = Forward {
        user_id,
        user_name: owner.unwrap_or_else(|| "user".to_owned()),
        name,
        tunnel_id,
        remote_addr,
        strategy: body.text_or("strategy", "fifo"),
        created_time: now,
        updated_time: now,
        status: 1,
        inx: next_inx(state),
        ..Forward::default()
    };
    let id = state.forwards.forwards.insert(forward.clone());
    let entries = ports::entry_nodes(state, tunnel_id);
    ports::replace_ports(state, id, entries.into_iter().map(|node_id| (node_id, port)));
    let forward = Forward { id, ..forward };
    if let Err(text) = services::sync_forward(state, &forward, Push::Add) {
        // services that earlier entry nodes took stay on them
        remove(state, id);
        return Err(Reply::fail(text));
    }
    Ok(Reply::done())
}

fn update(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let id = body.int("id", 0);
    if id <= 0 {
        return Err(Reply::fail("转发ID不能为空"));
    }
    let (user_id, role) = ctx.user()?;
    let old = accessible(ctx.state, id, user_id, role)?;
    let tunnel_id = body.int("tunnelId", old.tunnel_id);
    if tunnel_id <= 0 {
        return Err(Reply::fail("隧道ID不能为空"));
    }
    // the caller's permission counts, not the owner's, even when the tunnel stays the same
    check_permission(ctx.state, user_id, role, tunnel_id)?;
    check_tunnel(ctx.state, tunnel_id, "隧道不存在", "隧道已禁用，无法更新转发")?;
    let kept = |key: &str, stored: &str| body.text_or(key, stored);
    let wanted = Forward {
        name: kept("name", &old.name),
        remote_addr: kept("remoteAddr", &old.remote_addr),
        strategy: kept("strategy", &old.strategy),
        tunnel_id,
        ..old.clone()
    };
    let port = wanted_port(ctx.state, &body, id, tunnel_id);
    ports::check_entry_ports(ctx.state, tunnel_id, port).map_err(Reply::fail)?;
    rewrite(ctx.state, &old, &wanted, port).map_err(Reply::fail)?;
    Ok(Reply::done())
}

/// The port of the body, else the lowest the forward has, else a free one.
fn wanted_port(state: &mut State, body: &Loose, id: i64, tunnel_id: i64) -> i64 {
    let given = body.int("inPort", 0);
    if given > 0 { given } else { kept_port(state, id, tunnel_id) }
}

fn kept_port(state: &mut State, id: i64, tunnel_id: i64) -> i64 {
    let lowest = ports::ports_of(state, id).iter().map(|row| row.port).min().unwrap_or(0);
    if lowest > 0 { lowest } else { ports::pick_port(state, tunnel_id) }
}

/// Writes a changed forward and its port rows and pushes it; when a node fails, row and ports are put back and the old
/// configuration is pushed again. Entry nodes that are left behind keep their old services.
fn rewrite(state: &mut State, old: &Forward, wanted: &Forward, port: i64) -> Result<(), String> {
    let old_ports = ports::ports_of(state, old.id);
    write(state, wanted);
    let entries = ports::entry_nodes(state, wanted.tunnel_id);
    ports::replace_ports(state, old.id, entries.into_iter().map(|node_id| (node_id, port)));
    let pushed = services::sync_forward(state, wanted, Push::Update);
    if pushed.is_err() {
        write(state, old);
        ports::replace_ports(state, old.id, old_ports.iter().map(|row: &ForwardPort| (row.node_id, row.port)));
        let _ = services::sync_forward(state, old, Push::Update);
    }
    pushed
}

/// Writes what an update may change.
fn write(state: &mut State, forward: &Forward) {
    let now = state.now();
    if let Some(row) = state.forwards.forwards.get_mut(forward.id) {
        row.name.clone_from(&forward.name);
        row.tunnel_id = forward.tunnel_id;
        row.remote_addr.clone_from(&forward.remote_addr);
        row.strategy.clone_from(&forward.strategy);
        row.updated_time = now;
    }
}

fn delete(ctx: &mut Ctx<'_>) -> Answer {
    let forward = from_id(ctx)?;
    services::control_forward(ctx.state, &forward, "DeleteService", NotFound::Ignored).map_err(Reply::fail)?;
    remove(ctx.state, forward.id);
    Ok(Reply::done())
}

fn pause(ctx: &mut Ctx<'_>) -> Answer {
    let forward = from_id(ctx)?;
    services::control_forward(ctx.state, &forward, "PauseService", NotFound::Fails).map_err(Reply::fail)?;
    set_status(ctx.state, forward.id, 0);
    Ok(Reply::done())
}

fn resume(ctx: &mut Ctx<'_>) -> Answer {
    let forward = from_id(ctx)?;
    services::control_forward(ctx.state, &forward, "ResumeService", NotFound::Fails).map_err(Reply::fail)?;
    set_status(ctx.state, forward.id, 1);
    Ok(Reply::done())
}

fn diagnose(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.loose_or_refuse()?.int("forwardId", 0);
    if id <= 0 {
        return Err(Reply::fail("参数错误"));
    }
    let (user_id, role) = ctx.user()?;
    let forward = accessible(ctx.state, id, user_id, role)?;
    let targets = services::targets(&forward.remote_addr);
    if targets.is_empty() {
        return Err(Reply::fail("目标地址不能为空"));
    }
    let ends: Vec<PathEnd> = targets.iter().filter_map(|target| path_end(target)).collect();
    if ends.is_empty() {
        return Err(Reply::fail("目标地址格式错误"));
    }
    let results = path::probe_tunnel(ctx.state, forward.tunnel_id, &ends).map_err(|text| {
        let code = if text.contains("不存在") { -1 } else { -2 };
        Reply::err(code, text)
    })?;
    Ok(Reply::ok(json!({"forwardName": forward.name, "results": results, "timestamp": ctx.state.now()})))
}

/// A target `host:port`; `None` when it cannot be read as one.
fn path_end(target: &str) -> Option<PathEnd> {
    let (host, port) = target.rsplit_once(':')?;
    let port = port.trim().parse().ok().filter(|port| (1..=65535).contains(port))?;
    let host = host.trim().trim_matches(['[', ']']);
    (!host.is_empty()).then(|| PathEnd { label: format!("目标({target})"), host: host.to_owned(), port })
}

fn update_order(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] =
        &[("forwards", Kind::List(&Kind::Object(&[("id", Kind::Int), ("inx", Kind::Int)])))];
    let body = ctx.strict_or_refuse(FIELDS)?;
    let now = ctx.state.now();
    // nobody asks whose forwards these are
    for place in body.structs("forwards") {
        if let Some(row) = ctx.state.forwards.forwards.get_mut(place.int("id")) {
            row.inx = place.int("inx");
            row.updated_time = now;
        }
    }
    Ok(Reply::done())
}

/// The forward that the body's `id` names, if the caller may touch it.
fn from_id(ctx: &mut Ctx<'_>) -> Result<Forward, Reply> {
    let id = ctx.id()?;
    let (user_id, role) = ctx.user()?;
    accessible(ctx.state, id, user_id, role)
}

/// A forward the caller may touch; somebody else's answers as if it did not exist.
fn accessible(state: &State, id: i64, user_id: i64, role: i64) -> Result<Forward, Reply> {
    let row = state.forwards.forwards.get(id).filter(|row| role == 0 || row.user_id == user_id);
    row.cloned().ok_or_else(|| Reply::fail("转发不存在"))
}

fn check_permission(state: &State, user_id: i64, role: i64, tunnel_id: i64) -> Result<(), Reply> {
    let permitted =
        |row: &crate::state::UserTunnel| row.user_id == user_id && row.tunnel_id == tunnel_id && row.status == 1;
    if role == 0 || state.tunnels.user_tunnels.any(permitted) {
        Ok(())
    } else {
        Err(Reply::fail("你没有该隧道的权限"))
    }
}

fn check_tunnel(state: &State, tunnel_id: i64, gone: &str, disabled: &str) -> Result<(), Reply> {
    match state.tunnels.tunnels.get(tunnel_id) {
        None => Err(Reply::fail(gone)),
        Some(tunnel) if tunnel.status != 1 => Err(Reply::fail(disabled)),
        Some(_) => Ok(()),
    }
}

fn next_inx(state: &State) -> i64 {
    let last = state.forwards.forwards.iter().map(|row| row.inx).max();
    last.filter(|inx| *inx >= 0).map_or(0, |inx| inx + 1)
}

/// Sets the status a forward is shown with.
pub(crate) fn set_status(state: &mut State, id: i64, status: i64) {
    let now = state.now();
    if let Some(row) = state.forwards.forwards.get_mut(id) {
        row.status = status;
        row.updated_time = now;
    }
}

/// Takes a forward and its port rows out of the tables.
fn remove(state: &mut State, id: i64) {
    ports::replace_ports(state, id, []);
    state.forwards.forwards.remove(id);
}
