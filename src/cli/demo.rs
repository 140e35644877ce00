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
    result::Outcome,
    transport::serve_http,
};

/// Stands for the token that the last preview gave.
const TOKEN: &str = "(the token of the preview)";
/// Stands for the name of the last change.
const TRACE: &str = "(the change)";

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
    let mut remembered = Remembered::default();
    for stop in tour(&word) {
        visit(&gateway, &stop, &mut remembered).await?;
    }
    if options.once {
        stop.cancel();
    } else {
        print(&connect(&url, &word))?;
        stop_on_signal(stop);
    }
    let outcome = running.finished().await.map_err(|error| Failure::Failed(Some(error)));
    gateway.audit().flush().await;
    outcome
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
            "A dangerous call says what it needs ...",
            "forward.delete",
            json!({ "request": { "id": 12 }, "idempotency_key": "demo-tour-2" }),
        ),
        stop(
            "... its preview shows what would happen, changes nothing, and gives a confirm_token, good once and for exactly this call ...",
            "ops.preview",
            json!({ "request": { "tool": "forward.delete", "request": { "id": 12 } } }),
        ),
        stop(
            "... with which it runs, and is read back.",
            "forward.delete",
            json!({ "request": { "id": 12 }, "idempotency_key": "demo-tour-2", "confirm_token": TOKEN }),
        ),
        stop(
            "What was changed, and whether it can be taken back:",
            "ops.history",
            json!({ "request": { "limit": 1 } }),
        ),
        stop(
            "Taking it back imports rows from the state that was saved before. That is critical: a person must approve it, or the operator gives their word (as here).",
            "ops.undo",
            json!({ "request": { "trace_id": TRACE }, "idempotency_key": "demo-tour-3", "confirm_token": word }),
        ),
    ]
}

/// What the tour remembers from one stop to the next.
#[derive(Debug, Default)]
struct Remembered {
    token: String,
    trace: String,
}

async fn visit(gateway: &Gateway, stop: &Stop, remembered: &mut Remembered) -> Result<(), Failure> {
    let caller = Caller::local(Via::Command, "flvx-mcp demo");
    let mut arguments: Map<String, Value> = stop.arguments.as_object().cloned().unwrap_or_default();
    if arguments.get("confirm_token").is_some_and(|token| token == TOKEN) {
        arguments.insert("confirm_token".to_owned(), remembered.token.as_str().into());
    }
    if let Some(trace) = arguments.get_mut("request").and_then(|request| request.get_mut("trace_id")) {
        *trace = remembered.trace.as_str().into();
    }
    let asked = Value::Object(arguments.clone());
    let output =
        gateway.call(&caller, stop.tool, arguments).await.map_err(|error| Failure::Failed(Some(error.to_string())))?;
    let data: Option<Value> = output.data.as_deref().and_then(|data| serde_json::from_slice(data).ok());
    if let Some(token) = data.as_ref().and_then(|data| data.get("confirm_token")).and_then(Value::as_str) {
        token.clone_into(&mut remembered.token);
    }
    if output.outcome == Some(Outcome::Done) {
        remembered.trace.clone_from(&output.trace_id);
    }
    let text = output.to_json();
    let shown: String =
        if text.chars().count() > 900 { text.chars().take(900).chain(" …".chars()).collect() } else { text };
    print(&format!("\n# {}\n> {} {asked}\n{shown}", stop.says, stop.tool))
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
