//! A gateway in this process, over a stand-in panel of its own with a fresh small world.

use std::{net::SocketAddr, sync::Arc};

use flvx_mcp::{
    access::Via,
    config::{Config, Environment},
    gateway::{Caller, Gateway},
    ops,
    transport::{Running, serve_http},
};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

/// The operator's word in every test that has one.
pub const WORD: &str = "the-operators-word";
/// Name of the panel's administrator, and his password.
pub const ADMIN: &str = flvx_sandbox::world::ADMIN;

/// A panel and the gateway in front of it.
pub struct World {
    pub sandbox: flvx_sandbox::Running,
    pub gateway: Arc<Gateway>,
}

/// Who calls in tests.
pub fn caller() -> Caller {
    Caller::local(Via::Stdio, "tests/1")
}

impl World {
    /// A fresh world; the gateway has the administrator's login, a share token and the operator's word.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same with other settings; an empty value takes a setting away.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let sandbox = flvx_sandbox::Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
        let gateway = gateway(&environment(&sandbox, settings));
        Self { sandbox, gateway }
    }

    /// Calls a tool and gives its result as a client reads it.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        call(&self.gateway, tool, arguments).await
    }

    /// How often the panel was asked for a path.
    pub fn asked(&self, path: &str) -> u64 {
        self.sandbox.panel.calls().get(path).copied().unwrap_or(0)
    }

    /// How often the panel was asked for anything.
    pub fn asked_at_all(&self) -> u64 {
        self.sandbox.panel.calls().values().sum()
    }

    /// Puts the gateway on HTTP.
    pub async fn serve(&self) -> Served {
        Served::start(Arc::clone(&self.gateway)).await
    }
}

/// The settings of a gateway over a stand-in panel.
pub fn environment(sandbox: &flvx_sandbox::Running, settings: &[(&str, &str)]) -> Environment {
    let mut environment = Environment::from([
        ("PANEL_BASE_URL", sandbox.url().as_str()),
        ("PANEL_USERNAME", ADMIN),
        ("PANEL_PASSWORD", ADMIN),
        ("PANEL_PEER_TOKEN", &sandbox.panel.share_token(1).unwrap()),
        ("MCP_CONFIRM_TOKEN", WORD),
        ("MCP_STATE_DIR", "temporary"),
    ]);
    for (name, value) in settings {
        environment.set(name, *value);
    }
    environment
}

/// A gateway with these settings.
pub fn gateway(environment: &Environment) -> Arc<Gateway> {
    let mut environment = environment.clone();
    if environment.get("MCP_STATE_DIR").is_none() {
        environment.set("MCP_STATE_DIR", "temporary");
    }
    Arc::new(Gateway::new(Config::from_env(&environment).unwrap(), ops::OWN).unwrap())
}

/// Calls a tool and gives its result as a client reads it: what is not JSON is a fault already.
pub async fn call(gateway: &Gateway, tool: &str, arguments: Value) -> Value {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    let output = super::soon(tool, gateway.call(&caller(), tool, arguments)).await.unwrap();
    serde_json::from_str(&output.to_json()).unwrap_or_else(|error| panic!("{tool}: {error} in {}", output.to_json()))
}

/// A gateway on HTTP, on a port of its own.
pub struct Served {
    pub address: SocketAddr,
    pub stop: CancellationToken,
    running: Running,
}

impl Served {
    pub async fn start(gateway: Arc<Gateway>) -> Self {
        let stop = CancellationToken::new();
        let running = serve_http(gateway, ([127, 0, 0, 1], 0).into(), stop.clone()).await.unwrap();
        Self { address: running.address, stop, running }
    }

    /// Asks it to stop and waits until it has.
    pub async fn finish(self) -> Result<(), String> {
        self.stop.cancel();
        super::soon("the HTTP server's end", self.running.finished()).await
    }
}

/// Whether `part` is contained in `whole`: objects may have more keys, lists must be equal item by item.
pub fn subset(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|found| subset(value, found)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| subset(part, whole))
        }
        (Value::Number(part), Value::Number(whole)) => part == whole || part.as_f64() == whole.as_f64(),
        _ => part == whole,
    }
}

/// An object's own map, for arguments that are put together piece by piece.
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}
