//! `ops.capabilities`: what this panel version, credential and configuration allow.

use std::collections::BTreeMap;

use flvx_panel::{
    client::PanelError,
    generated::BASELINE,
    spec::{Danger, Field, Kind, Role},
};
use serde_json::{Value, json};

use crate::{
    gateway::{Arguments, Caller, Gateway, Offer, OwnRun, OwnTool, PREVIEWS, Running},
    policy::Demand,
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
    run: OwnRun::Code(run),
};

fn run<'a>(gateway: &'a Gateway, caller: &'a Caller, arguments: &'a Arguments) -> Running<'a> {
    Box::pin(async move {
        let config = gateway.config();
        let name = arguments.auth_context.as_deref();
        let Some(credential) = gateway.credentials().pick(&caller.principal, name) else {
            return super::auth::unknown(gateway, caller, name.unwrap_or_default());
        };
        let session = gateway.client().session(&credential).await;
        let role = session.as_ref().ok().and_then(Option::as_ref).map(|session| session.role_id);
        let rights = &caller.principal.rights;
        let mut by_danger: BTreeMap<&str, usize> = BTreeMap::new();
        let mut refused: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        // After the login, because that is when the account's role is known.
        let offer = gateway.offer(&caller.principal);
        for tool in offer.iter() {
            *by_danger.entry(tool.danger.word()).or_default() += 1;
            let reason = match tool.route().map(|route| route.least_role) {
                Some(Role::Admin) if role.is_some_and(|role| role != 0) => Some("the account is no administrator"),
                Some(Role::Admin | Role::User) if session.is_err() => Some("no working panel login"),
                _ if gateway.gate().demand(tool.danger).is_none() => Some("confirmed calls are off"),
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
            "confirmed_calls": confirmed_calls(gateway, offer),
            "role": rights.role,
            "read_only": config.surface.read_only || rights.read_only,
            "highest_danger": rights.ceiling.word(),
            "toolsets": toolsets(&config.surface.toolsets, &rights.toolsets),
            "idempotency_key_seconds": config.idempotency_ttl.as_secs(),
            "between_panels": if gateway.credentials().reach(&caller.principal).is_peer() { "offered" } else { "not offered: there is no share token" },
            "tools": { "total": by_danger.values().sum::<usize>(), "by_danger": by_danger },
            "refused": refused,
        }))
    })
}

/// What each danger demands before a call runs, and for how long a confirmation is good. Tools that the caller does not have are
/// not named.
fn confirmed_calls(gateway: &Gateway, offer: Offer<'_>) -> Value {
    let config = gateway.config();
    let demand = |danger| gateway.gate().demand(danger).map_or("off", Demand::word);
    let (preview, undo) = (super::preview::TOOL.name, super::undo::TOOL.name);
    let beside = PREVIEWS.iter().any(|preview| offer.has_name(&preview.name));
    let preview = if offer.has_name(preview) { Some(preview) } else { beside.then_some("<domain>.preview_<action>") };
    let undo = offer.has_name(undo).then_some(undo);
    let mut told = json!({
        "on": gateway.gate().can_open(),
        "write": demand(Danger::Write),
        "dangerous": demand(Danger::Dangerous),
        "critical": demand(Danger::Critical),
        "confirm_token_seconds": config.confirm_ttl.as_secs(),
        "approval_seconds": config.approval_ttl.as_secs(),
        "history_days": config.history.map(|history| history.as_secs() / 86_400),
    });
    if let Value::Object(told) = &mut told {
        let tools = [("preview_with", preview), ("undo_with", undo)];
        told.extend(tools.into_iter().filter_map(|(key, tool)| Some((key.to_owned(), Value::from(tool?)))));
    }
    told
}

/// The domains that both the gateway and the principal's rights name; an empty list names all.
fn toolsets(gateway: &[String], rights: &[String]) -> Value {
    match (gateway, rights) {
        ([], []) => json!("all"),
        (some, []) | ([], some) => json!(some),
        (one, other) => one.iter().filter(|name| other.contains(name)).cloned().map(Value::from).collect(),
    }
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
