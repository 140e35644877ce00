//! `auth.whoami`, `auth.validate`, `auth.logout`: the credentials that the gateway holds, without ever showing one.

use flvx_panel::{
    client::{Credential, token_claims},
    generated::{ANNOUNCEMENT_GET, announcement::AnnouncementGetRequest},
    spec::{Danger, Field, Kind},
};
use serde_json::{Value, json};

use crate::{
    gateway::{Arguments, Caller, Credentials, Gateway, OwnRun, OwnTool, Running, explain},
    result::{CallOutput, ErrorKind, ToolError},
};

const NOTHING: &Field = &Field::new("", Kind::Object, "");
const NOTHING_SCHEMA: &str = r#"{"type":"object","additionalProperties":false}"#;

pub(super) const WHOAMI: OwnTool = OwnTool {
    name: "auth.whoami",
    wire_name: "auth_whoami",
    domain: "auth",
    title: "Who am I",
    title_zh: "我是谁",
    brief: "The credentials this gateway holds: names, accounts, roles, expiry.",
    summary: "Lists every credential by name with what its token says: account, role (0 administrator, 1 ordinary user), expiry. `default` is the operator's; \
              `login:<name>` came from auth.login. Use a name as auth_context in any call. Tokens and passwords are never shown.",
    danger: Danger::Read,
    request: NOTHING,
    request_schema: NOTHING_SCHEMA,
    run: OwnRun::Code(|gateway, caller, arguments| Box::pin(async move { whoami(gateway, caller, arguments) })),
};

pub(super) const VALIDATE: OwnTool = OwnTool {
    name: "auth.validate",
    wire_name: "auth_validate",
    domain: "auth",
    title: "Check a credential",
    title_zh: "校验凭证",
    brief: "Asks the panel whether a credential (auth_context) is accepted now.",
    summary: "Makes the cheapest authenticated read with the credential and tells whether the panel accepts it. A panel token stays valid after the account's \
              password was changed or the account was disabled, so `valid` does not mean that a login would succeed.",
    danger: Danger::Read,
    request: NOTHING,
    request_schema: NOTHING_SCHEMA,
    run: OwnRun::Code(validate),
};

const CREDENTIAL: &Field = &Field {
    required: true,
    min_length: Some(1),
    ..Field::new("credential", Kind::String, "Name of the credential, from auth.whoami.")
};

pub(super) const LOGOUT: OwnTool = OwnTool {
    name: "auth.logout",
    wire_name: "auth_logout",
    domain: "auth",
    title: "Log out",
    title_zh: "退出登录",
    brief: "Forgets a credential of auth.login; the panel cannot revoke its token.",
    summary: "Removes a `login:<name>` credential from the gateway; for `default` it only forgets the token, and the next call logs in again. The panel has no logout: \
              the token stays valid there until it expires, but nobody here has it any more.",
    danger: Danger::Read,
    request: &Field { fields: &[*CREDENTIAL], ..Field::new("", Kind::Object, "") },
    request_schema: r#"{"type":"object","properties":{"credential":{"type":"string"}},"required":["credential"],"additionalProperties":false}"#,
    run: OwnRun::Code(|gateway, caller, arguments| Box::pin(async move { logout(gateway, caller, arguments) })),
};

fn whoami(gateway: &Gateway, caller: &Caller, _: &Arguments) -> CallOutput {
    let credentials: Vec<Value> = gateway
        .credentials()
        .names(&caller.principal)
        .iter()
        .map(|(name, credential)| told(name, credential))
        .collect();
    CallOutput::own(&json!({
        "principal": caller.principal.name,
        "role": caller.principal.rights.role,
        "credential": caller.principal.rights.credential,
        "credentials": credentials,
    }))
}

/// A credential as it may be told.
fn told(name: &str, credential: &Credential) -> Value {
    let (kind, token) = match credential {
        Credential::None => ("none", None),
        Credential::Token(token) => ("token", Some(token.clone())),
        Credential::Account(account) => ("account", account.current()),
        Credential::Peer(_) => ("peer", None),
    };
    let claims = token.as_ref().and_then(token_claims);
    let account = match credential {
        Credential::Account(account) => Some(account.username().to_owned()),
        _ => claims.as_ref().map(|claims| claims.username.clone()),
    };
    let mut told = json!({ "credential": name, "kind": kind });
    if let Value::Object(told) = &mut told {
        if let Some(account) = account {
            told.insert("account".to_owned(), account.into());
        }
        if matches!(credential, Credential::Account(_)) {
            told.insert("logged_in".to_owned(), token.is_some().into());
        }
        if let Some(claims) = claims {
            told.insert("role_id".to_owned(), claims.role_id.into());
            told.insert("user_id".to_owned(), claims.user_id.into());
            told.insert("expires_at".to_owned(), claims.exp.into());
        }
    }
    told
}

fn validate<'a>(gateway: &'a Gateway, caller: &'a Caller, arguments: &'a Arguments) -> Running<'a> {
    Box::pin(async move {
        let name = arguments.auth_context.as_deref();
        let Some(credential) = gateway.credentials().pick(&caller.principal, name) else {
            return unknown(gateway, caller, name.unwrap_or_default());
        };
        match gateway.client().announcement_get(&credential, &AnnouncementGetRequest::default()).await {
            Ok(_) => {
                let mut data = told(name.unwrap_or(&caller.principal.rights.credential), &credential);
                if let Value::Object(data) = &mut data {
                    data.insert("valid".to_owned(), true.into());
                }
                CallOutput::own(&data)
            }
            Err(error) => explain(ANNOUNCEMENT_GET, error),
        }
    })
}

fn logout(gateway: &Gateway, caller: &Caller, arguments: &Arguments) -> CallOutput {
    let name = arguments.request.get("credential").and_then(Value::as_str).unwrap_or_default();
    if gateway.credentials().forget(&caller.principal, name) {
        return CallOutput {
            warnings: vec!["the panel cannot revoke a token: it stays valid there until it expires".to_owned()],
            ..CallOutput::own(&json!({ "credential": name, "forgotten": true }))
        };
    }
    if gateway.credentials().names(&caller.principal).iter().any(|(known, _)| known == name) {
        return CallOutput::own(&json!({ "credential": name, "forgotten": false }));
    }
    unknown(gateway, caller, name)
}

/// The caller has no credential of that name.
pub(super) fn unknown(gateway: &Gateway, caller: &Caller, name: &str) -> CallOutput {
    let offer = gateway.offer(&caller.principal);
    let list = offer.has_name(WHOAMI.name).then(|| format!("{} lists them.", WHOAMI.name));
    let hint: Vec<String> = list.into_iter().chain(Credentials::lost_login(name, offer).map(str::to_owned)).collect();
    let message = format!("no credential is called `{name}`");
    CallOutput::failed(ToolError::new(ErrorKind::UnknownCredential, message, hint.join(" ")))
}
