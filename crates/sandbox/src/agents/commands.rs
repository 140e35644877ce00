//! Commands as the panel gives them: to the node's own link, or, for a node of another panel, through that panel.
//! Three words cover what the panel forgives: [`send`] nothing, [`send_new`] "already there", [`send_gone`] "not there".

use std::time::Duration;

use serde_json::Value;

use super::{CommandAnswer, CommandError, PATIENCE};
use crate::peers::{self, RuntimeCommand};
use crate::state::State;

/// Sends a command and takes the node at its word.
///
/// # Errors
/// When the node (or the panel it belongs to) cannot be reached, does not answer, or refuses.
pub fn send(state: &mut State, node_id: i64, kind: &str, data: &Value) -> Result<CommandAnswer, CommandError> {
    let remote = state.nodes.nodes.get(node_id).filter(|node| node.is_remote == 1).map(|node| {
        let trimmed = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
        (trimmed(&node.remote_url), trimmed(&node.remote_token))
    });
    let Some((url, token)) = remote else {
        return send_within(state, node_id, kind, data, PATIENCE);
    };
    if url.is_empty() || token.is_empty() {
        return Err(CommandError::Refused("远程节点缺少共享配置".to_owned()));
    }
    let command = RuntimeCommand { command_type: kind.to_owned(), data: data.clone() };
    peers::command(state, &url, &token, &command).map_err(CommandError::Refused)
}

/// Sends a command over the node's own link, with a patience of the caller's (upgrades have their own).
///
/// # Errors
/// When the node is offline, silent, hangs up or refuses.
pub fn send_within(
    state: &mut State,
    node_id: i64,
    kind: &str,
    data: &Value,
    patience: Duration,
) -> Result<CommandAnswer, CommandError> {
    let answer = state.agents.send(node_id, kind, data, patience);
    if answer == Err(CommandError::Dropped) {
        mark_offline(state, node_id);
    }
    let waited = state.agents.take_waited();
    state.panel_wait(waited);
    answer
}

/// Sends a command that makes something. A refusal that says it is there already counts as done, and so does a port
/// conflict, whose text contains "already".
///
/// # Errors
/// As [`send`], for every other failure.
pub fn send_new(state: &mut State, node_id: i64, kind: &str, data: &Value) -> Result<(), CommandError> {
    match send(state, node_id, kind, data) {
        Err(error) if !error.means_exists() => Err(error),
        _ => Ok(()),
    }
}

/// Sends a command that removes something. A refusal that says there is no such thing counts as done.
///
/// # Errors
/// As [`send`], for every other failure.
pub fn send_gone(state: &mut State, node_id: i64, kind: &str, data: &Value) -> Result<(), CommandError> {
    match send(state, node_id, kind, data) {
        Err(error) if !error.means_not_found() => Err(error),
        _ => Ok(()),
    }
}

/// The agent dials in: the node's row takes status 1 and what the agent says of itself.
pub fn connect(state: &mut State, node_id: i64) {
    let now = state.now();
    let agent = state.agents.agent(node_id);
    agent.online = true;
    let hello = agent.hello.clone();
    if let Some(node) = state.nodes.nodes.get_mut(node_id) {
        node.status = 1;
        node.version = Some(hello.version);
        (node.http, node.tls, node.socks) = (hello.http, hello.tls, hello.socks);
        node.updated_time = Some(now);
    }
    crate::routes::after_upgrade(state, node_id);
}

/// The agent's link ends: status 0, everything it runs goes on running.
pub fn disconnect(state: &mut State, node_id: i64) {
    let agent = state.agents.agent(node_id);
    if std::mem::take(&mut agent.online) {
        mark_offline(state, node_id);
    }
}

fn mark_offline(state: &mut State, node_id: i64) {
    let now = state.now();
    if let Some(node) = state.nodes.nodes.get_mut(node_id) {
        node.status = 0;
        node.updated_time = Some(now);
    }
}
