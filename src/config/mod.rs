//! The configuration: environment variables, each named, explained and checked in one table.
//!
//! A value that cannot be used stops the start, and so does a variable that looks like a misspelling of one of ours.

mod address;
mod read;
mod state;
mod surface;
mod variables;

use std::time::Duration;

use flvx_panel::{
    Secret,
    client::{Account, ClientOptions, Credential},
};

pub use address::ListenAddr;
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

    /// The operator's credential.
    pub fn credential(&self) -> Credential {
        match &self.login {
            PanelLogin::None => Credential::None,
            PanelLogin::Token(token) => Credential::Token(token.clone()),
            PanelLogin::Account { username, password } => {
                Credential::Account(std::sync::Arc::new(Account::new(username, password.clone())))
            }
        }
    }

    /// The credential for routes between panels.
    pub fn peer_credential(&self) -> Option<Credential> {
        self.peer_token.clone().map(Credential::Peer)
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
    /// Path of the health answer, outside `/mcp`.
    pub health_path: String,
    /// Hosts (besides loopback) that HTTP requests may name.
    pub allowed_hosts: Vec<String>,
    /// Origins (besides loopback) that browsers may come from.
    pub allowed_origins: Vec<String>,
    /// The operator's word for dangerous calls.
    pub confirm_token: Option<Secret>,
    /// Whether every call is recorded.
    pub audit_enabled: bool,
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
}
