//! `demo`: everything on one machine with nothing to set up: a stand-in panel, the gateway over HTTP, a tour of real calls.

use std::{net::SocketAddr, sync::Arc};

use clap::Args;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    Failure,
    format::print,
    log,
    options::{runtime, start_sandbox},
    serve::stop_on_signal,
};
use crate::{
    access::Via,
    config::{Config, Environment},
    gateway::{Caller, Gateway},
    ops,
    transport::serve_http,
};

/// Options of `demo`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Where the gateway listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8088")]
    http_addr: SocketAddr,
    /// Show the tour and end
    #[arg(long)]
    once: bool,
}

/// One stop of the tour.
struct Stop {
    says: &'static str,
    tool: &'static str,
    arguments: Value,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    if !options.http_addr.ip().is_loopback() {
        return Err(Failure::Usage(format!(
            "the demo has no authentication and listens on loopback only, not on {}",
            options.http_addr
        )));
    }
    let runtime = runtime()?;
    runtime.block_on(demo(options))
}

async fn demo(options: &Options) -> Result<(), Failure> {
    let word = uuid::Uuid::new_v4().simple().to_string();
    let mut environment = Environment::default();
    environment.set("MCP_TRANSPORT", "http");
    environment.set("MCP_HTTP_ADDR", options.http_addr.to_string());
    environment.set("MCP_CONFIRM_TOKEN", &word);
    environment.set("MCP_LOG", "warn");
    // The record of each call would stand between the tour's own lines.
    environment.set("MCP_AUDIT_ENABLED", "false");
    let sandbox = start_sandbox(&mut environment, SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let config = Config::from_env(&environment).map_err(|error| Failure::Usage(error.to_string()))?;
    log::start(&config);
    let gateway = Arc::new(Gateway::new(config, ops::OWN).map_err(Failure::Usage)?);
    let stop = CancellationToken::new();
    let running = serve_http(Arc::clone(&gateway), options.http_addr, stop.clone())
        .await
        .map_err(|error| Failure::Failed(Some(error)))?;
    let url = format!("http://{}/mcp", running.address);
    print(&format!(
        "A stand-in FLVX panel is up at http://{}, and the gateway in front of it at {url}\nwith {} tools. A short tour; each call below is a real one.",
        sandbox.addr,
        gateway.registry().iter().count()
    ))?;
    for stop in tour(&word) {
        visit(&gateway, &stop).await?;
    }
    if options.once {
        stop.cancel();
        return running.finished().await.map_err(|error| Failure::Failed(Some(error)));
    }
    print(&connect(&url, &word))?;
    stop_on_signal(stop);
    running.finished().await.map_err(|error| Failure::Failed(Some(error)))
}

fn tour(word: &str) -> Vec<Stop> {
    let stop = |says, tool, arguments| Stop { says, tool, arguments };
    vec![
        stop("What is wrong on this panel?", "ops.diagnose", json!({})),
        stop(
            "A list shows few fields and takes filters; the panel itself has no paging.",
            "forward.list",
            json!({ "view": { "filter": { "status": 0 }, "limit": 3 } }),
        ),
        stop(
            "A wrong key is refused before anything is sent (the panel would build this tunnel without its middle hop).",
            "tunnel.create",
            json!({ "request": { "name": "hk > jp > de", "type": 2, "inNodeId": [{ "nodeId": 1 }], "outNodeId": [{ "nodeId": 3 }], "chainNode": [[{ "nodeId": 2 }]] }, "idempotency_key": "demo-tour-0" }),
        ),
        stop(
            "A change needs an idempotency_key ...",
            "announcement.update",
            json!({ "request": { "content": "Maintenance tonight", "enabled": 1 } }),
        ),
        stop(
            "... with it, it runs once ...",
            "announcement.update",
            json!({ "request": { "content": "Maintenance tonight", "enabled": 1 }, "idempotency_key": "demo-tour-1" }),
        ),
        stop(
            "... and the same key again gives the first result and sends nothing.",
            "announcement.update",
            json!({ "request": { "content": "Maintenance tonight", "enabled": 1 }, "idempotency_key": "demo-tour-1" }),
        ),
        stop(
            "A dangerous call stays shut without the operator's word ...",
            "forward.delete",
            json!({ "request": { "id": 12 }, "idempotency_key": "demo-tour-2" }),
        ),
        stop(
            "... and runs with it (this demo's word; on your own gateway only you know it).",
            "forward.delete",
            json!({ "request": { "id": 12 }, "idempotency_key": "demo-tour-2", "confirm_token": word }),
        ),
    ]
}

async fn visit(gateway: &Gateway, stop: &Stop) -> Result<(), Failure> {
    let caller = Caller::local(Via::Command, "flvx-mcp demo");
    let arguments: Map<String, Value> = stop.arguments.as_object().cloned().unwrap_or_default();
    let output =
        gateway.call(&caller, stop.tool, arguments).await.map_err(|error| Failure::Failed(Some(error.to_string())))?;
    let text = output.to_json();
    let shown: String =
        if text.chars().count() > 900 { text.chars().take(900).chain(" …".chars()).collect() } else { text };
    print(&format!("\n# {}\n> {} {}\n{shown}", stop.says, stop.tool, stop.arguments))
}

/// How the usual clients are pointed at the gateway.
fn connect(url: &str, word: &str) -> String {
    format!(
        r#"
Connect a client while this stays up (Ctrl-C ends it):

  Claude Code   claude mcp add --transport http flvx {url}
  Cursor        ~/.cursor/mcp.json      {{"mcpServers":{{"flvx":{{"url":"{url}"}}}}}}
  VS Code       .vscode/mcp.json        {{"servers":{{"flvx":{{"type":"http","url":"{url}"}}}}}}
  Codex         ~/.codex/config.toml    [mcp_servers.flvx]
                                        url = "{url}"

Or let the client start the program itself over stdio, here on the stand-in panel:

  Claude Code   claude mcp add flvx -- flvx-mcp --sandbox
  Cursor        {{"mcpServers":{{"flvx":{{"command":"flvx-mcp","args":["--sandbox"]}}}}}}

The operator's word (confirm_token) of this demo: {word}"#
    )
}
