//! What is written down of one call.

use std::time::Duration;

use flvx_panel::spec::Danger;

use crate::{
    gateway::{Arguments, Caller, Tool},
    result::CallOutput,
};

/// One call, filled in as it goes its way.
#[derive(Debug)]
pub struct Record<'a> {
    trace_id: &'a str,
    caller: &'a Caller,
    tool: Tool,
    danger: Danger,
    auth_context: Option<String>,
    idempotency_key: Option<String>,
    arguments: String,
    confirmed: bool,
}

impl<'a> Record<'a> {
    /// The start of a record.
    pub fn new(trace_id: &'a str, caller: &'a Caller, tool: &Tool) -> Self {
        Self {
            trace_id,
            caller,
            tool: *tool,
            danger: tool.danger,
            auth_context: None,
            idempotency_key: None,
            arguments: String::new(),
            confirmed: false,
        }
    }

    /// Notes what was asked: names of the arguments and the ids among them, no other values.
    pub fn asked(&mut self, arguments: &Arguments) {
        self.auth_context.clone_from(&arguments.auth_context);
        self.idempotency_key.clone_from(&arguments.idempotency_key);
        self.confirmed = arguments.confirm_token.is_some();
        let mut parts = Vec::new();
        for (key, value) in &arguments.request {
            let secret = self.tool.request.fields.iter().any(|field| field.name == key && field.holds_secret());
            let is_id = key == "id" || key.ends_with("Id") || key == "ids" || key.ends_with("Ids");
            match value {
                serde_json::Value::Number(_) | serde_json::Value::Array(_) if is_id && !secret => {
                    let text: String = value.to_string().chars().take(200).collect();
                    parts.push(format!("{key}={text}"));
                }
                _ => parts.push(key.clone()),
            }
        }
        self.arguments = parts.join(" ");
    }

    /// Notes the danger that the arguments gave the call.
    pub fn danger(&mut self, danger: Danger) {
        self.danger = danger;
    }
}

/// Where records go.
#[derive(Debug, Clone, Copy)]
pub struct Audit {
    enabled: bool,
}

impl Audit {
    /// Writes records, or none when the operator switched them off.
    pub fn new(enabled: bool) -> Self {
        Self { enabled }
    }

    /// Writes one record.
    pub fn write(&self, record: &Record<'_>, output: &CallOutput, took: Duration) {
        if !self.enabled {
            return;
        }
        tracing::info!(
            target: "audit",
            trace_id = record.trace_id,
            principal = record.caller.principal.name.as_str(),
            client = record.caller.client.as_deref(),
            tool = record.tool.name,
            route = record.tool.route().map(|route| route.path),
            danger = record.danger.word(),
            auth_context = record.auth_context.as_deref(),
            idempotency_key = record.idempotency_key.as_deref(),
            confirm_token_given = record.confirmed,
            arguments = record.arguments.as_str(),
            ok = output.ok(),
            outcome = output.outcome.map(|outcome| format!("{outcome:?}").to_lowercase()),
            error = output.error.as_ref().map(|error| error.kind.word()),
            panel_code = output.panel_code,
            ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "call"
        );
    }
}
