//! What the recordings cannot show of nodes, tunnels, permissions and groups: what is on the nodes afterwards, what a
//! failed call leaves behind, and which rows a permission takes back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod groups;
mod nodes;
mod permissions;
mod remote;
mod tunnels;

use std::net::{IpAddr, Ipv4Addr};

use flvx_sandbox::agents::{Behaviour, Conduct, NodeModel};
use flvx_sandbox::{Panel, Settings};
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;

const HK: i64 = 1;
const JP: i64 = 2;
const DE: i64 = 3;
const US: i64 = 4;
/// The type 1 tunnel over hk.
const DIRECT: i64 = 1;
/// hk > jp.
const PAIR: i64 = 2;
/// hk > jp > de.
const CHAIN: i64 = 3;

fn panel() -> Panel {
    Panel::new(Settings::default())
}

/// The whole envelope of an administrator's call.
fn call(panel: &Panel, path: &str, body: Value) -> Value {
    let token = panel.token("admin_user").unwrap();
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::try_from(token).unwrap())]);
    let target = format!("/api/v1/{path}");
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (response, _) = panel.request_now(from, Method::POST, &target, headers, body.to_string().into());
    assert_eq!(response.status, 200, "{path}");
    serde_json::from_slice(&response.body).unwrap()
}

/// The data of a call that must succeed.
fn done(panel: &Panel, path: &str, body: Value) -> Value {
    let mut envelope = call(panel, path, body);
    assert_eq!(envelope["code"], 0, "{path}: {envelope}");
    envelope["data"].take()
}

/// The code and words of a call that must fail.
fn refused(panel: &Panel, path: &str, body: Value) -> (i64, String) {
    let envelope = call(panel, path, body);
    let code = envelope["code"].as_i64().unwrap();
    assert_ne!(code, 0, "{path}: {envelope}");
    (code, envelope["msg"].as_str().unwrap().to_owned())
}

fn behave(panel: &Panel, node: i64, conduct: Conduct, only: &[&str]) {
    let only = only.iter().map(|&kind| kind.to_owned()).collect();
    panel.state().agents.agent(node).behaviour = Behaviour { conduct, only };
}

fn refuse(message: &str) -> Conduct {
    Conduct::Refuse { message: message.to_owned() }
}

/// What a node runs.
fn runs(panel: &Panel, node: i64) -> NodeModel {
    panel.state().agents.get(node).unwrap().model.clone()
}

/// The command types that a node has seen since the last look.
fn seen(panel: &Panel, node: i64) -> Vec<String> {
    panel.state().agents.take_seen(node).into_iter().map(|command| command.kind).collect()
}
