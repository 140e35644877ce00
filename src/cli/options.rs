//! Options that several commands share, and the way from them to a running gateway.

use std::{net::SocketAddr, sync::Arc};

use clap::{Args, ValueEnum};

use super::{Failure, log};
use crate::{
    config::{Config, Environment, StatePlace},
    gateway::Gateway,
    ops,
    store::{Store, StoreError},
};

/// How clients reach the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TransportOption {
    /// Standard input and output.
    Stdio,
    /// Streamable HTTP at /mcp.
    Http,
}

/// Options of `serve`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeOptions {
    #[command(flatten)]
    pub panel: PanelOptions,
    /// How clients reach the gateway [env: MCP_TRANSPORT, default: stdio]
    #[arg(long, value_enum)]
    pub transport: Option<TransportOption>,
    /// Where http listens, like :8088 or 127.0.0.1:8088 [env: MCP_HTTP_ADDR]
    #[arg(long, value_name = "ADDR")]
    pub http_addr: Option<String>,
}

/// Which panel.
#[derive(Debug, Clone, Default, Args)]
pub struct PanelOptions {
    /// Use an embedded stand-in panel with a small world in it, instead of a real one
    #[arg(long)]
    pub sandbox: bool,
    /// Where the panel's backend is [env: PANEL_BASE_URL]
    #[arg(long, value_name = "URL", conflicts_with = "sandbox")]
    pub panel_url: Option<String>,
    /// File that says who may do what [env: MCP_POLICY_FILE]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<String>,
}

/// A gateway and, with `--sandbox`, the panel behind it.
#[derive(Debug)]
pub struct Started {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// Ends with this value.
    pub sandbox: Option<flvx_sandbox::Running>,
}

impl ServeOptions {
    /// The environment with these options over it.
    pub fn environment(&self) -> Environment {
        let mut environment = self.panel.environment();
        match self.transport {
            Some(TransportOption::Stdio) => environment.set("MCP_TRANSPORT", "stdio"),
            Some(TransportOption::Http) => environment.set("MCP_TRANSPORT", "http"),
            None => {}
        }
        if let Some(address) = &self.http_addr {
            environment.set("MCP_HTTP_ADDR", address);
        }
        environment
    }
}

impl PanelOptions {
    /// The environment with these options over it.
    pub fn environment(&self) -> Environment {
        let mut environment = Environment::of_process();
        if let Some(url) = &self.panel_url {
            environment.set("PANEL_BASE_URL", url);
        }
        if let Some(file) = &self.policy {
            environment.set("MCP_POLICY_FILE", file);
        }
        environment
    }

    /// Starts what the options ask for. Logging starts with the configuration, so that its mistakes come as plain text.
    pub async fn start(&self, environment: Environment) -> Result<Started, Failure> {
        self.start_with(environment, |config| config).await
    }

    /// The same for a command that may run beside a gateway.
    pub async fn start_beside(&self, environment: Environment) -> Result<Started, Failure> {
        self.start_with(environment, Config::beside_a_gateway).await
    }

    async fn start_with(&self, mut environment: Environment, adjust: fn(Config) -> Config) -> Result<Started, Failure> {
        let sandbox = if self.sandbox {
            Some(start_sandbox(&mut environment, SocketAddr::from(([127, 0, 0, 1], 0))).await?)
        } else {
            None
        };
        let config = Config::from_env(&environment).map_err(|error| Failure::Usage(error.to_string()))?;
        log::start(&config);
        let gateway = Gateway::new(adjust(config), ops::OWN).map_err(Failure::Usage)?;
        Ok(Started { gateway: Arc::new(gateway), sandbox })
    }
}

/// Starts the stand-in panel and points the environment at it, credentials included.
pub async fn start_sandbox(
    environment: &mut Environment,
    address: SocketAddr,
) -> Result<flvx_sandbox::Running, Failure> {
    let options = flvx_sandbox::Options { addr: address, ..flvx_sandbox::Options::default() };
    let sandbox = flvx_sandbox::Sandbox::start(options)
        .await
        .map_err(|error| Failure::Failed(Some(format!("the sandbox cannot start on {address}: {error}"))))?;
    environment.set("PANEL_BASE_URL", format!("http://{}", sandbox.addr));
    // The panel's world ends with the program, and so does what is remembered of it.
    if environment.get("MCP_STATE_DIR").is_none() {
        environment.set("MCP_STATE_DIR", StatePlace::TEMPORARY);
    }
    for name in ["PANEL_TOKEN", "PANEL_PASSWORD_FILE"] {
        environment.set(name, "");
    }
    // The panel seeds its administrator with a password that equals the name.
    environment.set("PANEL_USERNAME", flvx_sandbox::world::ADMIN);
    environment.set("PANEL_PASSWORD", flvx_sandbox::world::ADMIN);
    if let Some(token) = sandbox.panel.share_token(1) {
        environment.set("PANEL_PEER_TOKEN", token);
    }
    Ok(sandbox)
}

/// The state of the gateway whose settings this command shares. It must be there: a mistyped folder must not look like an empty
/// record.
pub fn open_store() -> Result<Store, Failure> {
    let place = StatePlace::of(&Environment::of_process());
    match &place {
        StatePlace::Temporary => Err(Failure::Usage(
            "MCP_STATE_DIR is `temporary`: such a state ends with its gateway, so there is none to look at".to_owned(),
        )),
        StatePlace::Folder(path) if !Store::is_in(path) => Err(Failure::Usage(format!(
            "there is no state in {}; set MCP_STATE_DIR to the folder that the gateway uses",
            path.display()
        ))),
        StatePlace::Folder(_) | StatePlace::Nowhere => {
            let folder = place.folder().map_err(Failure::Usage)?;
            Store::open(folder).map_err(|error| match error {
                // What `audit verify` looks for, and no mistake of whoever gave the command.
                StoreError::Damaged(_) => Failure::from(error),
                error => Failure::Usage(error.to_string()),
            })
        }
    }
}

/// The person at the machine, as far as the machine knows.
pub fn person() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    names.iter().find_map(|name| std::env::var(name).ok()).unwrap_or_else(|| "somebody at the machine".to_owned())
}

/// A runtime on the calling thread: one core carries the gateway, and one thread has the shortest answers.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
