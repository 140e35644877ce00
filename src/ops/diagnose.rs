//! `ops.diagnose`: one summary of what is wrong, from four lists that are read at once.
//!
//! It judges only what the lists can show; what a node really does, forward.diagnose and tunnel.diagnose find out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use flvx_panel::{
    client::{Credential, PanelError},
    generated::{
        FORWARD_DIAGNOSE, FORWARD_LIST, NODE_LIST, TUNNEL_DIAGNOSE, TUNNEL_LIST, USER_LIST,
        forward::{ForwardListRequest, ForwardRow},
        node::{NodeListRequest, NodeRow},
        tunnel::{TunnelListRequest, TunnelRow},
        user::{UserListRequest, UserListRow},
    },
    spec::{Danger, Field, Kind, Route},
};
use serde_json::{Value, json};

use crate::{
    clean::clean_text,
    gateway::{Arguments, Caller, Gateway, Offer, OwnRun, OwnTool, Running, explain},
    result::CallOutput,
};

const FIELDS: &[Field] = &[
    Field {
        min: Some(1.0),
        max: Some(100.0),
        ..Field::new(
            "quotaPercent",
            Kind::Integer,
            "Users at or above this share of their quota count as near it; 80 unless said.",
        )
    },
    Field {
        min: Some(1.0),
        max: Some(365.0),
        ..Field::new("expiryDays", Kind::Integer, "Users who expire within this many days are named; 7 unless said.")
    },
];

pub(super) const TOOL: OwnTool = OwnTool {
    name: "ops.diagnose",
    wire_name: "ops_diagnose",
    domain: "ops",
    title: "What is wrong",
    title_zh: "健康诊断",
    brief: "One summary of what is wrong: nodes offline, tunnels with dead nodes, forwards paused, users near quota or expiry.",
    summary: "Reads nodes, tunnels, forwards and users and names what needs a look: offline nodes, imported nodes that cannot be reached, tunnels with an offline node, with how many \
              forwards hang on them, paused forwards with the likely reason, ports used twice on an entry node (the panel reports such a clash as success), users disabled, expired, \
              expiring, over or near quota. It changes nothing and commands no node. Needs an administrator; with an ordinary account only its own forwards are judged.",
    danger: Danger::Read,
    request: &Field { fields: FIELDS, ..Field::new("", Kind::Object, "") },
    request_schema: r#"{"type":"object","properties":{"quotaPercent":{"type":"integer","minimum":1,"maximum":100},"expiryDays":{"type":"integer","minimum":1,"maximum":365}},"additionalProperties":false}"#,
    run: OwnRun::Code(run),
};

/// Most things named under one heading; the rest is counted.
const MOST_NAMED: usize = 20;
const GB: f64 = 1_073_741_824.0;
/// Quota that the panel shows as unlimited.
const UNLIMITED: i64 = 99_999;

/// The panel as it was read.
struct Panel {
    nodes: Option<Vec<NodeRow>>,
    tunnels: Option<Vec<TunnelRow>>,
    forwards: Option<Vec<ForwardRow>>,
    users: Option<Vec<UserListRow>>,
}

impl Panel {
    /// What could not be read.
    fn missing(&self) -> Vec<&'static str> {
        let lists = [
            ("nodes", self.nodes.is_none()),
            ("tunnels", self.tunnels.is_none()),
            ("forwards", self.forwards.is_none()),
            ("users", self.users.is_none()),
        ];
        lists.into_iter().filter(|(_, missing)| *missing).map(|(name, _)| name).collect()
    }
}

fn run<'a>(gateway: &'a Gateway, caller: &'a Caller, arguments: &'a Arguments) -> Running<'a> {
    Box::pin(async move {
        let name = arguments.auth_context.as_deref();
        let Some(credential) = gateway.credentials().pick(&caller.principal, name) else {
            return super::auth::unknown(gateway, caller, name.unwrap_or_default());
        };
        let panel = match read(gateway, caller, &credential).await {
            Ok(panel) => panel,
            Err(error) => return explain(NODE_LIST, error),
        };
        let number = |name: &str, usual: i64| arguments.request.get(name).and_then(Value::as_i64).unwrap_or(usual);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
        let mut told = judge(&panel, number("quotaPercent", 80), number("expiryDays", 7), now);
        if let Value::Object(told) = &mut told {
            told.insert("next".to_owned(), next(gateway.offer(&caller.principal)).into());
        }
        let mut output = CallOutput::own(&told);
        let missing = panel.missing();
        if !missing.is_empty() {
            output.warnings.push(format!(
                "not judged, because the caller or the panel account may not list them: {}",
                missing.join(", ")
            ));
        }
        output
    })
}

