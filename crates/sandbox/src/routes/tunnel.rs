//! Tunnels: reading, ordering, deleting, deploying again and diagnosing. Making and changing one is in `save`; what
//! runs on the nodes for it in `deploy`, and on other panels in `remote`.

mod deploy;
mod layout;
mod remote;
mod save;
mod view;

use serde_json::{Value, json};

use crate::http::decode::Kind;
use crate::http::router::post;
use crate::http::{Answer, Ctx, Reply, Route};
use crate::routes::forward::path::{PathEnd, probe_tunnel};
use crate::state::State;

pub(crate) use deploy::after_upgrade;
pub(super) use deploy::push_forwards;

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    post("/api/v1/tunnel/list", list),
    post("/api/v1/tunnel/get", get),
    post("/api/v1/tunnel/create", save::create),
    post("/api/v1/tunnel/update", save::update),
    post("/api/v1/tunnel/update-order", update_order),
    post("/api/v1/tunnel/delete", delete),
    post("/api/v1/tunnel/batch-delete", batch_delete),
    post("/api/v1/tunnel/batch-redeploy", batch_redeploy),
    post("/api/v1/tunnel/diagnose", diagnose),
];

/// All tunnels; `speed-limit/tunnels` is the same handler.
pub(super) fn list(ctx: &mut Ctx<'_>) -> Answer {
    Ok(Reply::ok(Value::Array(view::rows(ctx.state))))
}

fn get(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.id()?;
    match ctx.state.tunnels.tunnels.get(id) {
        Some(tunnel) => Ok(Reply::ok(view::row(ctx.state, tunnel))),
        None => Err(Reply::fail("隧道不存在")),
    }
}

fn update_order(ctx: &mut Ctx<'_>) -> Answer {
    const PLACE: Kind = Kind::Object(&[("id", Kind::Int), ("inx", Kind::Int)]);
    const FIELDS: &[(&str, Kind)] = &[("tunnels", Kind::List(&PLACE))];
    let body = ctx.strict_or_refuse(FIELDS)?;
    let now = ctx.state.now();
    for place in body.structs("tunnels") {
        if let Some(tunnel) = ctx.state.tunnels.tunnels.get_mut(place.int("id")) {
            tunnel.inx = place.int("inx");
            tunnel.updated_time = now;
        }
    }
    Ok(Reply::done())
}

fn delete(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.id()?;
    take_down_and_delete(ctx.state, id);
    Ok(Reply::done())
}

fn batch_delete(ctx: &mut Ctx<'_>) -> Answer {
    let ids = ctx.ids()?;
    for id in &ids {
        take_down_and_delete(ctx.state, *id);
    }
    Ok(Reply::ok(json!({"failCount": 0, "successCount": ids.len()})))
}

fn take_down_and_delete(state: &mut State, id: i64) {
    deploy::take_down(state, id);
    remote::take_down(state, id);
    delete_tunnel(state, id);
}

/// Deletes a tunnel's rows and all that hangs on it. Group memberships and grants stay behind, and so do the services
/// of its forwards on the nodes.
pub(crate) fn delete_tunnel(state: &mut State, id: i64) {
    let State { tunnels, forwards, limits, federation, .. } = state;
    let gone = |forward_id| forwards.forwards.get(forward_id).is_some_and(|f| f.tunnel_id == id);
    forwards.ports.retain(|row| !gone(row.forward_id));
    forwards.forwards.retain(|row| row.tunnel_id != id);
    tunnels.user_tunnels.retain(|row| row.tunnel_id != id);
    limits.limits.retain(|row| row.tunnel_id != id);
    tunnels.chains.retain(|row| row.tunnel_id != id);
    federation.bindings.retain(|row| row.tunnel_id != id);
    tunnels.tunnels.remove(id);
}

fn batch_redeploy(ctx: &mut Ctx<'_>) -> Answer {
    let (mut done, mut failed) = (0, 0);
    for id in ctx.ids()? {
        match deploy::redeploy(ctx.state, id) {
            Ok(()) => done += 1,
            Err(_) => failed += 1,
        }
    }
    Ok(Reply::ok(json!({"failCount": failed, "successCount": done})))
}

fn diagnose(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.loose_or_refuse()?.int("tunnelId", 0);
    if id <= 0 {
        return Err(Reply::fail("参数错误"));
    }
    let tunnel = ctx.state.tunnels.tunnels.get(id).filter(|tunnel| !tunnel.name.is_empty());
    let Some(tunnel) = tunnel else {
        return Err(Reply::fail("隧道不存在"));
    };
    let (name, kind) = (tunnel.name.clone(), tunnel.kind);
    let internet = PathEnd { label: "外网".to_owned(), host: "www.bing.com".to_owned(), port: 443 };
    let results = probe_tunnel(ctx.state, id, &[internet]).map_err(Reply::fail)?;
    Ok(Reply::ok(json!({
        "results": results,
        "timestamp": ctx.state.now(),
        "tunnelName": name,
        "tunnelType": if kind == 1 { "端口转发" } else { "隧道转发" },
    })))
}
