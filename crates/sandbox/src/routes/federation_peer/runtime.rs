//! What a peer runs on a share: reserving a port, giving it a role (a service, and a chain for a middle role), and
//! releasing it. Reservations are database rows; only a role reaches the node.

use serde_json::{Map, Value, json};

use super::{check_allowance, share_of};
use crate::agents;
use crate::http::{Answer, Ctx, Kind, Reply, Strict};
use crate::routes::federation_share::body;
use crate::routes::forward::ports::used_ports;
use crate::routes::forward::services::bracketed;
use crate::state::{Node, PeerShare, PeerShareRuntime, State, unique_violated};

pub(super) fn reserve_port(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] =
        &[("resourceKey", Kind::Text), ("protocol", Kind::Text), ("requestedPort", Kind::Int)];
    let share = share_of(ctx)?;
    let body = body(ctx, FIELDS)?;
    let key = body.text("resourceKey").trim();
    if key.is_empty() {
        return Err(Reply::fail("resourceKey is required"));
    }
    let existing =
        ctx.state.federation.runtimes.find(|row| row.share_id == share.id && row.resource_key == key).cloned();
    if let Some(live) = existing.as_ref().filter(|row| row.status == 1) {
        return Ok(reservation(live));
    }
    check_allowance(&share)?;
    let port = pick_port(ctx.state, &share, body.int("requestedPort")).map_err(Reply::fail)?;
    let state = &mut *ctx.state;
    let now = state.now();
    let fresh = PeerShareRuntime {
        share_id: share.id,
        node_id: share.node_id,
        resource_key: key.to_owned(),
        protocol: or(body.text("protocol"), "tls"),
        strategy: "round".to_owned(),
        port,
        status: 1,
        created_time: now,
        updated_time: now,
        ..PeerShareRuntime::default()
    };
    let runtime = match existing {
        // a released one is taken up again, under its old id
        Some(old) => PeerShareRuntime {
            id: old.id,
            node_id: old.node_id,
            reservation_id: old.reservation_id,
            created_time: old.created_time,
            ..fresh
        },
        None if state.federation.runtimes.any(|row| row.resource_key == key) => {
            return Err(Reply::err(-2, unique_violated("peer_share_runtime.resource_key")));
        }
        None => {
            let reservation_id = state.random_hex(24);
            let id = state.federation.runtimes.insert(fresh.clone());
            PeerShareRuntime { id, reservation_id, ..fresh }
        }
    };
    state.federation.runtimes.put(runtime.clone());
    Ok(reservation(&runtime))
}

fn reservation(runtime: &PeerShareRuntime) -> Reply {
    Reply::ok(json!({
        "allocatedPort": runtime.port,
        "bindingId": runtime.binding_id,
        "reservationId": runtime.reservation_id,
    }))
}

fn or(text: &str, default: &str) -> String {
    if text.trim().is_empty() { default.to_owned() } else { text.to_owned() }
}

/// The wished port, or the first of the range that neither the tables nor a live runtime of this share has.
fn pick_port(state: &State, share: &PeerShare, wished: i64) -> Result<i64, &'static str> {
    const NONE: &str = "No available port";
    if share.port_range_start <= 0 || share.port_range_end < share.port_range_start {
        return Err(NONE);
    }
    let mut used = used_ports(state, share.node_id);
    let live = |row: &&PeerShareRuntime| row.share_id == share.id && row.node_id == share.node_id && row.status == 1;
    used.extend(state.federation.runtimes.iter().filter(live).map(|row| row.port));
    let mut range = share.port_range_start..=share.port_range_end;
    if wished > 0 {
        return match (range.contains(&wished), used.contains(&wished)) {
            (false, _) => Err("Port out of range"),
            (true, true) => Err(NONE),
            (true, false) => Ok(wished),
        };
    }
    range.find(|port| !used.contains(port)).ok_or(NONE)
}

