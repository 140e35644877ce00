//! A panel that answers anything but what a panel answers. For a read and for a change each: the kind of the error, the
//! honest outcome, and how often the panel was asked. Reads are tried three times at most, a change is sent once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use flvx_mcp::{
    clean::MOST_CHARACTERS,
    config::Environment,
    gateway::explain,
    result::{ErrorKind, Outcome},
};
use flvx_panel::{
    Secret,
    client::{ClientOptions, Credential, PanelClient},
    generated::{ANNOUNCEMENT_GET, ANNOUNCEMENT_UPDATE, ROUTES},
    spec::{Danger, Role},
};
use serde_json::{Map, Value, json};
use support::{BadPanel, Script, WORD, World, call, gateway, soon, within};

/// What a panel does, and what a caller is told: for a read and for a change.
struct Case {
    what: &'static str,
    script: Script,
    kind: &'static str,
    /// A part of the message.
    says: &'static str,
    outcome: &'static str,
    /// Requests that a read makes.
    tries: usize,
}

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const PAGE: &str = "<!doctype html><html><body><h1>Welcome to nginx!</h1></body></html>";

fn case(
    what: &'static str,
    script: Script,
    kind: &'static str,
    says: &'static str,
    outcome: &'static str,
    tries: usize,
) -> Case {
    Case { what, script, kind, says, outcome, tries }
}

