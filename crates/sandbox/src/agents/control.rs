//! The agents over the sandbox's own paths, for tests that have only a URL: what every node runs, and orders such as
//! `{"node": 1, "online": false}` or `{"node": 1, "how": {"mode": "refuse", "message": "disk full"}}`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Agent, Behaviour, Hello, connect, disconnect};
use crate::state::State;

/// What to do to one node's agent; what is left out stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    node: i64,
    #[serde(default)]
    how: Option<Behaviour>,
    #[serde(default)]
    hello: Option<Hello>,
    #[serde(default)]
    dead_targets: Option<Vec<String>>,
    #[serde(default)]
    foreign_ports: Option<Vec<u32>>,
    #[serde(default)]
    has_backup_binary: Option<bool>,
    #[serde(default)]
    online: Option<bool>,
}

/// Carries out the order in a body (one, or a list) and shows the agents afterwards.
///
/// # Errors
/// Says what is wrong with the body and what one looks like; nothing is done then.
pub fn control(state: &mut State, body: &[u8]) -> Result<Value, String> {
    let value: Value = serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let list = if value.is_array() { value } else { Value::Array(vec![value]) };
    let orders: Vec<Order> = serde_json::from_value(list).map_err(|error| {
        format!(
            "not an order to an agent: {error}; an order is {{\"node\":1,\"online\":true,\"how\":{{\"mode\":\
             \"normal|silent|slow|refuse|drop\",\"delayMs\":3000,\"message\":\"disk full\",\"only\":[\"AddService\"]}}}}"
        )
    })?;
    if let Some(order) = orders.iter().find(|order| state.nodes.nodes.get(order.node).is_none()) {
        return Err(format!("there is no node {}", order.node));
    }
    for order in orders {
        carry_out(state, order);
    }
    Ok(show(state))
}

fn carry_out(state: &mut State, order: Order) {
    let agent = state.agents.agent(order.node);
    if let Some(how) = order.how {
        agent.behaviour = how;
    }
    if let Some(hello) = order.hello {
        agent.hello = hello;
    }
    if let Some(hosts) = order.dead_targets {
        agent.model.dead_targets = hosts.into_iter().collect();
    }
    if let Some(ports) = order.foreign_ports {
        agent.model.foreign_ports = ports.into_iter().collect();
    }
    if let Some(present) = order.has_backup_binary {
        agent.model.has_backup_binary = present;
    }
    match order.online {
        Some(true) => connect(state, order.node),
        Some(false) => disconnect(state, order.node),
        None => {}
    }
}

/// What every agent does and runs.
#[must_use]
pub fn show(state: &State) -> Value {
    state.agents.by_node.iter().map(|(node, agent)| one(*node, agent)).collect()
}

fn one(node: i64, agent: &Agent) -> Value {
    let services: Vec<Value> = agent
        .model
        .services
        .iter()
        .map(|(name, service)| {
            let network = if service.udp { "udp" } else { "tcp" };
            json!({"name": name, "network": network, "port": service.port, "paused": service.paused})
        })
        .collect();
    json!({
        "node": node,
        "online": agent.online,
        "how": agent.behaviour,
        "services": services,
        "chains": agent.model.chains,
        "limiters": agent.model.limiters,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;
    use crate::agents::{CommandError, send};
    use crate::state::Settings;
    use crate::world;

    #[test]
    fn an_order_changes_one_agent_and_leaves_out_what_it_does_not_name() {
        let mut state = world::standard(Settings::default());
        let body = br#"{"node": 1, "how": {"mode": "refuse", "message": "disk full", "only": ["AddService"]}}"#;
        let shown = control(&mut state, body).unwrap();
        assert_eq!(shown[0]["online"], json!(true));
        assert_eq!(shown[0]["how"], json!({"mode": "refuse", "message": "disk full", "only": ["AddService"]}));
        assert_eq!(send(&mut state, 1, "AddService", &json!([])), Err(CommandError::Refused("disk full".into())));
        assert!(send(&mut state, 1, "DeleteService", &json!({"services": []})).is_ok());
        control(&mut state, br#"[{"node": 1, "online": false}]"#).unwrap();
        assert_eq!(state.nodes.nodes.get(1).unwrap().status, 0);
        assert_eq!(send(&mut state, 1, "DeleteService", &json!({})), Err(CommandError::Offline));
    }

    #[test]
    fn an_order_that_cannot_be_read_does_nothing_and_says_how_one_looks() {
        let mut state = world::standard(Settings::default());
        let error = control(&mut state, br#"[{"node": 1, "online": false}, {"nodes": 2}]"#).unwrap_err();
        assert!(error.contains("unknown field `nodes`") && error.contains("\"mode\""), "{error}");
        assert_eq!(control(&mut state, br#"{"node": 77, "online": true}"#).unwrap_err(), "there is no node 77");
        assert!(state.agents.is_online(1));
    }
}