pub(super) fn apply_role(ctx: &mut Ctx<'_>) -> Answer {
    const TARGET: Kind = Kind::Object(&[("host", Kind::Text), ("port", Kind::Int), ("protocol", Kind::Text)]);
    const FIELDS: &[(&str, Kind)] = &[
        ("reservationId", Kind::Text),
        ("resourceKey", Kind::Text),
        ("role", Kind::Text),
        ("protocol", Kind::Text),
        ("strategy", Kind::Text),
        ("targets", Kind::List(&TARGET)),
    ];
    let share = share_of(ctx)?;
    let body = body(ctx, FIELDS)?;
    let role = Role::parse(body.text("role")).ok_or_else(|| Reply::fail("Invalid role"))?;
    let (reservation_id, key) = (body.text("reservationId").trim(), body.text("resourceKey").trim());
    let found = ctx.state.federation.runtimes.find(|row| {
        row.share_id == share.id
            && if reservation_id.is_empty() { row.resource_key == key } else { row.reservation_id == reservation_id }
    });
    let runtime = found.filter(|row| row.status != 0).cloned().ok_or_else(|| Reply::fail("Reservation not found"))?;
    if runtime.applied == 1 && !runtime.binding_id.trim().is_empty() {
        return Ok(reservation(&runtime));
    }
    check_allowance(&share)?;
    check_range(&share, runtime.port)?;
    let node = ctx.state.nodes.nodes.get(share.node_id).cloned().ok_or_else(|| Reply::fail("节点不存在"))?;
    let applied = Applied {
        role,
        protocol: or(body.text("protocol"), &runtime.protocol),
        strategy: or(body.text("strategy"), "round"),
        chain_name: format!("fed_chain_{}", runtime.id),
        service_name: format!("fed_svc_{}", runtime.id),
    };
    applied.deploy(ctx.state, &node, &runtime, &body.structs("targets"))?;
    let runtime = PeerShareRuntime {
        binding_id: runtime.id.to_string(),
        role: role.word().to_owned(),
        chain_name: if role == Role::Middle { applied.chain_name } else { String::new() },
        service_name: applied.service_name,
        protocol: applied.protocol,
        strategy: applied.strategy,
        target: Value::from(body.list("targets")).to_string(),
        applied: 1,
        status: 1,
        updated_time: ctx.state.now(),
        ..runtime
    };
    ctx.state.federation.runtimes.put(runtime.clone());
    Ok(reservation(&runtime))
}

fn check_range(share: &PeerShare, port: i64) -> Result<(), Reply> {
    let (start, end) = (share.port_range_start, share.port_range_end);
    if start > 0 && end > 0 && port > 0 && !(start..=end).contains(&port) {
        return Err(Reply::err(403, format!("port {port} out of allowed range {start}-{end}")));
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Middle,
    Exit,
}

impl Role {
    fn parse(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "middle" => Some(Self::Middle),
            "exit" => Some(Self::Exit),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Middle => "middle",
            Self::Exit => "exit",
        }
    }
}

/// A role as it is pushed to the node.
struct Applied {
    role: Role,
    protocol: String,
    strategy: String,
    chain_name: String,
    service_name: String,
}

impl Applied {
    fn deploy(
        &self,
        state: &mut State,
        node: &Node,
        runtime: &PeerShareRuntime,
        targets: &[Strict],
    ) -> Result<(), Reply> {
        let interface = node.interface_name.as_deref().unwrap_or_default().trim();
        if self.role == Role::Middle {
            let mut hop = json!({
                "name": format!("hop_{}", runtime.id),
                "selector": {"strategy": self.strategy, "maxFails": 1, "failTimeout": 600_000_000_000_i64},
                "nodes": self.next_hops(targets)?,
            });
            if let (Some(hop), false) = (hop.as_object_mut(), interface.is_empty()) {
                hop.insert("interface".to_owned(), json!(interface));
            }
            let chain = json!({"name": self.chain_name, "hops": [hop]});
            agents::send_new(state, node.id, "AddChains", &chain).map_err(|error| Reply::fail(error.to_string()))?;
        }
        let service = self.service(node, runtime.port, interface);
        agents::send_new(state, node.id, "AddService", &json!([service])).map_err(|error| {
            if self.role == Role::Middle {
                let _ = agents::send_gone(state, node.id, "DeleteChains", &json!({"chain": self.chain_name}));
            }
            Reply::fail(error.to_string())
        })
    }

