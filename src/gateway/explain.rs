//! From what went wrong at the panel to what the caller is told: kind, sentence, cure and, for changes, the honest outcome.

use std::borrow::Cow;

use flvx_panel::{
    client::{CredentialError, PanelError, Refusal},
    generated::AUTH_LOGIN,
    spec::{Danger, Route},
};

use crate::clean::clean_text;
use crate::result::{CallOutput, ErrorKind, Outcome, ToolError};

/// The result of a call that brought an error.
pub fn explain(route: &Route, error: PanelError) -> CallOutput {
    let change = route.danger >= Danger::Write;
    let mut output = CallOutput::default();
    let possible = error.effect_possible();
    let (mut told, possible) = match error {
        PanelError::Refused(refusal) => refused(route, refusal, &mut output),
        PanelError::Credential(CredentialError::LoginRefused { username, code, msg }) => {
            (login_refused(&username, Refusal { code, msg, ts: None, data: None }, &mut output), false)
        }
        other => (other_error(route, &other), possible),
    };
    if change {
        output.outcome = Some(match told.kind {
            ErrorKind::PanelUnreachable => Outcome::NotSent,
            _ if possible => Outcome::Unknown,
            _ => Outcome::Rejected,
        });
        if output.outcome == Some(Outcome::Unknown) {
            let read = settling_read(route)
                .map(|tool| format!("Read {tool} to see what is true now"))
                .unwrap_or_else(|| "Read the state first".to_owned());
            let cure = if told.key.is_some() { format!(" {}", told.hint) } else { String::new() };
            told.hint = format!(
                "The change may or may not have happened. {read}; do not repeat the call with a new idempotency_key before that.{cure}"
            );
        }
    }
    output.error = Some(told);
    output
}

/// What is told of a refusal, and whether it may have had an effect all the same.
fn refused(route: &Route, refusal: Refusal, output: &mut CallOutput) -> (ToolError, bool) {
    let kind = match refusal.code {
        401 => ErrorKind::NotLoggedIn,
        403 => ErrorKind::Forbidden,
        -2 => ErrorKind::PanelInternal,
        _ => ErrorKind::PanelRefused,
    };
    let rule = route.errors.iter().find(|rule| rule.matches(refusal.code, &refusal.msg));
    output.panel_code = Some(refusal.code);
    output.panel_ts = refusal.ts;
    output.panel_msg = Some(clean_text(&refusal.msg).into_owned());
    match rule {
        Some(rule) => (
            ToolError { key: Some(Cow::Borrowed(rule.key)), ..ToolError::new(kind, rule.text, rule.hint) },
            rule.effect_possible,
        ),
        None => {
            let message = format!("the panel refused with code {}; its words are in panel_msg", refusal.code);
            let hint = "Read the state, correct the arguments, and try again.";
            (ToolError::new(kind, message, hint), kind == ErrorKind::PanelInternal)
        }
    }
}

/// The panel did not let the operator's account in: told with what the manifest knows of the login's own errors.
fn login_refused(username: &str, refusal: Refusal, output: &mut CallOutput) -> ToolError {
    let (told, _) = refused(AUTH_LOGIN, refusal, output);
    let message = format!("the panel refused the login of `{}`: {}", clean_text(username), told.message);
    ToolError { kind: ErrorKind::NotLoggedIn, message, ..told }
}

fn other_error(route: &Route, error: &PanelError) -> ToolError {
    let message = error.to_string();
    match error {
        PanelError::BadRequest(_) => {
            ToolError::new(ErrorKind::InvalidArguments, message, "Correct the argument; nothing was sent.")
        }
        PanelError::NotSent { .. } => ToolError {
            retry_after_ms: Some(2_000),
            ..ToolError::new(
                ErrorKind::PanelUnreachable,
                message,
                "Nothing was sent. Try again in a moment; if it stays, the operator should check PANEL_BASE_URL and the panel (flvx-mcp check).",
            )
        },
        PanelError::NoAnswer { .. } => {
            ToolError { retry_after_ms: Some(1_000), ..ToolError::new(ErrorKind::NoAnswer, message, "Try again.") }
        }
        PanelError::NotAPanel { .. } => ToolError::new(
            ErrorKind::NotAPanel,
            message,
            "The operator should check PANEL_BASE_URL and what stands in front of the panel (flvx-mcp check).",
        ),
        PanelError::Unsupported { .. } => ToolError::new(
            ErrorKind::UnsupportedByPanel,
            format!("this panel version has no {}", route.path),
            "See ops.capabilities for what this panel can do.",
        ),
        PanelError::TooLarge { .. } => {
            ToolError::new(ErrorKind::AnswerTooLarge, message, "Ask for less, where the tool has a way to.")
        }
        PanelError::Credential(error @ CredentialError::Missing { .. }) => ToolError::new(
            ErrorKind::NotLoggedIn,
            error.to_string(),
            "The operator must configure it; nothing was sent.",
        ),
        PanelError::Credential(error) => ToolError::new(
            ErrorKind::NotLoggedIn,
            clean_text(&error.to_string()).into_owned(),
            "Nothing was sent. The operator should check the user name, the password and whether the panel's captcha is on (flvx-mcp check).",
        ),
        PanelError::Shape(_) => ToolError::new(
            ErrorKind::UnexpectedAnswer,
            message,
            "The panel version may differ from the manifest; see ops.capabilities.",
        ),
        PanelError::Refused(_) => ToolError::new(ErrorKind::PanelRefused, message, ""),
    }
}

/// The read that shows whether a change happened, from the route's recipes.
pub fn settling_read(route: &Route) -> Option<String> {
    let entry: serde_json::Value = serde_json::from_str(route.entry).ok()?;
    let read = entry.pointer("/verify/read/read").or_else(|| entry.pointer("/target/read"))?;
    read.as_str().map(str::to_owned)
}
