//! `auth.login`: the panel's login, with the token kept here. The caller gets the name of a credential.

use flvx_panel::{
    Secret,
    client::{Account, Credential, token_claims},
    generated::AUTH_LOGIN,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    clean::clean_text,
    gateway::{Arguments, Caller, Gateway, Running, explain},
    result::{CallOutput, ErrorKind, ToolError},
};

#[derive(Deserialize)]
struct Granted {
    token: Secret,
    #[serde(rename = "requirePasswordChange", default)]
    require_password_change: bool,
}

pub(super) fn run<'a>(gateway: &'a Gateway, caller: &'a Caller, arguments: &'a Arguments) -> Running<'a> {
    Box::pin(async move {
        let text = |name: &str| arguments.request.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let (username, password) = (text("username"), text("password"));
        if !gateway.credentials().has_room(&caller.principal, username) {
            return no_room(gateway, caller);
        }
        let answer = match gateway.client().call(AUTH_LOGIN, &Credential::None, &arguments.request, None).await {
            Ok(answer) => answer,
            Err(error) => return explain(AUTH_LOGIN, error),
        };
        let Ok(granted) = serde_json::from_str::<Granted>(answer.data_text()) else {
            return CallOutput::failed(ToolError::new(
                ErrorKind::UnexpectedAnswer,
                "the panel's answer holds no token",
                "",
            ));
        };
        let claims = token_claims(&granted.token);
        let account = Account::new(username, Secret::new(password));
        account.adopt(granted.token);
        // Others of this principal may have come first meanwhile.
        let Some(name) = gateway.credentials().keep_login(&caller.principal, account) else {
            return no_room(gateway, caller);
        };
        CallOutput {
            panel_code: answer.code,
            panel_msg: Some(clean_text(&answer.msg).into_owned()),
            panel_ts: answer.ts,
            ..CallOutput::own(&json!({
                "credential": name,
                "name": claims.as_ref().map(|claims| claims.username.clone()),
                "role_id": claims.as_ref().map(|claims| claims.role_id),
                "expires_at": claims.as_ref().and_then(|claims| claims.exp),
                "requirePasswordChange": granted.require_password_change,
            }))
        }
    })
}

fn no_room(gateway: &Gateway, caller: &Caller) -> CallOutput {
    let logout = super::auth::LOGOUT.name;
    let hint = if gateway.offer(&caller.principal).has_name(logout) {
        format!("Give one back with {logout}.")
    } else {
        "Use one of them (auth_context).".to_owned()
    };
    CallOutput::failed(ToolError::new(ErrorKind::Busy, "too many logins are kept already", hint))
}