    fn next_hops(&self, targets: &[Strict]) -> Result<Vec<Value>, Reply> {
        if targets.is_empty() {
            return Err(Reply::fail("targets are required for middle role"));
        }
        let mut nodes = Vec::with_capacity(targets.len());
        for (at, target) in targets.iter().enumerate() {
            let (host, port) = (target.text("host").trim(), target.int("port"));
            if host.is_empty() || port <= 0 {
                return Err(Reply::fail("Invalid target"));
            }
            let protocol = or(target.text("protocol"), &self.protocol);
            nodes.push(json!({
                "name": format!("node_{}", at + 1),
                "addr": bracketed(&format!("{host}:{port}")),
                "connector": relay(&protocol),
                "dialer": {"type": protocol},
            }));
        }
        Ok(nodes)
    }

    fn service(&self, node: &Node, port: i64, interface: &str) -> Value {
        let listen = if node.tcp_listen_addr.is_empty() { "[::]" } else { &node.tcp_listen_addr };
        let mut handler = relay(&self.protocol);
        if self.role == Role::Middle {
            handler.insert("chain".to_owned(), json!(self.chain_name));
        }
        let mut service = json!({
            "name": self.service_name,
            "addr": format!("{listen}:{port}"),
            "handler": handler,
            "listener": {"type": self.protocol},
        });
        if let (Some(service), Role::Exit, false) = (service.as_object_mut(), self.role, interface.is_empty()) {
            service.insert("metadata".to_owned(), json!({"interface": interface}));
        }
        service
    }
}

fn relay(protocol: &str) -> Map<String, Value> {
    let mut map = Map::from_iter([("type".to_owned(), json!("relay"))]);
    if protocol.trim().eq_ignore_ascii_case("tls") {
        map.insert("metadata".to_owned(), json!({"nodelay": true}));
    }
    map
}

pub(super) fn release_role(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] =
        &[("bindingId", Kind::Text), ("reservationId", Kind::Text), ("resourceKey", Kind::Text)];
    let share = share_of(ctx)?;
    let body = body(ctx, FIELDS)?;
    let [binding, reservation, key] = ["bindingId", "reservationId", "resourceKey"].map(|name| body.text(name).trim());
    let found = ctx.state.federation.runtimes.find(|row| {
        row.share_id == share.id
            && match (binding, reservation) {
                ("", "") => row.resource_key == key,
                ("", reservation) => row.reservation_id == reservation,
                (binding, _) => row.binding_id == binding,
            }
    });
    if binding.is_empty() && reservation.is_empty() && key.is_empty() {
        return Err(Reply::fail("bindingId or reservationId or resourceKey is required"));
    }
    if let Some(runtime) = found.cloned() {
        take_down(ctx.state, &runtime);
    }
    Ok(Reply::done())
}

/// Removes what a runtime runs on the node, whatever the node answers, and marks it released; its row stays.
pub(crate) fn take_down(state: &mut State, runtime: &PeerShareRuntime) {
    if runtime.applied == 1 {
        if !runtime.service_name.trim().is_empty() {
            let _ = agents::send_gone(
                state,
                runtime.node_id,
                "DeleteService",
                &json!({"services": [runtime.service_name]}),
            );
        }
        if runtime.role.trim() == "middle" && !runtime.chain_name.trim().is_empty() {
            let _ = agents::send_gone(state, runtime.node_id, "DeleteChains", &json!({"chain": runtime.chain_name}));
        }
    }
    let now = state.now();
    if let Some(row) = state.federation.runtimes.get_mut(runtime.id) {
        row.status = 0;
        row.updated_time = now;
    }
}
