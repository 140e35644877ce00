//! The agents on the nodes: who has an open link to the panel, how each answers a command, and what each runs.
//! Time is not slept here: a command that makes the panel wait adds the wait to [`Agents::take_waited`], in the panel's
//! own time (a silent agent costs the panel's 12 s); the HTTP layer scales it and sleeps after the lock is released.

mod commands;
mod control;
mod model;
mod standard;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use commands::{connect, disconnect, send, send_gone, send_new, send_within};
pub use control::{control, show};
pub use model::{Applied, NodeModel, Service};

/// How long the panel waits for an ordinary command before it gives up.
pub const PATIENCE: Duration = Duration::from_secs(12);

/// So many commands are kept for [`Agents::take_seen`], so that a long run does not fill the memory.
const SEEN_LIMIT: usize = 1000;

/// How an agent treats the commands it receives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Conduct {
    /// Answers at once, as the shipped agent does.
    #[default]
    Normal,
    /// Never answers; the command is not carried out.
    Silent,
    /// Carries the command out and answers late, after this much of the panel's time.
    Slow {
        /// Milliseconds until the answer.
        delay_ms: u64,
    },
    /// Answers `success: false` with this text and does nothing.
    Refuse {
        /// The text of the refusal.
        #[serde(default)]
        message: String,
    },
    /// Hangs up when a command comes in.
    Drop,
}

/// A conduct and the commands it applies to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Behaviour {
    /// What the agent does.
    #[serde(flatten)]
    pub conduct: Conduct,
    /// Command types it does so for; empty means all. The others are answered normally.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
}

impl Behaviour {
    /// The given conduct for every command.
    #[must_use]
    pub fn all(conduct: Conduct) -> Self {
        Self { conduct, only: Vec::new() }
    }

    fn conduct_for(&self, kind: &str) -> &Conduct {
        if self.only.is_empty() || self.only.iter().any(|only| only == kind) { &self.conduct } else { &Conduct::Normal }
    }
}

/// What an agent reports about itself when it dials the panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Version text.
    pub version: String,
    /// Whether HTTP is blocked (0 or 1), as the node says.
    pub http: i64,
    /// Whether TLS is blocked.
    pub tls: i64,
    /// Whether SOCKS is blocked.
    pub socks: i64,
}

impl Default for Hello {
    fn default() -> Self {
        Self { version: crate::world::AGENT_VERSION.to_owned(), http: 0, tls: 0, socks: 0 }
    }
}

/// One node's agent.
#[derive(Debug, Clone, Default)]
pub struct Agent {
    /// Whether its link to the panel is open.
    pub online: bool,
    /// How it answers.
    pub behaviour: Behaviour,
    /// What it says of itself when it connects.
    pub hello: Hello,
    /// What runs on the node; survives a lost link.
    pub model: NodeModel,
    seen: VecDeque<Command>,
}

/// A command as an agent received it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Command {
    /// Command type, such as `AddService`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its payload.
    pub data: Value,
}

/// An agent's answer with `success: true`. Serialised, it is what `runtime/command` passes on to a peer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CommandAnswer {
    /// `<command type>Response`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Always true here: a refusal is a [`CommandError`].
    pub success: bool,
    /// The agent's message, `OK` from the shipped one.
    pub message: String,
    /// Data of the answer; only a probe has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// Why a command to a node failed; printed, it is the text the panel passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandError {
    /// The node has no open link.
    Offline,
    /// No answer in time.
    Timeout,
    /// The link was lost while the command was pending.
    Dropped,
    /// The node, or the peer panel it belongs to, said no: its own words.
    Refused(String),
}

impl std::fmt::Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Offline => "节点不在线",
            Self::Timeout => "等待节点响应超时",
            Self::Dropped => "节点连接已断开",
            Self::Refused(text) => text,
        })
    }
}

impl std::error::Error for CommandError {}

impl CommandError {
    fn says(&self, words: &[&str]) -> bool {
        let text = self.to_string().trim().to_lowercase();
        words.iter().any(|word| text.contains(word))
    }

    /// Whether the panel reads this as "it is there already"; a port conflict reads the same.
    #[must_use]
    pub fn means_exists(&self) -> bool {
        self.says(&["exists", "already", "已存在"])
    }

    /// Whether the panel reads this as "there is no such thing".
    #[must_use]
    pub fn means_not_found(&self) -> bool {
        self.says(&["not found", "不存在"])
    }
}

/// All agents of one panel, by node id. A node without an entry never had one.
#[derive(Debug, Clone, Default)]
pub struct Agents {
    by_node: BTreeMap<i64, Agent>,
    waited: Duration,
}

impl Agents {
    /// The agent of a node, made (offline, idle) when there is none yet.
    pub fn agent(&mut self, node_id: i64) -> &mut Agent {
        self.by_node.entry(node_id).or_default()
    }

    /// The agent of a node, if it ever had one.
    #[must_use]
    pub fn get(&self, node_id: i64) -> Option<&Agent> {
        self.by_node.get(&node_id)
    }

    /// Whether the node has an open link.
    #[must_use]
    pub fn is_online(&self, node_id: i64) -> bool {
        self.get(node_id).is_some_and(|agent| agent.online)
    }

    /// Sends one command over the node's link and waits up to `patience` for the answer.
    ///
    /// # Errors
    /// When the node is offline, silent, hangs up or refuses.
    pub fn send(
        &mut self,
        node_id: i64,
        kind: &str,
        data: &Value,
        patience: Duration,
    ) -> Result<CommandAnswer, CommandError> {
        let Some(agent) = self.by_node.get_mut(&node_id).filter(|agent| agent.online) else {
            return Err(CommandError::Offline);
        };
        if agent.seen.len() == SEEN_LIMIT {
            agent.seen.pop_front();
        }
        agent.seen.push_back(Command { kind: kind.to_owned(), data: data.clone() });
        let applied = match agent.behaviour.conduct_for(kind).clone() {
            Conduct::Normal => agent.model.apply(kind, data),
            Conduct::Silent => {
                self.waited += patience;
                return Err(CommandError::Timeout);
            }
            Conduct::Slow { delay_ms } => {
                let delay = Duration::from_millis(delay_ms);
                self.waited += delay.min(patience);
                // the agent does the work all the same; only the answer comes too late
                let applied = agent.model.apply(kind, data);
                if delay >= patience {
                    return Err(CommandError::Timeout);
                }
                applied
            }
            Conduct::Refuse { message } => Applied::Refused(message),
            Conduct::Drop => {
                agent.online = false;
                return Err(CommandError::Dropped);
            }
        };
        match applied {
            Applied::Done(data) => {
                Ok(CommandAnswer { kind: format!("{kind}Response"), success: true, message: "OK".to_owned(), data })
            }
            Applied::Refused(text) if text.trim().is_empty() => Err(CommandError::Refused("命令执行失败".to_owned())),
            Applied::Refused(text) => Err(CommandError::Refused(text)),
        }
    }

    /// The commands a node has received since the last call; of very many, the newest.
    pub fn take_seen(&mut self, node_id: i64) -> Vec<Command> {
        self.by_node.get_mut(&node_id).map(|agent| agent.seen.drain(..).collect()).unwrap_or_default()
    }

    /// Adds time the panel spends waiting for something other than an agent, such as a peer panel.
    pub fn wait(&mut self, time: Duration) {
        self.waited += time;
    }

    /// The panel's time spent waiting since the last call.
    pub fn take_waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }
}
