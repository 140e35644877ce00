//! Behaviour of forwards and federation that no recording shows: what stays on the nodes, what the rows say afterwards,
//! and how two panels in one process get along.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod federation;
mod forwards;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::Bytes;
use flvx_sandbox::{Panel, Settings};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

fn panel() -> Panel {
    Panel::new(Settings { node_wait: Duration::from_millis(12), ..Settings::default() })
}

/// Posts with a credential and gives the envelope; `null` when the connection was closed without a byte.
fn post_as(panel: &Panel, credential: &str, path: &str, body: &Value) -> Value {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(credential).unwrap())]);
    let target = format!("/api/v1{path}");
    let body = Bytes::from(body.to_string());
    let (response, _) = panel.request_now(IpAddr::V4(Ipv4Addr::LOCALHOST), Method::POST, &target, headers, body);
    if response.cut { Value::Null } else { serde_json::from_slice(&response.body).unwrap() }
}

/// Posts as the administrator.
fn post(panel: &Panel, path: &str, body: &Value) -> Value {
    post_as(panel, &panel.token("admin_user").unwrap(), path, body)
}

/// Posts as the administrator; code and message of the answer.
fn said(panel: &Panel, path: &str, body: &Value) -> (i64, String) {
    let answer = post(panel, path, body);
    (answer["code"].as_i64().unwrap(), answer["msg"].as_str().unwrap().to_owned())
}

/// Posts as the administrator and expects code 0; the data.
fn done(panel: &Panel, path: &str, body: &Value) -> Value {
    let answer = post(panel, path, body);
    assert_eq!(answer["code"], 0, "{path}: {answer}");
    answer["data"].clone()
}
