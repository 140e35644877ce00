//! Behaviour of the sandbox beyond the recordings: accounts and backups in the corners that nobody recorded, decoding,
//! faults, and the server on its socket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accounts;
mod backup;
mod decoding;
mod faults;
mod server;

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use flvx_sandbox::{Panel, Response, Settings};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

fn panel() -> Panel {
    Panel::new(Settings::default())
}

/// The response to a POST with this body as it is; an empty `user` sends no token.
fn send(panel: &Panel, user: &str, path: &str, body: &str) -> Response {
    let mut headers = HeaderMap::new();
    if !user.is_empty() {
        let token = panel.token(user).expect("an account");
        headers.insert(AUTHORIZATION, HeaderValue::try_from(token).unwrap());
    }
    let body = Bytes::copy_from_slice(body.as_bytes());
    panel.request_now(IpAddr::V4(Ipv4Addr::LOCALHOST), Method::POST, path, headers, body).0
}

/// The answer of an API route to the administrator.
fn call(panel: &Panel, path: &str, body: impl ToString) -> Value {
    let response = send(panel, "admin_user", &format!("/api/v1{path}"), &body.to_string());
    serde_json::from_slice(&response.body).expect("an answer in JSON")
}

/// The data of an answer that must be a success.
fn data(panel: &Panel, path: &str, body: impl ToString) -> Value {
    let answer = call(panel, path, body);
    if let Some(code) = answer.get("code") {
        assert_eq!(code, 0, "{path}: {answer}");
        return answer.get("data").cloned().unwrap_or_default();
    }
    answer
}
