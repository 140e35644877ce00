//! A gateway with a policy, on HTTP, and clients with tokens.

use std::{net::SocketAddr, os::unix::fs::PermissionsExt as _, path::PathBuf, sync::Arc};

use flvx_mcp::{access::token_digest, gateway::Gateway};
use serde_json::{Value, json};

use crate::support::{Connection, Reply, Served, environment, gateway, json_headers, modern, modern_headers};

/// The digest of a token as the policy has it.
pub fn digest(token: &str) -> String {
    let hex: String = token_digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A folder with a policy in it.
pub struct Place {
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new(policy: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.write(policy);
        place
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("flvx-mcp.yaml")
    }

    pub fn write(&self, policy: &str) {
        std::fs::write(self.path(), policy).unwrap();
    }

    /// A file that only its owner can read.
    pub fn secret(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A panel, a gateway with a policy, and its address.
pub struct Guarded {
    pub place: Place,
    pub sandbox: flvx_sandbox::Running,
    pub gateway: Arc<Gateway>,
    pub served: Served,
}

impl Guarded {
    pub async fn start(policy: &str) -> Self {
        Self::with(policy, &[]).await
    }

    pub async fn with(policy: &str, settings: &[(&str, &str)]) -> Self {
        Self::at(Place::new(policy), settings).await
    }

    pub async fn at(place: Place, settings: &[(&str, &str)]) -> Self {
        let sandbox = flvx_sandbox::Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
        let path = place.path();
        let mut all = vec![("MCP_POLICY_FILE", path.to_str().unwrap()), ("MCP_TRANSPORT", "http")];
        all.extend(settings);
        let gateway = gateway(&environment(&sandbox, &all));
        let served = Served::start(Arc::clone(&gateway)).await;
        Self { place, sandbox, gateway, served }
    }

    pub async fn client(&self, token: Option<&str>) -> Client {
        Client::new(self.served.address, token).await
    }

    pub fn asked(&self, path: &str) -> u64 {
        self.sandbox.panel.calls().get(path).copied().unwrap_or(0)
    }
}

/// One connection that shows a token with every request.
pub struct Client {
    pub connection: Connection,
    token: Option<String>,
    session: Vec<(&'static str, String)>,
}

impl Client {
    pub async fn new(address: SocketAddr, token: Option<&str>) -> Self {
        Self { connection: Connection::open(address).await, token: token.map(str::to_owned), session: Vec::new() }
    }

    pub fn show(&mut self, token: Option<&str>) {
        self.token = token.map(str::to_owned);
    }

    fn proof(&self) -> Vec<(&'static str, String)> {
        self.token.iter().map(|token| ("authorization", format!("Bearer {token}"))).collect()
    }

    pub async fn post(&mut self, mut headers: Vec<(&'static str, String)>, message: &Value) -> Reply {
        headers.extend(self.proof());
        self.connection.request("POST", "/mcp", &headers, message.to_string().as_bytes()).await
    }

    /// A request of the stateless revision.
    pub async fn modern(&mut self, method: &str, params: Value) -> Reply {
        let message = modern(1, method, params);
        self.post(modern_headers(&message), &message).await
    }

    /// A tool call of the stateless revision.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let reply = self.modern("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        reply.json()
    }

    /// The same, which must be a result.
    pub async fn result(&mut self, tool: &str, arguments: Value) -> Value {
        let reply = self.call(tool, arguments).await;
        assert!(reply["result"].is_object(), "{tool}: {reply}");
        reply["result"]["structuredContent"].clone()
    }

    /// Opens a session of the older revisions and gives its id.
    pub async fn initialize(&mut self) -> String {
        self.initialize_with(json!({})).await
    }

    /// The same as a client that can do something.
    pub async fn initialize_with(&mut self, capabilities: Value) -> String {
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": { "protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": { "name": "tests", "version": "1" } } });
        let reply = self.post(json_headers(), &hello).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let session = reply.header("mcp-session-id").unwrap().to_owned();
        self.join(&session);
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(self.post(self.session.clone(), &ready).await.status, 202);
        session
    }

    /// Uses a session from now on.
    pub fn join(&mut self, session: &str) {
        self.session = json_headers();
        self.session.push(("mcp-session-id", session.to_owned()));
        self.session.push(("mcp-protocol-version", "2025-06-18".to_owned()));
    }

    /// A request in the session.
    pub async fn legacy(&mut self, method: &str, params: Value) -> Reply {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.post(self.session.clone(), &message).await
    }

    /// Only sends a message in the session.
    pub async fn send(&mut self, message: &Value) {
        let mut headers = self.session.clone();
        headers.extend(self.proof());
        self.connection.send("POST", "/mcp", &headers, message.to_string().as_bytes()).await;
    }

    /// A message in the session that is no request; gives the status.
    pub async fn tell(&mut self, message: &Value) -> u16 {
        self.post(self.session.clone(), message).await.status
    }

    /// A request without a body in the session.
    pub async fn bare(&mut self, method: &str) -> Reply {
        let mut headers = self.session.clone();
        headers.extend(self.proof());
        self.connection.request(method, "/mcp", &headers, b"").await
    }

    /// The names that are listed.
    pub async fn listed(&mut self) -> Vec<String> {
        names(&self.modern("tools/list", json!({})).await.json())
    }
}

pub fn names(reply: &Value) -> Vec<String> {
    let tools = reply["result"]["tools"].as_array().unwrap_or_else(|| panic!("{reply}"));
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}
