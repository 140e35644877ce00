//! Forwards on the nodes: the services a forward becomes, pushing them, and pausing, resuming or deleting them.
//! The panel tries several names because a service is named after the owner's permission, which may have changed.

use serde_json::{Map, Value, json};

use super::ports::ports_of;
use crate::agents;
use crate::state::{Forward, Node, State};

/// Which command a push uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Push {
    /// `AddService` only.
    Add,
    /// `UpdateService`, and `AddService` when that fails.
    Update,
}

/// What "not found" from the node means for a control command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// The command failed.
    Fails,
    /// Nothing to do.
    Ignored,
}

/// Pushes a forward's services to every entry node it has port rows for.
///
/// # Errors
/// The panel's text of the first node that fails; nodes before it keep what they got.
pub(crate) fn sync_forward(state: &mut State, forward: &Forward, push: Push) -> Result<(), String> {
    let Some(tunnel) = state.tunnels.tunnels.get(forward.tunnel_id) else {
        return Err("隧道不存在".to_owned());
    };
    let kind = tunnel.kind;
    let ports = ports_of(state, forward.id);
    if ports.is_empty() {
        return Err("转发入口端口不存在".to_owned());
    }
    let (permission, limit) = permission_and_limit(state, forward.user_id, forward.tunnel_id);
    let base = service_base(forward, permission);
    let tls = out_protocol_is_tls(state, forward.tunnel_id);
    for port in ports {
        if let Some((limit_id, speed)) = limit {
            // whatever the node answers: a limiter that is there already is the usual case
            let _ = agents::send(state, port.node_id, "AddLimiters", &limiter(limit_id, speed));
        }
        let Some(node) = state.nodes.nodes.get(port.node_id) else {
            return Err("节点不存在".to_owned());
        };
        let name = display_name(node);
        let services =
            ServiceBuilder { base: &base, forward, kind, limit: limit.map(|(id, _)| id), tls }.build(node, port.port);
        let result = match push {
            Push::Add => agents::send_new(state, port.node_id, "AddService", &services),
            Push::Update => agents::send_new(state, port.node_id, "UpdateService", &services)
                .or_else(|_| agents::send_new(state, port.node_id, "AddService", &services)),
        };
        result.map_err(|error| format!("节点 {name} 下发失败: {error}"))?;
    }
    Ok(())
}

/// Sends a control command (`PauseService`, `ResumeService`, `DeleteService`) for a forward to each of its nodes.
///
/// # Errors
/// The node's text when it fails; nodes before it have done their part.
pub(crate) fn control_forward(
    state: &mut State,
    forward: &Forward,
    command: &str,
    not_found: NotFound,
) -> Result<(), String> {
    let mut nodes = Vec::new();
    for port in ports_of(state, forward.id) {
        if !nodes.contains(&port.node_id) {
            nodes.push(port.node_id);
        }
    }
    let bases = candidate_bases(state, forward);
    for node_id in nodes {
        let missing = control_on_node(state, node_id, &bases, command)?;
        if let (Some(text), NotFound::Fails) = (missing, not_found) {
            return Err(text);
        }
    }
    Ok(())
}

/// Tries the names until one is known to the node; gives the node's last "not found" when none was.
fn control_on_node(state: &mut State, node_id: i64, bases: &[String], command: &str) -> Result<Option<String>, String> {
    let mut missing = None;
    for base in bases {
        let mut handled = false;
        for name in [format!("{base}_tcp"), format!("{base}_udp"), base.clone()] {
            match agents::send(state, node_id, command, &json!({"services": [name]})) {
                Ok(_) => handled = true,
                Err(error) if error.means_not_found() => missing = Some(error.to_string()),
                Err(error) => return Err(error.to_string()),
            }
        }
        if handled {
            return Ok(None);
        }
    }
    Ok(missing)
}

fn candidate_bases(state: &State, forward: &Forward) -> Vec<String> {
    let (preferred, _) = permission_and_limit(state, forward.user_id, forward.tunnel_id);
    let mut ids = vec![preferred];
    let of_user = || state.tunnels.user_tunnels.iter().filter(|row| row.user_id == forward.user_id);
    let same_tunnel = of_user().filter(|row| row.tunnel_id == forward.tunnel_id);
    for id in same_tunnel.chain(of_user()).map(|row| row.id).chain([0]) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.into_iter().map(|id| service_base(forward, id)).collect()
}

/// The name its services start with: `<forward>_<owner>_<permission, or 0>`.
#[must_use]
pub(crate) fn service_base(forward: &Forward, permission: i64) -> String {
    format!("{}_{}_{permission}", forward.id, forward.user_id)
}

