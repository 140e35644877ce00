//! MCP messages in both eras: `initialize` with a session, and the stateless revision with everything in each request.

use serde_json::{Value, json};

use super::{Connection, Reply, json_headers};

const REVISION: &str = "2026-07-28";

/// A request of the stateless revision.
pub fn modern(id: u64, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "tests", "version": "1" },
    });
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// The headers that must agree with a request of the stateless revision.
pub fn modern_headers(message: &Value) -> Vec<(&'static str, String)> {
    let mut headers = json_headers();
    headers.push(("mcp-protocol-version", REVISION.to_owned()));
    headers.push(("mcp-method", message["method"].as_str().unwrap().to_owned()));
    let params = &message["params"];
    if let Some(name) = params["name"].as_str().or(params["uri"].as_str()) {
        headers.push(("mcp-name", name.to_owned()));
    }
    headers
}

/// Calls a tool in the stateless revision and gives the `result`.
pub async fn call_modern(connection: &mut Connection, tool: &str, arguments: Value) -> Value {
    let message = modern(1, "tools/call", json!({ "name": tool, "arguments": arguments }));
    let reply = connection.request("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["result"].clone()
}

/// Opens a session of the older revisions. Gives the headers that every further request carries, and the reply.
pub async fn initialize(connection: &mut Connection) -> (Vec<(&'static str, String)>, Reply) {
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": { "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "tests", "version": "1" } } });
    let reply = connection.request("POST", "/mcp", &json_headers(), hello.to_string().as_bytes()).await;
    let mut headers = json_headers();
    if let Some(session) = reply.header("mcp-session-id") {
        headers.push(("mcp-session-id", session.to_owned()));
        headers.push(("mcp-protocol-version", "2025-06-18".to_owned()));
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let accepted = connection.request("POST", "/mcp", &headers, ready.to_string().as_bytes()).await;
        assert_eq!(accepted.status, 202, "{}", accepted.text());
    }
    (headers, reply)
}