/// Reads the four lists at once. Lists for administrators are left out when the account may not see them.
async fn read(gateway: &Gateway, caller: &Caller, credential: &Credential) -> Result<Panel, PanelError> {
    let client = gateway.client();
    // What the caller may not list it is not told in a summary either.
    let offer = gateway.offer(&caller.principal);
    let (nodes, tunnels, users, forwards) = tokio::join!(
        unless_hidden(offer, NODE_LIST, async { client.node_list(credential, &NodeListRequest::default()).await }),
        unless_hidden(offer, TUNNEL_LIST, async {
            client.tunnel_list(credential, &TunnelListRequest::default()).await
        }),
        unless_hidden(offer, USER_LIST, async { client.user_list(credential, &UserListRequest::default()).await }),
        unless_hidden(offer, FORWARD_LIST, async {
            client.forward_list(credential, &ForwardListRequest::default()).await
        }),
    );
    Ok(Panel {
        nodes: nodes.map(|list| allowed(list.map(|answer| answer.data))).transpose()?.flatten(),
        tunnels: tunnels.map(|list| allowed(list.map(|answer| answer.data))).transpose()?.flatten(),
        users: users.map(|list| allowed(list.map(|answer| answer.data))).transpose()?.flatten(),
        forwards: forwards.transpose()?.map(|answer| answer.data),
    })
}

async fn unless_hidden<T>(offer: Offer<'_>, route: &Route, read: impl Future<Output = T>) -> Option<T> {
    if offer.has_name(route.tool) { Some(read.await) } else { None }
}

fn allowed<T>(list: Result<T, PanelError>) -> Result<Option<T>, PanelError> {
    match list {
        Ok(list) => Ok(Some(list)),
        Err(PanelError::Refused(refusal)) if refusal.code == 403 => Ok(None),
        Err(error) => Err(error),
    }
}

fn judge(panel: &Panel, quota_percent: i64, expiry_days: i64, now: i64) -> Value {
    let nodes = panel.nodes.as_deref().unwrap_or_default();
    let tunnels = panel.tunnels.as_deref().unwrap_or_default();
    let users = panel.users.as_deref().unwrap_or_default();
    let forwards = panel.forwards.as_deref().unwrap_or_default();
    let dead: BTreeMap<i64, &NodeRow> =
        nodes.iter().filter(|node| node.status != 1).map(|node| (node.id, node)).collect();
    let mut findings: Vec<Value> = Vec::new();
    let mut find = |severity: &str, what: &str, items: Vec<Value>| {
        if !items.is_empty() {
            let count = items.len();
            let named: Vec<Value> = items.into_iter().take(MOST_NAMED).collect();
            findings.push(json!({ "severity": severity, "what": what, "count": count, "items": named }));
        }
    };
    find(
        "critical",
        "node offline",
        dead.values()
            .map(|node| json!({ "id": node.id, "name": clean_text(&node.name), "remote": node.is_remote == 1 }))
            .collect(),
    );
    find(
        "warning",
        "imported node whose panel cannot be asked",
        nodes
            .iter()
            .filter_map(|node| node.sync_error.as_deref().filter(|text| !text.is_empty()).map(|text| (node, text)))
            .map(
                |(node, text)| json!({ "id": node.id, "name": clean_text(&node.name), "panel_says": clean_text(text) }),
            )
            .collect(),
    );
    find(
        "critical",
        "tunnel with an offline node",
        tunnels.iter().filter_map(|tunnel| hurt(tunnel, &dead, forwards)).collect(),
    );
    find(
        "warning",
        "tunnel disabled",
        tunnels
            .iter()
            .filter(|tunnel| tunnel.status != 1)
            .map(|tunnel| json!({ "id": tunnel.id, "name": clean_text(&tunnel.name) }))
            .collect(),
    );
    find("warning", "port used twice on an entry node (the panel calls that success)", clashes(tunnels, forwards));
    find(
        "info",
        "forward paused",
        forwards.iter().filter(|forward| forward.status != 1).map(|forward| paused(forward, users, now)).collect(),
    );
    for (severity, what, items) in user_findings(users, quota_percent, expiry_days, now) {
        find(severity, what, items);
    }
    json!({
        "healthy": !findings.iter().any(|finding| finding["severity"] != "info"),
        "counts": {
            "nodes": nodes.len(), "nodes_online": nodes.len() - dead.len(), "tunnels": tunnels.len(), "users": users.len(),
            "forwards": forwards.len(), "forwards_running": forwards.iter().filter(|forward| forward.status == 1).count(),
        },
        "findings": findings,
    })
}

