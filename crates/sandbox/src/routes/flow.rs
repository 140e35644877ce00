//! What agents report: traffic by service name, and the names of what they run. A report books traffic on whatever its
//! names say, pauses forwards whose owner is over quota, and removes what no row stands for. The answer is always `ok`,
//! also for an unknown secret; encrypted reports are taken for unreadable ones.

use serde::Deserialize;
use serde_json::json;

use super::federation_peer::{is_used_up, take_down};
use super::federation_share::live_runtimes;
use super::forward::set_status;
use crate::agents;
use crate::http::router::any;
use crate::http::{Answer, Ctx, Reply, Route};
use crate::routes::{NotFound, control_forward};
use crate::state::{Forward, State};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[any("/flow/upload", upload), any("/flow/config", config)];

const GIB: i64 = 1024 * 1024 * 1024;

/// Traffic of one service since the last report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    n: String,
    u: i64,
    d: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Snapshot {
    services: Vec<Named>,
    chains: Vec<Named>,
    limiters: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    name: String,
}

fn node_of(ctx: &Ctx<'_>) -> Option<i64> {
    let secret = ctx.request.query_value("secret");
    ctx.state.nodes.nodes.find(|node| node.secret == secret).map(|node| node.id)
}

fn ok() -> Reply {
    Reply::text(200, "text/plain; charset=utf-8", "ok")
}

fn upload(ctx: &mut Ctx<'_>) -> Answer {
    if node_of(ctx).is_some() {
        // any node's secret books traffic on any service name
        for item in serde_json::from_slice::<Vec<Item>>(&ctx.request.body).unwrap_or_default() {
            book(ctx.state, &item);
        }
    }
    Ok(ok())
}

fn book(state: &mut State, item: &Item) {
    let name = item.n.trim();
    if let Some((forward_id, user_id, permission)) = forward_ids(name) {
        book_forward(state, forward_id, user_id, permission, item);
        return;
    }
    let runtime_id =
        name.strip_prefix("fed_svc_").and_then(|rest| rest.split('_').next()).and_then(|id| id.parse().ok());
    if let Some(runtime_id) = runtime_id {
        book_share(state, runtime_id, item.u.saturating_add(item.d));
    }
}

/// The ids in `<forward>_<user>_<permission>…`.
fn forward_ids(name: &str) -> Option<(i64, i64, i64)> {
    let mut parts = name.split('_').map(str::parse::<i64>);
    let (forward, user, permission) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    (forward > 0 && user > 0).then_some((forward, user, permission))
}

fn book_forward(state: &mut State, forward_id: i64, user_id: i64, permission: i64, item: &Item) {
    let (inbound, outbound) = (scaled(state, forward_id, item.d), scaled(state, forward_id, item.u));
    if let Some(row) = state.forwards.forwards.get_mut(forward_id) {
        row.in_flow += inbound;
        row.out_flow += outbound;
    }
    if let Some(row) = state.users.users.get_mut(user_id) {
        row.in_flow += inbound;
        row.out_flow += outbound;
    }
    if permission <= 0 {
        return;
    }
    if let Some(row) = state.tunnels.user_tunnels.get_mut(permission) {
        row.in_flow += inbound;
        row.out_flow += outbound;
    }
    enforce(state, user_id, permission);
}

/// Raw bytes times the tunnel's ratio, cut to an integer, times its `flow`.
fn scaled(state: &State, forward_id: i64, bytes: i64) -> i64 {
    let forward = state.forwards.forwards.get(forward_id);
    let Some(tunnel) = forward.and_then(|row| state.tunnels.tunnels.get(row.tunnel_id)) else { return bytes };
    let ratio = if tunnel.traffic_ratio <= 0.0 { 1.0 } else { tunnel.traffic_ratio };
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let times_ratio = (bytes as f64 * ratio) as i64;
    times_ratio.saturating_mul(tunnel.flow.max(1))
}

/// Pauses what may not run any more: all forwards of a user who is over, expired or disabled, or those on one tunnel
/// when only that permission is.
fn enforce(state: &mut State, user_id: i64, permission: i64) {
    let now = state.now();
    let over = |exp_time: i64, status: i64| (exp_time > 0 && exp_time <= now) || status != 1;
    let user = state.users.users.get(user_id);
    if user.is_some_and(|row| row.flow * GIB < row.in_flow + row.out_flow || over(row.exp_time, row.status)) {
        pause_all(state, |forward| forward.user_id == user_id);
    }
    let Some(row) = state.tunnels.user_tunnels.get(permission) else { return };
    // here the limit itself is too much already, so a quota of 0 allows nothing
    if row.in_flow + row.out_flow >= row.flow * GIB || over(row.exp_time, row.status) {
        let (user_id, tunnel_id) = (row.user_id, row.tunnel_id);
        pause_all(state, |forward| forward.user_id == user_id && forward.tunnel_id == tunnel_id);
    }
}

fn pause_all(state: &mut State, wanted: impl Fn(&Forward) -> bool) {
    let running: Vec<Forward> =
        state.forwards.forwards.iter().filter(|row| row.status == 1 && wanted(row)).cloned().collect();
    for forward in running {
        // shown as paused even when the node refused
        let _ = control_forward(state, &forward, "PauseService", NotFound::Fails);
        set_status(state, forward.id, 0);
    }
}