/// Answers that are not the panel's.
fn strangers() -> Vec<Case> {
    let not_a_panel =
        |what, body: &[u8], says| case(what, Script::answer("200 OK", JSON, body), "not_a_panel", says, "unknown", 1);
    let half = r#"{"code":0,"msg":"操作成功","data":{"content":"hel"#;
    let status = |what, status, says, outcome, tries| {
        case(what, Script::answer(status, HTML, PAGE), "not_a_panel", says, outcome, tries)
    };
    vec![
        case("HTML", Script::answer("200 OK", HTML, PAGE), "not_a_panel", "HTTP 200, a web page (HTML)", "unknown", 1),
        not_a_panel("HTML that calls itself JSON", PAGE.as_bytes(), "HTTP 200, a web page (HTML)"),
        not_a_panel("nothing", b"", "HTTP 200, an empty body"),
        not_a_panel("white space", b" \r\n", "HTTP 200, an empty body"),
        not_a_panel("half a JSON", half.as_bytes(), "HTTP 200, JSON that breaks off or is malformed (EOF while parsing"),
        not_a_panel("bytes that are not UTF-8", b"\xff\xfe{\"code\":0}", "HTTP 200, 12 bytes that are not UTF-8"),
        not_a_panel("an envelope with text that is not UTF-8", b"{\"code\":0,\"msg\":\"\xff\"}", "bytes that are not UTF-8"),
        not_a_panel("JSON without envelope", br#"{"status":"ok"}"#, "HTTP 200, JSON without the panel's envelope"),
        not_a_panel("null", b"null", "HTTP 200, 4 bytes of application/json"),
        not_a_panel("a list", br#"[{"code":0}]"#, "HTTP 200, JSON without the panel's envelope"),
        not_a_panel("a code that is text", br#"{"code":"0","msg":"ok","data":null}"#, "HTTP 200, JSON without the panel's envelope"),
        not_a_panel("a code that is null", br#"{"code":null,"msg":"ok"}"#, "HTTP 200, JSON without the panel's envelope"),
        not_a_panel("a fraction as code", br#"{"code":0.5,"msg":"ok"}"#, "HTTP 200, JSON without the panel's envelope"),
        not_a_panel("two JSON values", br#"{"code":0,"msg":"ok"}{"code":0,"msg":"ok"}"#, "HTTP 200, JSON that breaks off or is malformed (trailing"),
        status("500 with HTML", "500 Internal Server Error", "HTTP 500, a web page (HTML)", "unknown", 1),
        status("502 with HTML", "502 Bad Gateway", "HTTP 502, a web page (HTML)", "unknown", 3),
        status("503 with HTML", "503 Service Unavailable", "HTTP 503, a web page (HTML)", "unknown", 3),
        status("504 with HTML", "504 Gateway Timeout", "HTTP 504, a web page (HTML)", "unknown", 3),
        status("403 with HTML", "403 Forbidden", "HTTP 403, a web page (HTML)", "rejected", 1),
        status("404 with HTML", "404 Not Found", "HTTP 404, a web page (HTML)", "rejected", 1),
        case(
            "the plain 404 of another panel version",
            Script::answer("404 Not Found", "text/plain; charset=utf-8", "404 page not found\n"),
            "unsupported_by_panel",
            "this panel version has no /api/v1/announcement/",
            "rejected",
            1,
        ),
        case(
            "301",
            Script::Say(b"HTTP/1.1 301 Moved Permanently\r\nlocation: https://panel.example/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()),
            "not_a_panel",
            "HTTP 301, a redirect; PANEL_BASE_URL must be the panel's own address",
            "rejected",
            1,
        ),
    ]
}

/// Connections that break.
fn breaks() -> Vec<Case> {
    let head = |length: &str, body: &str| {
        Script::Say(format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").into_bytes())
    };
    let whole = r#"{"code":0,"msg":"ok","ts":1}"#;
    let no_answer = |what, script| {
        case(what, script, "no_answer", "the request was sent, but no answer came back after 0.", "unknown", 3)
    };
    let part = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"code\":0".to_vec();
    vec![
        no_answer("closes before it answers", Script::Close),
        no_answer("resets before it answers", Script::Reset(Vec::new())),
        no_answer("closes in the middle of the head", Script::Say(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec())),
        no_answer("closes in the middle of the body", head("1000", whole)),
        no_answer("resets in the middle of the body", Script::Reset(part)),
        no_answer(
            "closes in the middle of a chunk",
            Script::Say(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n40\r\n{\"code\":0".to_vec()),
        ),
        no_answer("a length that is no number", head("many", whole)),
        no_answer("something that is not HTTP", Script::Say(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())),
        case(
            "a length that is too short",
            head("10", whole),
            "not_a_panel",
            "JSON that breaks off or is malformed",
            "unknown",
            1,
        ),
        case(
            "more than the gateway takes, announced",
            head("33554433", whole),
            "answer_too_large",
            "the panel's answer is larger than 33554432 bytes",
            "unknown",
            1,
        ),
        case(
            "more than the gateway takes, in chunks without end",
            Script::Flood(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()),
            "answer_too_large",
            "the panel's answer is larger than 33554432 bytes",
            "unknown",
            1,
        ),
    ]
}

/// Refusals in the panel's own form.
fn refusals() -> Vec<Case> {
    let says = |what, body: &str, kind, message, outcome| {
        case(what, Script::answer("200 OK", JSON, body), kind, message, outcome, 1)
    };
    vec![
        says(
            "a code nobody knows",
            r#"{"code":12345,"msg":"新的错误","ts":1}"#,
            "panel_refused",
            "the panel refused with code 12345; its words are in panel_msg",
            "rejected",
        ),
        says(
            "401 for a token that cannot be renewed",
            r#"{"code":401,"msg":"无效的token或token已过期","ts":1}"#,
            "not_logged_in",
            "",
            "rejected",
        ),
        says("403", r#"{"code":403,"msg":"权限不足","ts":1}"#, "forbidden", "", "rejected"),
        says("an internal error", r#"{"code":-2,"msg":"database is locked","ts":1}"#, "panel_internal", "", "unknown"),
        says(
            "a refusal without words",
            r#"{"code":-1}"#,
            "panel_refused",
            "the panel refused with code -1",
            "rejected",
        ),
    ]
}

fn settings(url: &str) -> Environment {
    Environment::from([("PANEL_BASE_URL", url), ("PANEL_TOKEN", "fake.panel.token")])
}

async fn read(url: &str) -> Value {
    call(&gateway(&settings(url)), "announcement.get", json!({})).await
}

async fn change(url: &str) -> Value {
    call(
        &gateway(&settings(url)),
        "announcement.update",
        json!({ "request": { "content": "x", "enabled": 1 }, "idempotency_key": "bad-panel-1" }),
    )
    .await
}

const READ: &str = "/api/v1/announcement/get";
const CHANGE: &str = "/api/v1/announcement/update";

async fn hold(cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        let panel = BadPanel::on(READ, case.script.clone()).await;
        let told = within(60, case.what, read(&panel.url())).await;
        let found = (told["ok"].clone(), told["error"]["kind"].clone(), told["outcome"].clone(), panel.requests());
        let says = told["error"]["message"].as_str().unwrap_or_default().contains(case.says);
        if found != (false.into(), case.kind.into(), Value::Null, case.tries) || !says {
            wrong.push(format!("{}, read, {} requests: {told}", case.what, panel.requests()));
        }
        let panel = BadPanel::on(CHANGE, case.script).await;
        let told = within(60, case.what, change(&panel.url())).await;
        let found = (told["ok"].clone(), told["error"]["kind"].clone(), told["outcome"].clone(), panel.requests());
        if found != (false.into(), case.kind.into(), case.outcome.into(), 1) {
            wrong.push(format!("{}, change, {} requests: {told}", case.what, panel.requests()));
        }
        let careful =
            told["error"]["hint"].as_str().unwrap_or_default().starts_with("The change may or may not have happened.");
        assert_eq!(careful, case.outcome == "unknown", "{}: {told}", case.what);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_is_not_the_panels_answer_is_never_taken_for_one() {
    hold(strangers()).await;
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_a_change_unknown_and_a_read_is_tried_again() {
    hold(breaks()).await;
}

#[tokio::test]
async fn the_panels_own_no_is_told_as_what_it_is() {
    hold(refusals()).await;
}

#[tokio::test]
async fn a_panel_that_takes_no_connection_has_not_seen_the_change() {
    let address = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let url = format!("http://{address}");
    for (told, outcome) in
        [(soon("read", read(&url)).await, Value::Null), (soon("change", change(&url)).await, "not_sent".into())]
    {
        assert_eq!(told["error"]["kind"], "panel_unreachable", "{told}");
        assert_eq!(told["outcome"], outcome);
        assert_eq!(told["error"]["retry_after_ms"], 2000);
        assert!(
            !told.to_string().contains(&address.port().to_string()),
            "the panel's address is the operator's business: {told}"
        );
    }
}

#[tokio::test]
async fn a_panel_that_hangs_is_left_at_the_time_limit() {
    let limit = Duration::from_millis(200);
    for (route, tries, outcome) in [(ANNOUNCEMENT_GET, 3, None), (ANNOUNCEMENT_UPDATE, 1, Some(Outcome::Unknown))] {
        let panel = BadPanel::start(Script::Hang).await;
        let client =
            PanelClient::new(ClientOptions { timeout: Some(limit), ..ClientOptions::new(panel.url()) }).unwrap();
        let credential = Credential::Token(Secret::new("fake.panel.token"));
        let started = std::time::Instant::now();
        let error = soon(route.tool, client.call(route, &credential, &Map::new(), None)).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert_eq!(panel.requests(), tries, "{}", route.tool);
        let output = explain(route, error);
        assert_eq!(output.outcome, outcome);
        let told = output.error.unwrap();
        assert_eq!(told.kind, ErrorKind::NoAnswer);
        assert!(told.message.starts_with("the request was sent, but no answer came back after 0."), "{}", told.message);
        assert!(told.message.ends_with(" s: the time limit ran out"), "{}", told.message);
    }
}

#[tokio::test]
async fn a_text_of_ten_megabytes_is_cut_to_what_a_model_can_read() {
    let text = "数据 ".repeat(10 * 1024 * 1024 / 7);
    let body = json!({ "code": 0, "msg": "操作成功", "ts": 1, "data": { "content": text, "enabled": 1 } }).to_string();
    assert!(body.len() > 10_000_000);
    let panel = BadPanel::start(Script::answer("200 OK", JSON, &body)).await;
    let told = within(60, "10 MB", read(&panel.url())).await;
    assert_eq!(told["ok"], true);
    let shown = told["data"]["content"].as_str().unwrap();
    let left = text.chars().count() - MOST_CHARACTERS;
    let start: String = text.chars().take(MOST_CHARACTERS).collect();
    assert_eq!(shown, format!("{start}… [cut by the gateway: {left} more characters]"));
    assert_eq!(panel.requests(), 1);
}

#[tokio::test]
async fn an_answer_that_is_nested_without_end_is_refused() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let beside = format!(r#"{{"content":"hello","enabled":1,"agentToken":"x","deep":{deep}}}"#);
    for data in [deep, beside] {
        let body = format!(r#"{{"code":0,"msg":"ok","ts":1,"data":{data}}}"#);
        let panel = BadPanel::start(Script::answer("200 OK", JSON, body)).await;
        let told = read(&panel.url()).await;
        assert_eq!(
            (&told["error"]["kind"], &told["error"]["message"]),
            (&"unexpected_answer".into(), &"the panel's answer is nested too deep".into()),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_secret_that_only_its_name_gives_away_is_hidden_in_every_row_and_at_every_depth() {
    let rows = json!([
        { "id": 1, "name": "first", "status": 1 },
        { "id": 2, "name": "second", "status": 1, "agentToken": "Zq7canary" },
        { "id": 3, "name": "third", "status": 1, "extra": { "smtp": [{ "db_pwd": "Zq7canary" }] } },
    ]);
    let body = json!({ "code": 0, "msg": "ok", "ts": 1, "data": rows }).to_string();
    let panel = BadPanel::start(Script::answer("200 OK", JSON, body)).await;
    let gateway = gateway(&settings(&panel.url()));
    for tool in ["forward.list", "tunnel.list", "user.list"] {
        for view in [json!({ "fields": ["*"] }), json!({ "fields": ["*"], "sort": "-id", "limit": 2 })] {
            let told = call(&gateway, tool, json!({ "view": view })).await;
            assert_eq!((&told["ok"], &told["page"]["total"]), (&true.into(), &3.into()), "{tool}: {told}");
            assert!(!told.to_string().contains("Zq7canary"), "{tool}: {told}");
            let last = &told["data"].as_array().unwrap()[if view["sort"].is_null() { 2 } else { 0 }];
            assert_eq!((&last["name"], &last["id"]), (&"third".into(), &3.into()), "{tool}: {told}");
        }
    }
}

#[tokio::test]
async fn a_read_that_works_at_the_third_try_is_a_success() {
    let good =
        Script::answer("200 OK", JSON, r#"{"code":0,"msg":"操作成功","data":{"content":"hello","enabled":1},"ts":7}"#);
    let panel = BadPanel::in_turn(vec![Script::Close, Script::answer("502 Bad Gateway", HTML, PAGE), good]).await;
    let told = read(&panel.url()).await;
    assert_eq!((&told["ok"], &told["data"]["content"], &told["panel_ts"]), (&true.into(), &"hello".into(), &7.into()));
    assert_eq!(panel.requests(), 3);
}

#[tokio::test]
async fn a_list_that_is_none_is_an_unexpected_answer() {
    for (data, message) in [
        (r#","data":{"list":[]}"#, "the panel's answer is not the list that is expected"),
        (r#","data":"none""#, "the panel's answer is not the list that is expected"),
        ("", "the answer has no list"),
    ] {
        let panel =
            BadPanel::start(Script::answer("200 OK", JSON, format!(r#"{{"code":0,"msg":"ok","ts":1{data}}}"#))).await;
        let told = call(&gateway(&settings(&panel.url())), "node.list", json!({})).await;
        assert_eq!(
            (&told["ok"], &told["error"]["kind"], &told["error"]["message"]),
            (&false.into(), &"unexpected_answer".into(), &message.into()),
            "{data}"
        );
    }
}

#[tokio::test]
async fn a_null_list_is_an_empty_one_and_unknown_keys_of_the_envelope_do_no_harm() {
    let panel = BadPanel::start(Script::answer(
        "200 OK",
        JSON,
        r#"{"code":0,"msg":"ok","data":null,"ts":1,"requestId":"r-1"}"#,
    ))
    .await;
    let told = call(&gateway(&settings(&panel.url())), "node.list", json!({})).await;
    assert_eq!((&told["ok"], &told["page"]), (&true.into(), &json!({ "total": 0, "returned": 0 })), "{told}");
}

#[tokio::test]
async fn panel_words_lose_their_hidden_characters_wherever_they_stand() {
    let body = "{\"code\":-1,\"msg\":\"no\u{200b}pe\\u202e\u{1b}[31m\",\"ts\":1}";
    let panel = BadPanel::start(Script::answer("200 OK", JSON, body.replace('\u{1b}', "\\u001b"))).await;
    let told = read(&panel.url()).await;
    assert_eq!(told["panel_msg"], "nope");
    let body =
        "{\"code\":0,\"msg\":\"ok\",\"ts\":1,\"data\":{\"content\":\"a\u{200b}b\\u200dc\u{202e}\",\"enabled\":1}}";
    let panel = BadPanel::start(Script::answer("200 OK", JSON, body)).await;
    assert_eq!(read(&panel.url()).await["data"]["content"], "abc");
}

#[tokio::test]
async fn a_change_is_not_sent_when_the_state_before_it_cannot_be_read() {
    let broken = BadPanel::on(READ, Script::answer("200 OK", HTML, PAGE)).await;
    let told = change(&broken.url()).await;
    assert_eq!(
        (&told["ok"], &told["outcome"], &told["error"]["kind"]),
        (&false.into(), &"not_sent".into(), &"not_a_panel".into()),
        "{told}"
    );
    assert!(
        told["error"]["message"]
            .as_str()
            .unwrap()
            .starts_with("before the change, announcement.get could not be read: "),
        "{told}"
    );
    assert!(told["error"]["hint"].as_str().unwrap().starts_with("Nothing was changed."), "{told}");
    let untouched = BadPanel::on(CHANGE, Script::Close).await;
    let settings = settings(&untouched.url());
    let told = call(&gateway(&settings), "announcement.get", json!({})).await;
    assert_eq!((&told["ok"], untouched.requests()), (&true.into(), 0));
}

/// One request of each change, from the manifest.
fn every_change() -> Vec<(&'static str, Value)> {
    let changes = ROUTES.iter().filter(|route| route.danger >= Danger::Write);
    changes
        .map(|route| {
            let entry: Value = serde_json::from_str(route.entry).unwrap();
            let request = entry["examples"][0]["request"].clone();
            let request = if request.is_null() { json!({}) } else { request };
            (route.tool, json!({ "request": request, "idempotency_key": "bad-panel-1", "confirm_token": WORD }))
        })
        .collect()
}

#[tokio::test]
async fn no_change_is_called_unknown_when_only_the_login_was_sent() {
    let mut wrong = Vec::new();
    for script in [
        Script::answer("200 OK", HTML, PAGE),
        Script::answer("502 Bad Gateway", HTML, PAGE),
        Script::Close,
        Script::answer("200 OK", JSON, "{}"),
    ] {
        let panel = BadPanel::start(script).await;
        let url = panel.url();
        for (tool, arguments) in every_change() {
            let role = flvx_panel::generated::route(tool).unwrap().least_role;
            if matches!(role, Role::Public | Role::Peer) {
                continue;
            }
            let settings = [
                ("PANEL_BASE_URL", url.as_str()),
                ("PANEL_USERNAME", "alice"),
                ("PANEL_PASSWORD", "fake-pw-alice"),
                ("MCP_CONFIRM_TOKEN", WORD),
            ];
            let told = call(&gateway(&Environment::from(settings)), tool, arguments).await;
            if told["ok"] != false || !(told["outcome"] == "rejected" || told["outcome"] == "not_sent") {
                wrong.push(format!("{tool}: {told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} changes:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_read_whose_login_finds_no_panel_says_so_and_does_not_speak_of_passwords() {
    let address = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let world = World::with(&[("PANEL_BASE_URL", &format!("http://{address}"))]).await;
    for _ in 0..2 {
        let told = world.call("node.list", json!({})).await;
        assert_eq!(told["error"]["kind"], "panel_unreachable", "{told}");
    }
}
