//! `call`: one tool call from the command line, through the same gates as any client's.

use clap::Args;
use serde_json::{Map, Value};

use super::{
    Failure,
    format::print,
    options::{PanelOptions, runtime},
};
use crate::{
    access::Via,
    gateway::{Caller, Gateway},
    result::ErrorKind,
};

/// Options of `call`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp call --sandbox node.list
  flvx-mcp call --sandbox node.list '{\"view\":{\"fields\":[\"*\"],\"filter\":{\"status\":0}}}'
  flvx-mcp call --sandbox announcement.update '{\"request\":{\"content\":\"hello\",\"enabled\":1},\"idempotency_key\":\"hello-0001\"}'

The result is printed as JSON. Exit code 0: ok; 1: the call failed; 2: no such tool, or arguments that are no JSON object; 3: the panel cannot be reached.")]
pub struct Options {
    /// Name of the tool, node.list or node_list
    tool: String,
    /// Arguments as a JSON object; - reads them from standard input
    #[arg(default_value = "{}")]
    arguments: String,
    #[command(flatten)]
    panel: PanelOptions,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let arguments = arguments(&options.arguments)?;
    runtime()?.block_on(async {
        let mut environment = options.panel.environment();
        if environment.get("MCP_LOG").is_none() {
            environment.set("MCP_LOG", "warn");
        }
        let started = options.panel.start(environment).await?;
        call(&started.gateway, &options.tool, arguments).await
    })
}

async fn call(gateway: &Gateway, tool: &str, arguments: Map<String, Value>) -> Result<(), Failure> {
    let caller = Caller::local(Via::Command, "flvx-mcp call");
    let output = gateway.call(&caller, tool, arguments).await.map_err(|error| Failure::Usage(error.to_string()))?;
    let json: Value =
        serde_json::from_str(&output.to_json()).map_err(|error| Failure::Failed(Some(error.to_string())))?;
    print(&serde_json::to_string_pretty(&json).unwrap_or_default())?;
    match output.error {
        None => Ok(()),
        Some(error) if error.kind == ErrorKind::PanelUnreachable => Err(Failure::Unreachable(error.message)),
        Some(_) => Err(Failure::Failed(None)),
    }
}

fn arguments(text: &str) -> Result<Map<String, Value>, Failure> {
    let read = if text == "-" { std::io::read_to_string(std::io::stdin())? } else { text.to_owned() };
    match serde_json::from_str(&read) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(Failure::Usage("the arguments must be a JSON object, like '{\"request\":{\"id\":1}}'".to_owned())),
        Err(error) => Err(Failure::Usage(format!("the arguments are not JSON: {error}"))),
    }
}