/// The owner's permission row on the tunnel (0 when there is none) and its speed limit as (id, Mbit/s).
#[must_use]
pub(crate) fn permission_and_limit(state: &State, user_id: i64, tunnel_id: i64) -> (i64, Option<(i64, i64)>) {
    let Some(row) = state.tunnels.user_tunnels.find(|row| row.user_id == user_id && row.tunnel_id == tunnel_id) else {
        return (0, None);
    };
    let limit = row.speed_id.and_then(|id| state.limits.limits.get(id)).map(|limit| (limit.id, limit.speed));
    (row.id, limit)
}

/// The payload of `AddLimiters`: the limit's id as name, the speed in MB/s for both directions.
#[must_use]
pub(crate) fn limiter(id: i64, mbit: i64) -> Value {
    #[allow(clippy::cast_precision_loss)]
    let rate = mbit as f64 / 8.0;
    json!({"name": id.to_string(), "limits": [format!("$ {rate:.1}MB {rate:.1}MB")]})
}

/// A node's name, or `node_<id>` when it has none.
#[must_use]
pub(crate) fn display_name(node: &Node) -> String {
    if node.name.trim().is_empty() { format!("node_{}", node.id) } else { node.name.clone() }
}

fn out_protocol_is_tls(state: &State, tunnel_id: i64) -> bool {
    let exit = state.tunnels.chains.find(|row| row.tunnel_id == tunnel_id && row.chain_type == "3");
    let protocol = exit.and_then(|row| row.protocol.as_deref()).unwrap_or_default().trim();
    protocol.is_empty() || protocol.eq_ignore_ascii_case("tls")
}

/// Targets of a forward as the node gets them: split at commas, bare IPv6 addresses bracketed.
#[must_use]
pub(crate) fn targets(remote_addr: &str) -> Vec<String> {
    remote_addr.split(',').map(str::trim).filter(|part| !part.is_empty()).map(bracketed).collect()
}

/// Puts a bare IPv6 address of `host:port` in brackets; everything else stays as it is.
#[must_use]
pub(crate) fn bracketed(address: &str) -> String {
    let is_v6 = |text: &str| text.matches(':').count() >= 2;
    if address.starts_with('[') {
        return address.to_owned();
    }
    match address.rsplit_once(':') {
        Some((host, port)) if !host.trim().is_empty() && !port.trim().is_empty() && is_v6(host.trim()) => {
            format!("[{}]:{}", host.trim(), port.trim())
        }
        _ => address.to_owned(),
    }
}

struct ServiceBuilder<'a> {
    base: &'a str,
    forward: &'a Forward,
    kind: i64,
    limit: Option<i64>,
    tls: bool,
}

impl ServiceBuilder<'_> {
    fn build(&self, node: &Node, port: i64) -> Value {
        let listen = |address: &str| if address.is_empty() { "[::]".to_owned() } else { address.to_owned() };
        Value::Array(vec![
            self.one(node, "tcp", &listen(&node.tcp_listen_addr), port),
            self.one(node, "udp", &listen(&node.udp_listen_addr), port),
        ])
    }

    fn one(&self, node: &Node, network: &str, listen: &str, port: i64) -> Value {
        let mut handler = Map::from_iter([("type".to_owned(), json!(network))]);
        if self.kind == 2 {
            handler.insert("chain".to_owned(), json!(format!("chains_{}", self.forward.tunnel_id)));
        }
        let mut listener = Map::from_iter([("type".to_owned(), json!(network))]);
        if network == "udp" {
            let mut metadata = Map::from_iter([("keepAlive".to_owned(), json!(true))]);
            if self.tls {
                metadata.insert("ttl".to_owned(), json!("10s"));
            }
            listener.insert("metadata".to_owned(), Value::Object(metadata));
        }
        let nodes: Vec<Value> = targets(&self.forward.remote_addr)
            .into_iter()
            .enumerate()
            .map(|(at, addr)| json!({"name": format!("node_{}", at + 1), "addr": addr}))
            .collect();
        let strategy = match self.forward.strategy.trim() {
            "" => "fifo",
            strategy => strategy,
        };
        let mut service = json!({
            "name": format!("{}_{network}", self.base),
            "addr": format!("{listen}:{port}"),
            "handler": handler,
            "listener": listener,
            "forwarder": {
                "nodes": nodes,
                "selector": {"strategy": strategy, "maxFails": 1, "failTimeout": "600s"},
            },
        });
        if let Some(service) = service.as_object_mut() {
            let interface = node.interface_name.as_deref().unwrap_or_default().trim();
            if self.kind == 1 && !interface.is_empty() {
                service.insert("metadata".to_owned(), json!({"interface": interface}));
            }
            if let Some(id) = self.limit {
                service.insert("limiter".to_owned(), json!(id.to_string()));
            }
        }
        service
    }
}
