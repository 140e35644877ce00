//! `call`: one tool call from the command line, through the same gates as any client's.

use clap::Args;
use serde_json::{Map, Value};

use super::{
    Failure,
    format::print,
    options::{PanelOptions, runtime},
};
use crate::{
    access::{Principal, Rights, Via, check_reveal},
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
    /// Show this secret field of the answer in clear, as in node.install_command.data; can be given several times
    #[arg(long, value_name = "FIELD")]
    reveal: Vec<String>,
    #[command(flatten)]
    panel: PanelOptions,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let arguments = arguments(&options.arguments)?;
    options.reveal.iter().try_for_each(|field| check_reveal(field)).map_err(Failure::Usage)?;
    runtime()?.block_on(async {
        let mut environment = options.panel.environment();
        if environment.get("MCP_LOG").is_none() {
            environment.set("MCP_LOG", "warn");
        }
        let started = options.panel.start_beside(environment).await?;
        let outcome = call(&started.gateway, options, arguments).await;
        started.gateway.audit().flush().await;
        outcome
    })
}

async fn call(gateway: &Gateway, options: &Options, arguments: Map<String, Value>) -> Result<(), Failure> {
    let mut principal = gateway.policy().roster.local(Via::Command);
    if !options.reveal.is_empty() {
        // Whoever starts this program holds the panel's password anyway.
        let rights = Rights { reveal: options.reveal.clone(), ..Rights::clone(&principal.rights) };
        principal = Principal::new(principal.name.clone(), Via::Command, rights);
    }
    let caller = Caller { principal, ..Caller::local(Via::Command, "flvx-mcp call") };
    let output = gateway.call(&caller, &options.tool, arguments).await.map_err(|error| {
        Failure::Usage(format!("{error} (flvx-mcp tools lists what is offered with these settings)"))
    })?;
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
