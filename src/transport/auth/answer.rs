//! What is told to those who are not let in: a status, a challenge that says where a token can be had, and a JSON-RPC error,
//! because clients show that and nothing else.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::config::Policy;

/// Name of what is protected, in challenges.
const REALM: &str = "flvx-mcp";

/// 401: nothing was presented, or something that is not accepted.
pub fn unauthorized(policy: &Policy, presented: bool) -> Response {
    let mut challenge = vec![format!("realm=\"{REALM}\"")];
    if presented {
        challenge.push("error=\"invalid_token\"".to_owned());
    }
    let scopes = policy.jwt.as_ref().map(|jwt| jwt.required_scopes.join(" ")).unwrap_or_default();
    challenge.extend(where_to_ask(policy, &scopes));
    let message = if presented { "the token is not accepted" } else { "a bearer token is needed" };
    refused(StatusCode::UNAUTHORIZED, &challenge, message)
}

/// 403: the token is good, but more must be granted. `scopes` is everything to ask for; empty: no scope would help.
pub fn insufficient_scope(policy: &Policy, scopes: &str) -> Response {
    let mut challenge = vec![format!("realm=\"{REALM}\""), "error=\"insufficient_scope\"".to_owned()];
    challenge.extend(where_to_ask(policy, scopes));
    let message = if scopes.is_empty() {
        "the token gives no right here".to_owned()
    } else {
        format!("the token lacks scope; needed: {}", plain(scopes))
    };
    refused(StatusCode::FORBIDDEN, &challenge, &message)
}

/// 503: the identity provider's keys cannot be had, so nothing can be said of the token.
pub fn no_keys() -> Response {
    let body = error(StatusCode::SERVICE_UNAVAILABLE, "the identity provider's keys cannot be fetched; try again");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5"), (header::CONTENT_TYPE, "application/json")], body)
        .into_response()
}

/// 404: no such session, in the library's own words, so that somebody else's is no different.
pub fn no_session() -> Response {
    (StatusCode::NOT_FOUND, "Not Found: Session not found").into_response()
}

/// 400: what should be the id of a session is no text.
pub fn bad_session() -> Response {
    (StatusCode::BAD_REQUEST, "Bad Request: Mcp-Session-Id is no plain text").into_response()
}

/// Only a provider can be asked. A challenge that speaks of one where there is none sends clients into a registration that
/// must fail.
fn where_to_ask(policy: &Policy, scopes: &str) -> Vec<String> {
    let mut parts = Vec::new();
    if let (Some(_), Some(url)) = (&policy.jwt, &policy.http.public_url) {
        if !scopes.is_empty() {
            parts.push(format!("scope=\"{}\"", plain(scopes)));
        }
        parts.push(format!("resource_metadata=\"{}\"", plain(&url.metadata_url())));
    }
    parts
}

fn refused(status: StatusCode, challenge: &[String], message: &str) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], error(status, message)).into_response();
    if let Ok(challenge) = HeaderValue::from_str(&format!("Bearer {}", challenge.join(", "))) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The request's body is not read for this, so its id is not known.
fn error(status: StatusCode, message: &str) -> String {
    json!({ "jsonrpc": "2.0", "id": null, "error": { "code": status.as_u16(), "message": message } }).to_string()
}

/// What may stand between quotes in a header.
fn plain(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}
