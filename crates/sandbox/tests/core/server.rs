//! The sandbox on a socket: answers, cut connections, delays that do not hold others up, and the end.

use std::time::{Duration, Instant};

use flvx_sandbox::agents::{Behaviour, Conduct};
use flvx_sandbox::{Fault, FaultRule, Options, Running, Sandbox, Settings};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn start() -> Running {
    Sandbox::start(Options::default()).await.unwrap()
}

/// One request on a connection of its own, and all bytes that come back.
async fn exchange(running: &Running, method: &str, path: &str, body: &str) -> String {
    let token = running.panel.token("admin_user").unwrap();
    let mut stream = TcpStream::connect(running.addr).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut out = Vec::new();
    // a cut connection may end in a reset; what counts is what came before
    let _ = stream.read_to_end(&mut out).await;
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn a_request_over_the_socket_is_answered_with_the_panels_headers() {
    let running = start().await;
    let answer = exchange(&running, "POST", "/api/v1/user/list", "{}").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.contains("content-type: application/json; charset=utf-8"), "{head}");
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["data"].as_array().unwrap().len(), 4);
    running.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_cut_connection_closes_without_a_byte_after_the_work_was_done() {
    let running = start().await;
    running.panel.fault(FaultRule::new(Fault::Cut));
    let answer = exchange(&running, "POST", "/api/v1/user/create", r#"{"user":"x","pwd":"p"}"#).await;
    assert_eq!(answer, "");
    assert!(running.panel.state().users.named("x").is_some());
    // the next connection is whole again
    assert!(exchange(&running, "GET", "/flow/test", "").await.ends_with("test"));
}

#[tokio::test]
async fn a_silent_node_delays_its_own_caller_alone() {
    let settings = Settings { node_wait: Duration::from_millis(400), ..Settings::default() };
    let running = Sandbox::start(Options { settings, ..Options::default() }).await.unwrap();
    running.panel.state().agents.agent(1).behaviour = Behaviour::all(Conduct::Silent);
    let started = Instant::now();
    let slow = async {
        let answer = exchange(&running, "POST", "/api/v1/forward/pause", r#"{"id":1}"#).await;
        assert!(answer.contains("等待节点响应超时"), "{answer}");
        started.elapsed()
    };
    let quick = async {
        while !running.panel.calls().contains_key("/api/v1/forward/pause") {
            tokio::task::yield_now().await;
        }
        exchange(&running, "POST", "/api/v1/user/list", "{}").await;
        started.elapsed()
    };
    let (slow, quick) = tokio::join!(slow, quick);
    assert!(slow >= Duration::from_millis(400), "{slow:?}");
    assert!(quick < slow, "the quick call took {quick:?}, the slow one {slow:?}");
}

#[tokio::test]
async fn after_the_shutdown_nobody_listens() {
    let running = start().await;
    let addr = running.addr;
    running.shutdown().await.unwrap();
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn control_paths_work_over_the_socket() {
    let running = start().await;
    exchange(&running, "GET", "/flow/test", "").await;
    let calls = exchange(&running, "GET", "/__sandbox/calls", "").await;
    assert!(calls.ends_with("{\"/flow/test\":1}\n"), "{calls}");
}
