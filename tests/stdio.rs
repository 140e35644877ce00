//! The built program on standard input and output: one line a message, nothing else, until the client is gone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(unix)]

mod support;

use flvx_sandbox::{Fault, FaultRule, Sandbox};
use serde_json::{Value, json};
use support::{ADMIN, BadPanel, Program, Script, eventually, modern, soon};

fn sandboxed() -> Program {
    Program::start(&["--sandbox"], &[])
}

fn same_twice(result: &Value) {
    let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}"));
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), result["structuredContent"]);
}

#[test]
fn a_client_of_the_older_revisions_says_hello_and_calls() {
    let mut program = sandboxed();
    let hello = program.initialize();
    assert_eq!(
        (&hello["result"]["protocolVersion"], &hello["result"]["serverInfo"]["name"]),
        (&"2025-06-18".into(), &"flvx-panel-mcp".into())
    );
    let list = program.ask(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }));
    assert!(list["result"]["tools"].as_array().unwrap().len() > 90);
    let result = program.call(2, "node_list", json!({}));
    same_twice(&result);
    assert_eq!((&result["isError"], &result["structuredContent"]["ok"]), (&false.into(), &true.into()));
    program.hang_up();
    let (code, rest, _) = program.end();
    assert_eq!((code, rest), (Some(0), Vec::new()));
}

#[test]
fn a_client_of_the_stateless_revision_calls_without_hello() {
    let mut program = sandboxed();
    let found = program.ask(&modern(1, "server/discover", json!({})));
    assert!(found["result"]["supportedVersions"].as_array().unwrap().contains(&"2026-07-28".into()), "{found}");
    let result =
        program.ask(&modern(2, "tools/call", json!({ "name": "node.list", "arguments": {} })))["result"].clone();
    same_twice(&result);
    assert_eq!((&result["resultType"], &result["structuredContent"]["ok"]), (&"complete".into(), &true.into()));
    program.hang_up();
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn a_client_that_leaves_before_it_says_anything_ends_the_program_well() {
    let mut program = sandboxed();
    program.hang_up();
    let (code, rest, _) = program.end();
    assert_eq!((code, rest), (Some(0), Vec::new()));
}

#[test]
fn a_signal_ends_the_program_well() {
    for signal in ["TERM", "INT"] {
        let mut program = sandboxed();
        program.initialize();
        program.signal(signal);
        let (code, rest, errors) = program.end();
        assert_eq!((code, rest), (Some(0), Vec::new()), "{signal}: {errors}");
        assert!(errors.contains("stopping"), "{signal}: {errors}");
    }
}

#[test]
fn standard_output_holds_messages_and_nothing_else_however_much_is_logged() {
    let mut program = Program::start(&["--sandbox"], &[("MCP_LOG", "trace"), ("MCP_LOG_FORMAT", "json")]);
    program.initialize();
    for id in 1..20 {
        program.call(id, "forward_list", json!({}));
    }
    program.hang_up();
    let (code, rest, errors) = program.end();
    assert_eq!((code, rest), (Some(0), Vec::new()));
    let lines: Vec<Value> = errors
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let audit: Vec<&Value> = lines.iter().filter(|line| line["target"] == "audit").collect();
    assert_eq!(audit.len(), 19);
    assert_eq!(
        (&audit[0]["tool"], &audit[0]["principal"], &audit[0]["client"], &audit[0]["ok"]),
        (&"forward.list".into(), &"local".into(), &"tests/1".into(), &true.into())
    );
}

#[test]
fn without_the_audit_no_call_is_recorded_and_the_log_says_so() {
    let mut program = Program::start(&["--sandbox"], &[("MCP_AUDIT_ENABLED", "false"), ("MCP_LOG_FORMAT", "json")]);
    program.initialize();
    program.call(1, "forward_list", json!({}));
    program.hang_up();
    let (_, _, errors) = program.end();
    assert!(!errors.contains("\"target\":\"audit\""), "{errors}");
    assert!(errors.contains("CALLS ARE NOT RECORDED (MCP_AUDIT_ENABLED=false)"), "{errors}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_a_megabyte_is_one_whole_line() {
    let rows: Value =
        (1..=5_000).map(|id| json!({ "id": id, "name": format!("转发 \"{id}\"\n{}", "x".repeat(200)) })).collect();
    let body = json!({ "code": 0, "msg": "操作成功", "ts": 1, "data": rows }).to_string();
    assert!(body.len() > 1 << 20);
    let panel = BadPanel::start(Script::answer("200 OK", "application/json", body)).await;
    let mut program = Program::start(&[], &[("PANEL_BASE_URL", &panel.url()), ("PANEL_TOKEN", "a.b.c")]);
    program.initialize();
    for id in 1..=3 {
        let result = program.call(id, "forward_list", json!({ "view": { "fields": ["*"], "limit": 10_000 } }));
        same_twice(&result);
        assert!(result["structuredContent"]["data"] == rows, "the rows came back changed");
    }
    program.hang_up();
    assert_eq!(program.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_call_overtakes_a_slow_one() {
    let sandbox = Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
    let mut program = Program::start(
        &[],
        &[("PANEL_BASE_URL", &sandbox.url()), ("PANEL_USERNAME", ADMIN), ("PANEL_PASSWORD", ADMIN)],
    );
    program.initialize();
    program.call(1, "announcement_get", json!({}));
    sandbox.panel.fault(FaultRule::new(Fault::HoldBefore).on("/api/v1/node/list"));
    let call = |id: u64, tool: &str| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": {} } });
    program.send(&call(2, "node_list"));
    program.send(&call(3, "announcement_get"));
    let first = program.message();
    soon("the slow call at the panel", sandbox.panel.until_held()).await;
    sandbox.panel.release();
    let second = program.message();
    assert_eq!((&first["id"], &second["id"]), (&3.into(), &2.into()));
    assert_eq!(
        (&first["result"]["structuredContent"]["ok"], &second["result"]["structuredContent"]["ok"]),
        (&true.into(), &true.into())
    );
    program.hang_up();
    assert_eq!(program.end().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_runs_when_the_client_leaves_is_not_cut_off() {
    let sandbox = Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
    let path = "/api/v1/announcement/update";
    sandbox.panel.fault(FaultRule::new(Fault::Latency).on(path).ms(300));
    let folder = tempfile::Builder::new().prefix("flvx-").tempdir().unwrap();
    let state = folder.path().join("state");
    let mut program = Program::start(
        &[],
        &[
            ("PANEL_BASE_URL", &sandbox.url()),
            ("PANEL_USERNAME", ADMIN),
            ("PANEL_PASSWORD", ADMIN),
            ("MCP_STATE_DIR", state.to_str().unwrap()),
        ],
    );
    program.initialize();
    let arguments =
        json!({ "request": { "content": "the last word", "enabled": 1 }, "idempotency_key": "last-word-1" });
    program.send(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "announcement_update", "arguments": arguments } }));
    eventually("the panel is asked", || sandbox.panel.calls().contains_key(path));
    program.hang_up();
    let (code, _, errors) = program.end();
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(sandbox.panel.calls()[path], 1);
    let ledger = rusqlite::Connection::open(state.join("state.db")).unwrap();
    let outcome: String = ledger.query_row("SELECT outcome FROM ledger", [], |row| row.get(0)).unwrap();
    assert_eq!(outcome, "done", "its answer was waited for");
}
