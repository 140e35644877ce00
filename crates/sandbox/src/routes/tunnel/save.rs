//! Making a tunnel and replacing one. A new tunnel is all or nothing; a changed one is torn down first, before the
//! request is even looked at, and keeps its new definition when the nodes fail.

use super::deploy::{self, Deployed};
use super::layout::Layout;
use super::{delete_tunnel, remote};
use crate::http::{Answer, Ctx, Loose, Reply};
use crate::state::{State, Tunnel};

pub(super) fn create(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let state = &mut *ctx.state;
    let name = body.text("name");
    if name.is_empty() {
        return Err(Reply::fail("隧道名称不能为空"));
    }
    if state.tunnels.tunnels.any(|tunnel| tunnel.name == name) {
        return Err(Reply::fail("隧道名称重复"));
    }
    let mut layout = Layout::of_request(&body, 0);
    layout.check(state, 0).map_err(Reply::fail)?;
    let roles = in_transaction(state, |state| {
        layout.tunnel_id = insert(state, name, &body, &layout);
        let roles = remote::set_up(state, &mut layout).map_err(Reply::fail)?;
        store(state, &layout, &roles)?;
        Ok(roles)
    })?;
    if layout.kind == 2 {
        let mut made = Deployed::default();
        if let Err(text) = deploy::deploy(state, &layout, &mut made) {
            deploy::take_back(state, layout.tunnel_id, &made);
            roles.release(state);
            delete_tunnel(state, layout.tunnel_id);
            return Err(Reply::fail(text));
        }
    }
    Ok(Reply::done())
}

fn insert(state: &mut State, name: String, body: &Loose, layout: &Layout) -> i64 {
    let now = state.now();
    let in_ip = match body.text("inIp") {
        given if given.is_empty() => layout.entry_addresses(state),
        given => given,
    };
    let tunnels = &mut state.tunnels.tunnels;
    let inx = tunnels.iter().map(|tunnel| tunnel.inx).max().map_or(0, |last| last + 1);
    // the table's default takes the place of a zero when a row is made, not when it is changed
    let traffic_ratio = Some(body.float("trafficRatio", 1.0)).filter(|ratio| *ratio != 0.0).unwrap_or(1.0);
    tunnels.insert(Tunnel {
        id: 0,
        name,
        traffic_ratio,
        kind: layout.kind,
        protocol: "tls".to_owned(),
        flow: body.int("flow", 1),
        created_time: now,
        updated_time: now,
        status: body.int("status", 1),
        in_ip: filled(in_ip),
        inx,
        ip_preference: layout.ip_preference.clone(),
    })
}

fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Replaces everything: what is left out goes to its default, and the entry addresses are always computed anew. Whether
/// the tunnel exists is not asked.
pub(super) fn update(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let state = &mut *ctx.state;
    let id = body.int("id", 0);
    if id <= 0 {
        return Err(Reply::fail("隧道ID不能为空"));
    }
    deploy::take_down(state, id);
    remote::take_down(state, id);
    let mut layout = Layout::of_request(&body, id);
    layout.check(state, id).map_err(Reply::fail)?;
    let roles = in_transaction(state, |state| {
        let roles = remote::set_up(state, &mut layout).map_err(Reply::fail)?;
        replace(state, &body, &layout);
        store(state, &layout, &roles)?;
        Ok(roles)
    })?;
    if layout.kind == 2 {
        let mut made = Deployed::default();
        if let Err(text) = deploy::deploy(state, &layout, &mut made) {
            deploy::take_back(state, id, &made);
            roles.release(state);
            remote::forget(state, id);
            // nodes that cannot be reached are no error: the definition is stored and nothing runs
            let forgiven = roles.is_empty() && deploy::is_unreachable(&text);
            return if forgiven { Ok(Reply::done()) } else { Err(Reply::fail(text)) };
        }
    }
    deploy::push_forwards(state, id, None);
    Ok(Reply::done())
}

/// An unknown tunnel has no row to change, but its nodes are stored all the same.
fn replace(state: &mut State, body: &Loose, layout: &Layout) {
    let now = state.now();
    let in_ip = layout.entry_addresses(state);
    if let Some(tunnel) = state.tunnels.tunnels.get_mut(layout.tunnel_id) {
        tunnel.name = body.text("name");
        tunnel.kind = layout.kind;
        tunnel.flow = body.int("flow", 1);
        tunnel.traffic_ratio = body.float("trafficRatio", 1.0);
        tunnel.status = body.int("status", 1);
        tunnel.in_ip = filled(in_ip);
        tunnel.ip_preference.clone_from(&layout.ip_preference);
        tunnel.updated_time = now;
    }
    state.tunnels.chains.retain(|row| row.tunnel_id != layout.tunnel_id);
}

/// Stores the nodes and the bindings; when there is no port to be had, what was set up elsewhere is given back.
fn store(state: &mut State, layout: &Layout, roles: &remote::Roles) -> Result<(), Reply> {
    if let Err(text) = layout.store(state) {
        roles.release(state);
        return Err(Reply::err(-2, text));
    }
    roles.store(state, layout.tunnel_id);
    Ok(())
}

/// Runs `work`; when it fails, the tables of tunnels are as they were, the next id included.
fn in_transaction<T>(state: &mut State, work: impl FnOnce(&mut State) -> Result<T, Reply>) -> Result<T, Reply> {
    let before = state.tunnels.clone();
    let outcome = work(state);
    if outcome.is_err() {
        state.tunnels = before;
    }
    outcome
}