/// What the lists do not show, and what of the caller's tools does.
fn next(offer: Offer<'_>) -> String {
    let tests = [FORWARD_DIAGNOSE.tool, TUNNEL_DIAGNOSE.tool].into_iter().filter(|tool| offer.has_name(tool));
    let tests: Vec<&str> = tests.collect();
    let test = match tests.as_slice() {
        [] => String::new(),
        [one] => format!("{one} tests the way itself; "),
        several => format!("{} test the way itself; ", several.join(" and ")),
    };
    format!("{test}status 1 does not prove that a node listens")
}

/// Node ids of a tunnel, place by place.
fn places(tunnel: &TunnelRow) -> impl Iterator<Item = (&'static str, i64)> {
    let entries = tunnel.in_node_id.iter().map(|place| ("entry", place.node_id));
    let hops = tunnel.chain_nodes.iter().flatten().map(|place| ("hop", place.node_id));
    let exits = tunnel.out_node_id.iter().map(|place| ("exit", place.node_id));
    entries.chain(hops).chain(exits)
}

fn hurt(tunnel: &TunnelRow, dead: &BTreeMap<i64, &NodeRow>, forwards: &[ForwardRow]) -> Option<Value> {
    let nodes: Vec<Value> = places(tunnel)
        .filter_map(|(place, id)| {
            dead.get(&id).map(|node| json!({ "place": place, "id": id, "name": clean_text(&node.name) }))
        })
        .collect();
    let hanging = forwards.iter().filter(|forward| forward.tunnel_id == tunnel.id && forward.status == 1).count();
    (!nodes.is_empty()).then(
        || json!({ "id": tunnel.id, "name": clean_text(&tunnel.name), "offline": nodes, "running_forwards": hanging }),
    )
}

/// Running forwards that listen on the same port of the same entry node.
fn clashes(tunnels: &[TunnelRow], forwards: &[ForwardRow]) -> Vec<Value> {
    let mut listeners: BTreeMap<(i64, i64), BTreeSet<i64>> = BTreeMap::new();
    for forward in forwards.iter().filter(|forward| forward.status == 1) {
        let Some(port) = forward.in_port.filter(|port| *port > 0) else { continue };
        let Some(tunnel) = tunnels.iter().find(|tunnel| tunnel.id == forward.tunnel_id) else { continue };
        for place in &tunnel.in_node_id {
            listeners.entry((place.node_id, port)).or_default().insert(forward.id);
        }
    }
    listeners
        .into_iter()
        .filter(|(_, ids)| ids.len() > 1)
        .map(|((node, port), ids)| json!({ "node": node, "port": port, "forwards": ids }))
        .collect()
}

fn paused(forward: &ForwardRow, users: &[UserListRow], now: i64) -> Value {
    let owner = users.iter().find(|user| user.id == forward.user_id);
    let reason = owner.and_then(|user| {
        if user.status != 1 {
            Some("its owner is disabled")
        } else if user.exp_time < now {
            Some("its owner has expired")
        } else if used(user) > quota(user) {
            Some("its owner is over quota")
        } else {
            None
        }
    });
    json!({ "id": forward.id, "name": clean_text(&forward.name), "owner": clean_text(&forward.user_name), "likely_because": reason })
}

fn used(user: &UserListRow) -> f64 {
    (user.in_flow.saturating_add(user.out_flow)) as f64
}

fn quota(user: &UserListRow) -> f64 {
    if user.flow >= UNLIMITED { f64::INFINITY } else { user.flow as f64 * GB }
}

fn user_findings(
    users: &[UserListRow],
    quota_percent: i64,
    expiry_days: i64,
    now: i64,
) -> Vec<(&'static str, &'static str, Vec<Value>)> {
    const DAY: i64 = 86_400_000;
    let named = |user: &UserListRow| json!({ "id": user.id, "name": clean_text(&user.user) });
    let mut lists: [Vec<Value>; 5] = Default::default();
    let [disabled, expired, expiring, over, near] = &mut lists;
    for user in users {
        if user.status != 1 {
            disabled.push(named(user));
            continue;
        }
        let days = (user.exp_time - now) / DAY;
        if user.exp_time < now {
            expired.push(named(user));
        } else if days < expiry_days {
            expiring.push(json!({ "id": user.id, "name": clean_text(&user.user), "days": days }));
        }
        let share = if quota(user) > 0.0 { used(user) / quota(user) * 100.0 } else { 0.0 };
        if used(user) > quota(user) {
            over.push(json!({ "id": user.id, "name": clean_text(&user.user), "used_percent": share.round() }));
        } else if share >= quota_percent as f64 {
            near.push(json!({ "id": user.id, "name": clean_text(&user.user), "used_percent": share.round() }));
        }
    }
    let [disabled, expired, expiring, over, near] = lists;
    vec![
        ("warning", "user over quota", over),
        ("warning", "user expired but not disabled yet", expired),
        ("warning", "user near quota", near),
        ("warning", "user about to expire", expiring),
        ("info", "user disabled", disabled),
    ]
}