fn book_share(state: &mut State, runtime_id: i64, bytes: i64) {
    let live = state.federation.runtimes.get(runtime_id).filter(|row| row.status == 1);
    let Some(share_id) = live.map(|row| row.share_id) else { return };
    let now = state.now();
    let Some(share) = state.federation.shares.get_mut(share_id).filter(|_| bytes > 0) else { return };
    share.current_flow += bytes;
    share.updated_time = now;
    if is_used_up(share) {
        for runtime in live_runtimes(state, share_id) {
            take_down(state, &runtime);
        }
    }
}

fn config(ctx: &mut Ctx<'_>) -> Answer {
    if let Some(node_id) = node_of(ctx)
        && let Ok(snapshot) = serde_json::from_slice::<Snapshot>(&ctx.request.body)
    {
        sweep(ctx.state, node_id, &snapshot);
    }
    Ok(ok())
}

/// Tells a node to delete what no row stands for.
fn sweep(state: &mut State, node_id: i64, snapshot: &Snapshot) {
    for service in snapshot.services.iter().map(|item| item.name.trim()) {
        if let Some(names) = orphaned_services(state, service) {
            let _ = agents::send_gone(state, node_id, "DeleteService", &json!({"services": names}));
        }
    }
    for chain in snapshot.chains.iter().map(|item| item.name.trim()) {
        // the number behind the last underscore is taken for a tunnel, also in a share's fed_chain_<runtime>
        let number =
            chain.rsplit_once('_').filter(|(head, _)| !head.is_empty()).and_then(|(_, id)| id.parse::<i64>().ok());
        if number.is_some_and(|id| id > 0 && state.tunnels.tunnels.get(id).is_none()) {
            let _ = agents::send_gone(state, node_id, "DeleteChains", &json!({"chain": chain}));
        }
    }
    for limiter in snapshot.limiters.iter().map(|item| item.name.trim()).filter(|name| !name.is_empty()) {
        let known = limiter.parse().is_ok_and(|id: i64| id > 0 && state.limits.limits.get(id).is_some());
        if !known {
            let _ = agents::send_gone(state, node_id, "DeleteLimiters", &json!({"limiter": limiter}));
        }
    }
}

/// The names to delete for a service whose forward or tunnel is gone.
fn orphaned_services(state: &State, name: &str) -> Option<Vec<String>> {
    if name.is_empty() || name == "web_api" {
        return None;
    }
    let parts: Vec<&str> = name.split('_').collect();
    let number = parts.first()?.parse::<i64>().ok().filter(|id| *id > 0)?;
    if let [forward, user, permission, ..] = parts.as_slice() {
        if state.forwards.forwards.get(number).is_none() {
            let base = format!("{forward}_{user}_{permission}");
            return Some(vec![name.to_owned(), base.clone(), format!("{base}_tcp"), format!("{base}_udp")]);
        }
        return None;
    }
    let is_tunnel = parts.last() == Some(&"tls");
    (is_tunnel && state.tunnels.tunnels.get(number).is_none()).then(|| vec![name.to_owned()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;
    use crate::state::Settings;
    use crate::world;

    fn report(state: &mut State, name: &str, up: i64, down: i64) {
        book(state, &Item { n: name.to_owned(), u: up, d: down });
    }

    #[test]
    fn traffic_is_scaled_by_the_tunnel_and_booked_on_forward_user_and_permission() {
        let mut state = world::standard(Settings::default());
        let before = state.forwards.forwards.get(3).unwrap().clone();
        report(&mut state, "3_2_2_tcp", 100, 1000);
        let after = state.forwards.forwards.get(3).unwrap();
        // tunnel 2 counts times 1.5 and both ways
        assert_eq!((after.in_flow - before.in_flow, after.out_flow - before.out_flow), (3000, 300));
        assert_eq!(after.status, 1);
    }

    #[test]
    fn a_user_over_quota_has_all_running_forwards_paused_on_the_node_too() {
        let mut state = world::standard(Settings::default());
        report(&mut state, "4_2_1_tcp", 0, 501 * GIB);
        assert!(state.forwards.forwards.iter().filter(|row| row.user_id == 2).all(|row| row.status == 0));
        assert!(state.agents.get(1).unwrap().model.services["4_2_1_tcp"].paused);
    }

    #[test]
    fn a_used_up_share_loses_what_runs_on_it() {
        let mut state = world::standard(Settings::default());
        assert!(state.agents.get(2).unwrap().model.services.contains_key("fed_svc_1"));
        report(&mut state, "fed_svc_1", 50 * GIB, 1);
        assert_eq!(state.federation.runtimes.get(1).unwrap().status, 0);
        assert!(!state.agents.get(2).unwrap().model.services.contains_key("fed_svc_1"));
    }

    #[test]
    fn a_config_report_sweeps_orphans_and_a_shares_chain_by_mistake() {
        let mut state = world::standard(Settings::default());
        let named = |names: &[&str]| names.iter().map(|name| Named { name: (*name).to_owned() }).collect();
        let snapshot = Snapshot {
            services: named(&["1_1_0_tcp", "99_1_0_tcp", "2_tls", "77_tls", "web_api"]),
            chains: named(&["chains_2", "fed_chain_77"]),
            limiters: named(&["1", "55"]),
        };
        sweep(&mut state, 1, &snapshot);
        let seen: Vec<_> = state.agents.take_seen(1).into_iter().map(|command| command.data).collect();
        assert_eq!(
            seen,
            [
                json!({"services": ["99_1_0_tcp", "99_1_0", "99_1_0_tcp", "99_1_0_udp"]}),
                json!({"services": ["77_tls"]}),
                json!({"chain": "fed_chain_77"}),
                json!({"limiter": "55"}),
            ]
        );
    }
}
