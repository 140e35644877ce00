//! The configuration: environment variables, each named, explained and checked in one table.
//!
//! A value that cannot be used stops the start, and so does a variable that looks like a misspelling of one of ours.

mod address;
pub mod policy;
mod read;
mod state;
mod surface;
mod variables;

use std::{path::PathBuf, time::Duration};

use flvx_panel::{Secret, client::ClientOptions};

use crate::policy::Demands;

pub use address::ListenAddr;
pub use policy::{KnownTool, Login, Policy, Surroundings};
pub use read::{ConfigError, Environment};
pub use state::StatePlace;
pub use surface::{Spelling, Surface};
pub use variables::{VARIABLES, Variable};

/// How clients reach the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Lines on standard input and output.
    Stdio,
    /// Streamable HTTP.
    Http,
}

/// Form of the log on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How the gateway proves to the panel who it is.
#[derive(Debug, Clone)]
pub enum PanelLogin {
    /// Only public routes work.
    None,
    /// A panel token.
    Token(Secret),
    /// An account.
    Account {
        /// Its name.
        username: String,
        /// Its password.
        password: Secret,
    },
}

/// The panel behind the gateway.
#[derive(Debug, Clone)]
pub struct PanelConfig {
    /// Base URL.
    pub base_url: String,
    /// Credential `default`.
    pub login: PanelLogin,
    /// Share token for the routes between panels.
    pub peer_token: Option<Secret>,
}

impl PanelConfig {
    /// Options of the client.
    pub fn client_options(&self) -> ClientOptions {
        ClientOptions::new(&self.base_url)
    }
}

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Name that the server tells clients.
    pub server_name: String,
    /// Version that the server tells clients.
    pub server_version: String,
    /// The panel.
    pub panel: PanelConfig,
    /// How clients reach the gateway.
    pub transport: Transport,
    /// Where HTTP listens.
    pub http_addr: ListenAddr,
    /// The policy, if there is one.
    pub policy_file: Option<PathBuf>,
    /// Whether anybody may come in over HTTP without a token, where the address and the policy permit it.
    pub http_anonymous: bool,
    /// The variables that all of this was read from; the policy may name some.
    pub environment: Environment,
    /// Path of the health answer, outside `/mcp`.
    pub health_path: String,
    /// Hosts (besides loopback) that HTTP requests may name.
    pub allowed_hosts: Vec<String>,
    /// Origins (besides loopback) that browsers may come from.
    pub allowed_origins: Vec<String>,
    /// The operator's word for dangerous calls.
    pub confirm_token: Option<Secret>,
    /// What calls must show, by danger.
    pub demands: Demands,
    /// How long the token of a preview can be used.
    pub confirm_ttl: Duration,
    /// How long a call may wait for a person's approval.
    pub approval_ttl: Duration,
    /// How long changes are remembered, for history and undo; `None`: for ever.
    pub history: Option<Duration>,
    /// Whether every call is recorded.
    pub audit_enabled: bool,
    /// File that gets every record as a line too.
    pub audit_jsonl: Option<PathBuf>,
    /// How long records are kept; absent: for ever.
    pub audit_retention: Option<Duration>,
    /// Where the durable state lies.
    pub state: StatePlace,
    /// How long an idempotency key is remembered.
    pub idempotency_ttl: Duration,
    /// Which tools are offered, and how they are spelt.
    pub surface: Surface,
    /// Least level that is logged.
    pub log_level: tracing::level_filters::LevelFilter,
    /// Form of the log.
    pub log_format: LogFormat,
}

impl Config {
    /// Reads the configuration from environment variables.
    ///
    /// # Errors
    /// Every value that cannot be used and every misspelt name, all at once.
    pub fn from_env(environment: &Environment) -> Result<Self, ConfigError> {
        read::config(environment)
    }

    /// The same for a command that may run beside a gateway. It leaves the file of records (MCP_AUDIT_JSONL) alone: the gateway
    /// takes the lines from the state, and two that write one file would write them twice.
    pub fn beside_a_gateway(self) -> Self {
        Self { audit_jsonl: None, ..self }
    }
}
