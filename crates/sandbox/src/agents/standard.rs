//! The agents a world starts with: online where the node's row says so, and running what the panel would have pushed
//! for the rows: tunnels, limits, forwards (paused ones paused), and what other panels run on shares.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Agents, Hello, commands};
use crate::routes::{NotFound, Push, control_forward, put_limiter, sync_forward};
use crate::state::{ChainTunnel, State};

impl Agents {
    /// Agents that run what the rows of this state say.
    #[must_use]
    pub fn standard(state: &State) -> Self {
        // the panel's own code pushes to fresh agents, on a copy that is thrown away but for them
        let mut scratch = state.clone();
        scratch.agents = Self::default();
        scratch.settings.peers = crate::peers::Peers::default();
        let local: Vec<_> = state.nodes.nodes.iter().filter(|node| node.is_remote == 0).cloned().collect();
        for node in &local {
            let agent = scratch.agents.agent(node.id);
            agent.online = true;
            let version = node.version.clone().unwrap_or_else(|| Hello::default().version);
            agent.hello = Hello { version, http: node.http, tls: node.tls, socks: node.socks };
        }
        deploy_tunnels(&mut scratch);
        deploy_limits(&mut scratch);
        deploy_forwards(&mut scratch);
        deploy_shares(&mut scratch);
        for node in &local {
            scratch.agents.agent(node.id).online = node.status == 1;
            scratch.agents.take_seen(node.id);
        }
        scratch.agents
    }
}

fn deploy_tunnels(state: &mut State) {
    let chained: BTreeSet<i64> =
        state.tunnels.tunnels.iter().filter(|tunnel| tunnel.kind == 2).map(|tunnel| tunnel.id).collect();
    let parts: Vec<ChainTunnel> =
        state.tunnels.chains.iter().filter(|part| chained.contains(&part.tunnel_id)).cloned().collect();
    for part in parts {
        if part.chain_type != "3" {
            run(state, part.node_id, "AddChains", &json!({"name": format!("chains_{}", part.tunnel_id)}));
        }
        if part.chain_type != "1" {
            let service =
                listener(&format!("{}_tls", part.tunnel_id), part.port.unwrap_or(0), part.protocol.as_deref());
            run(state, part.node_id, "AddService", &json!([service]));
        }
    }
}

fn deploy_limits(state: &mut State) {
    for limit in state.limits.limits.iter().cloned().collect::<Vec<_>>() {
        put_limiter(state, limit.id, limit.tunnel_id, limit.speed);
    }
}

fn deploy_forwards(state: &mut State) {
    let forwards: Vec<_> = state.forwards.forwards.iter().cloned().collect();
    for forward in forwards {
        // a conflict is as invisible here as on the panel
        let _ = sync_forward(state, &forward, Push::Add);
        if forward.status != 1 {
            let _ = control_forward(state, &forward, "PauseService", NotFound::Ignored);
        }
    }
}

fn deploy_shares(state: &mut State) {
    let live: Vec<_> =
        state.federation.runtimes.iter().filter(|row| row.status == 1 && row.applied == 1).cloned().collect();
    for runtime in live {
        if runtime.role == "middle" {
            run(state, runtime.node_id, "AddChains", &json!({"name": runtime.chain_name}));
        }
        let service = listener(&runtime.service_name, runtime.port, Some(&runtime.protocol));
        run(state, runtime.node_id, "AddService", &json!([service]));
    }
}

fn listener(name: &str, port: i64, protocol: Option<&str>) -> Value {
    let protocol = protocol.filter(|protocol| !protocol.is_empty()).unwrap_or("tls");
    json!({
        "name": name,
        "addr": format!("[::]:{port}"),
        "handler": {"type": "relay"},
        "listener": {"type": protocol},
    })
}

fn run(state: &mut State, node_id: i64, kind: &str, data: &Value) {
    let _ = commands::send(state, node_id, kind, data);
}
