//! Faults in process and through the control paths, the count of calls, and the reset.

use std::net::Ipv4Addr;

use flvx_sandbox::{Fault, FaultRule, Panel};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::{call, data, panel, send};

fn control(panel: &Panel, method: Method, path: &str, body: &str) -> (u16, Value) {
    let loopback = Ipv4Addr::LOCALHOST.into();
    let (response, _) = panel.request_now(loopback, method, path, HeaderMap::new(), body.to_owned().into());
    (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
}

fn user_count(panel: &Panel) -> usize {
    panel.state().users.users.len()
}

const CREATE: &str = r#"{"user":"x","pwd":"p"}"#;
const PATH: &str = "/api/v1/user/create";

#[test]
fn a_cut_loses_the_answer_but_not_the_work() {
    let panel = panel();
    panel.fault(FaultRule::new(Fault::Cut));
    assert!(send(&panel, "admin_user", PATH, CREATE).cut);
    assert_eq!(user_count(&panel), 6);
    assert_eq!(call(&panel, "/user/create", CREATE)["msg"], "用户名已存在");
}

#[test]
fn refusals_come_before_the_work() {
    let panel = panel();
    panel.fault(FaultRule::new(Fault::Unauthorized));
    panel.fault(FaultRule::new(Fault::Database));
    panel.fault(FaultRule { status: 504, ..FaultRule::new(Fault::Status) });
    assert_eq!(call(&panel, "/user/create", CREATE)["code"], 401);
    assert_eq!(call(&panel, "/user/create", CREATE)["msg"], "database is locked");
    let response = send(&panel, "admin_user", PATH, CREATE);
    assert_eq!((response.status, response.headers["content-type"].to_str().unwrap()), (504, "text/html"));
    assert_eq!(user_count(&panel), 5);
    assert_eq!(call(&panel, "/user/create", CREATE)["code"], 0);
}

#[test]
fn spoilt_answers_are_what_they_are_called() {
    let panel = panel();
    let clean = send(&panel, "admin_user", "/api/v1/user/list", "{}").body;
    for fault in [Fault::Html, Fault::HalfJson, Fault::Empty, Fault::Huge] {
        panel.fault(FaultRule::new(fault));
        let body = send(&panel, "admin_user", "/api/v1/user/list", "{}").body;
        match fault {
            Fault::Html => assert!(body.starts_with(b"<html>")),
            Fault::HalfJson => {
                assert_eq!(body.len(), clean.len() / 2);
                assert!(body.starts_with(br#"{"code":0,"#));
            }
            Fault::Empty => assert!(body.is_empty()),
            _ => assert!(body.len() > 10_000_000 && serde_json::from_slice::<Value>(&body).is_ok()),
        }
    }
}

#[test]
fn a_rule_for_a_path_counts_down_on_that_path_alone() {
    let panel = panel();
    panel.fault(FaultRule::new(Fault::Unauthorized).on("/api/v1/node/list").times(2));
    assert_eq!(call(&panel, "/user/list", "{}")["code"], 0);
    let codes: Vec<Value> = (0..3).map(|_| call(&panel, "/node/list", "{}")["code"].clone()).collect();
    assert_eq!(codes, [401, 401, 0]);
}

#[test]
fn latency_goes_with_other_faults() {
    let panel = panel();
    panel.fault(FaultRule::new(Fault::Latency).ms(70).times(2));
    panel.fault(FaultRule::new(Fault::Cut));
    let loopback = Ipv4Addr::LOCALHOST.into();
    let ask = || panel.request_now(loopback, Method::GET, "/flow/test", HeaderMap::new(), "".into());
    let ((first, one), (second, two), (_, three)) = (ask(), ask(), ask());
    assert_eq!((first.cut, second.cut), (true, false));
    assert_eq!([one, two, three].map(|d| d.as_millis()), [70, 70, 0]);
}

#[test]
fn faults_are_set_listed_and_cleared_over_http() {
    let panel = panel();
    let rules = r#"[{"fault":"html","times":3},{"fault":"latency","ms":5,"path":"/flow/test"}]"#;
    let (status, set) = control(&panel, Method::POST, "/__sandbox/faults", rules);
    assert_eq!((status, &set[0]["times"], &set[1]["path"]), (200, &json!(3), &json!("/flow/test")));
    assert_eq!(control(&panel, Method::GET, "/__sandbox/faults", "").1, set);
    assert_eq!(control(&panel, Method::POST, "/__sandbox/faults", r#"{"clear":true}"#).1, json!([]));
    for bad in [r#"{"fault":"fire"}"#, r#"{"fault":"cut","tims":1}"#, "x"] {
        assert_eq!(control(&panel, Method::POST, "/__sandbox/faults", bad).0, 400, "{bad}");
    }
    assert_eq!(control(&panel, Method::GET, "/__sandbox/nothing", "").0, 400);
}

#[test]
fn calls_are_counted_whatever_they_answer_and_a_reset_forgets_everything() {
    let panel = panel();
    panel.fault(FaultRule::new(Fault::Cut).times(9));
    send(&panel, "", "/api/v1/user/list", "");
    send(&panel, "admin_user", PATH, CREATE);
    send(&panel, "admin_user", PATH, CREATE);
    let (_, calls) = control(&panel, Method::GET, "/__sandbox/calls", "");
    assert_eq!(calls, json!({"/api/v1/user/create": 2, "/api/v1/user/list": 1}));
    assert_eq!(control(&panel, Method::POST, "/__sandbox/reset", "").0, 200);
    assert_eq!(panel.calls().len(), 0);
    assert_eq!(data(&panel, "/user/list", "{}").as_array().unwrap().len(), 4);
}
