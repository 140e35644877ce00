//! `ops.capabilities`: what this panel version, credential and configuration allow.

use std::collections::BTreeMap;

use flvx_panel::{
    client::PanelError,
    generated::BASELINE,
    spec::{Danger, Field, Kind, Role},
};
use serde_json::{Value, json};

use crate::{
    gateway::{Arguments, Caller, Gateway, OwnTool, Running},
    result::CallOutput,
};

pub(super) const TOOL: OwnTool = OwnTool {
    name: "ops.capabilities",
    wire_name: "ops_capabilities",
    domain: "ops",
    title: "What is possible here",
    title_zh: "能力概览",
    brief: "What this panel version, credential and configuration allow.",
    summary: "Tells the panel's version line, the credential's role, how many tools are offered and which of them will be refused and why: tools for administrators with an \
              ordinary account, dangerous tools while confirmed calls are off. Ask it before planning.",
    danger: Danger::Read,
    request: &Field::new("", Kind::Object, ""),
    request_schema: r#"{"type":"object","additionalProperties":false}"#,
    run,
};

fn run<'a>(gateway: &'a Gateway, _: &'a Caller, arguments: &'a Arguments) -> Running<'a> {
    Box::pin(async move {
        let config = gateway.config();
        let name = arguments.auth_context.as_deref();
        let Some(credential) = gateway.credentials().pick(name, Role::User) else {
            return super::auth::unknown(name.unwrap_or_default());
        };
        let session = gateway.client().session(&credential).await;
        let role = session.as_ref().ok().and_then(Option::as_ref).map(|session| session.role_id);
        let mut by_danger: BTreeMap<&str, usize> = BTreeMap::new();
        let mut refused: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for tool in gateway.registry().iter() {
            *by_danger.entry(tool.danger.word()).or_default() += 1;
            let reason = match tool.route().map(|route| route.least_role) {
                Some(Role::Admin) if role.is_some_and(|role| role != 0) => Some("the account is no administrator"),
                Some(Role::Admin | Role::User) if session.is_err() => Some("no working panel login"),
                _ if tool.danger >= Danger::Dangerous && !gateway.gate_can_open() => Some("confirmed calls are off"),
                _ => None,
            };
            if let Some(reason) = reason {
                refused.entry(reason).or_default().push(tool.name);
            }
        }
        CallOutput::own(&json!({
            "gateway": { "name": config.server_name, "version": config.server_version, "manifest_baseline": BASELINE },
            "panel": panel(gateway, &credential).await,
            "credential": match &session {
                Ok(Some(session)) => json!({ "account": session.username, "role": if session.role_id == 0 { "admin" } else { "user" }, "expires_at": session.exp }),
                Ok(None) => json!({ "problem": "the token does not say whose it is" }),
                Err(error) => json!({ "problem": error.to_string() }),
            },
            "confirmed_calls": if gateway.gate_can_open() { "on: dangerous and critical tools need the operator's confirm_token" } else { "off: dangerous and critical tools are refused" },
            "read_only": config.surface.read_only,
            "toolsets": if config.surface.toolsets.is_empty() { json!("all") } else { json!(config.surface.toolsets) },
            "idempotency_key_seconds": config.idempotency_ttl.as_secs(),
            "between_panels": if config.surface.without_peer { "not offered: PANEL_PEER_TOKEN is not set" } else { "offered" },
            "tools": { "total": by_danger.values().sum::<usize>(), "by_danger": by_danger },
            "refused": refused,
        }))
    })
}

/// What the panel is, as far as it tells.
async fn panel(gateway: &Gateway, credential: &flvx_panel::client::Credential) -> Value {
    match gateway.client().version(credential).await {
        Ok(Some(version)) => json!({ "version": version, "line": "3.1.0 or later" }),
        Ok(None) => json!({ "line": "before 3.1.0 (it has no /system/version)" }),
        Err(PanelError::Refused(refusal)) if refusal.code == 403 => {
            json!({ "line": "unknown: only an administrator may ask" })
        }
        Err(error) => json!({ "problem": error.to_string() }),
    }
}
