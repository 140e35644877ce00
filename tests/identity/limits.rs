//! Limits of HTTP: size, time, number. What is over a limit is refused and costs others nothing.

use flvx_mcp::store::audit::Filter;
use flvx_sandbox::{Fault, FaultRule};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::setup::{Client, Guarded, digest};
use crate::support::{Reply, modern, modern_headers, within};

fn policy(http: &str) -> String {
    format!("http: {{ {http} }}\nprincipals:\n  bot: {{ role: viewer, tokens: ['{}'] }}\n", digest("t-bot"))
}

/// Sends these bytes and gives the first line of what comes back, empty when the connection is only closed.
async fn raw(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = within(20, "an answer or an end", stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

/// A principal `ops` beside `bot`.
fn two(http: &str) -> String {
    format!("{}  ops: {{ role: viewer, tokens: ['{}'] }}\n", policy(http), digest("t-ops"))
}

/// A request of `bot` whose body does not come: it has its place already.
async fn unfinished(address: std::net::SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{HEAD}content-length: 1000\r\n\r\n{{").as_bytes()).await.unwrap();
    stream
}

/// What a client is told when it is not served any more.
async fn first_refusal(client: &mut Client) -> Reply {
    within(20, "the place is taken", async {
        loop {
            let reply = client.modern("tools/list", json!({})).await;
            if reply.status != 200 {
                return reply;
            }
        }
    })
    .await
}

const HEAD: &str = "POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer t-bot\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n";

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let world = Guarded::start(&policy("body_timeout_seconds: 1")).await;
    let slow = format!("{HEAD}content-length: 1000\r\n\r\n{{");
    assert_eq!(raw(world.served.address, slow.as_bytes()).await, "HTTP/1.1 408 Request Timeout");
    assert_eq!(world.client(Some("t-bot")).await.modern("tools/list", json!({})).await.status, 200);
}

#[tokio::test]
async fn one_principal_that_takes_all_its_places_shuts_nobody_else_out() {
    let world = Guarded::start(&two("max_concurrent: 3, max_concurrent_per_principal: 1")).await;
    let stream = unfinished(world.served.address).await;
    let mut bot = world.client(Some("t-bot")).await;
    let refused = first_refusal(&mut bot).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!(refused.text(), "too many calls of yours are running; wait until one of them has ended\n");
    assert_eq!(world.client(Some("t-ops")).await.modern("tools/list", json!({})).await.status, 200);
    drop(stream);
    within(20, "the place is free", async { while bot.modern("tools/list", json!({})).await.status != 200 {} }).await;
}

#[tokio::test]
async fn calls_over_the_gateways_number_are_refused_whoever_calls() {
    let world = Guarded::start(&two("max_concurrent: 1")).await;
    let _stream = unfinished(world.served.address).await;
    let mut ops = world.client(Some("t-ops")).await;
    let refused = first_refusal(&mut ops).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(refused.text(), "too many calls are running; try again in a moment\n");
}

#[tokio::test]
async fn a_call_holds_its_place_until_it_has_ended_also_when_its_client_hangs_up() {
    let world = Guarded::start(&policy("max_concurrent: 1").replace("viewer", "admin")).await;
    let panel = &world.sandbox.panel;
    panel.fault(FaultRule::new(Fault::HoldBefore).on("/api/v1/announcement/update"));
    panel.fault(FaultRule::new(Fault::HoldBefore).on("/api/v1/node/list"));
    let mut next = world.client(Some("t-bot")).await;
    for (tool, path, arguments) in [
        (
            "announcement_update",
            "/api/v1/announcement/update",
            json!({ "request": { "content": "late", "enabled": 1 }, "idempotency_key": "place-0001" }),
        ),
        ("node_list", "/api/v1/node/list", json!({})),
    ] {
        let mut bot = world.client(Some("t-bot")).await;
        let message = modern(1, "tools/call", json!({ "name": tool, "arguments": arguments }));
        let mut headers = modern_headers(&message);
        headers.push(("authorization", "Bearer t-bot".to_owned()));
        bot.connection.send("POST", "/mcp", &headers, message.to_string().as_bytes()).await;
        let held = within(20, "the panel to be asked", panel.until_held()).await;
        assert!(held.iter().any(|held| held.starts_with(path)), "{held:?}");
        assert_eq!(next.modern("tools/list", json!({})).await.status, 429, "{tool} runs");
        drop(bot);
        if tool == "announcement_update" {
            assert_eq!(next.modern("tools/list", json!({})).await.status, 429, "the change goes on");
            panel.release();
        }
        // A change ends in its time, a read at once: its panel has not answered yet.
        within(20, tool, async { while next.modern("tools/list", json!({})).await.status != 200 {} }).await;
    }
    world.gateway.audit().flush().await;
    let records = world.gateway.store().search_audit(Filter::default(), 10).await.unwrap();
    let endings: Vec<String> = records.iter().map(|row| row.record.clone()).collect();
    assert!(
        endings.iter().any(|record| record.contains("announcement.update") && record.contains("\"outcome\":\"done\"")),
        "{endings:?}"
    );
    assert!(endings.iter().any(|record| record.contains("node.list") && record.contains("caller_gone")), "{endings:?}");
}

#[tokio::test]
async fn a_token_that_is_taken_away_while_the_body_comes_opens_nothing() {
    let world = Guarded::start(&policy("")).await;
    let message = modern(1, "tools/list", json!({}));
    let body = message.to_string();
    let mut head = String::from("POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer t-bot\r\n");
    for (name, value) in modern_headers(&message) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    for taken in [false, true] {
        let mut stream = TcpStream::connect(world.served.address).await.unwrap();
        let start = format!("{head}content-length: {}\r\nconnection: close\r\n\r\n{}", body.len(), &body[..10]);
        stream.write_all(start.as_bytes()).await.unwrap();
        // The head has been judged when the place is taken; nothing tells of that from outside.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        if taken {
            world.place.write("principals: { other: { role: viewer } }\n");
            world.gateway.reload().unwrap();
        }
        stream.write_all(&body.as_bytes()[10..]).await.unwrap();
        let mut answer = String::new();
        within(20, "the answer", stream.read_to_string(&mut answer)).await.unwrap();
        let status = if taken { "HTTP/1.1 401" } else { "HTTP/1.1 200" };
        assert!(answer.starts_with(status), "{answer}");
    }
}

#[tokio::test]
async fn headers_that_do_not_come_are_not_waited_for() {
    let world = Guarded::start(&policy("header_timeout_seconds: 1")).await;
    let answer = raw(world.served.address, b"POST /mcp HTTP/1.1\r\nhost: local").await;
    assert!(answer.is_empty() || answer.contains("408"), "{answer}");
}

#[tokio::test]
async fn bodies_headers_and_tokens_have_a_largest_size() {
    let world = Guarded::start(&policy("max_body_bytes: 2048")).await;
    let address = world.served.address;
    let said = format!("{HEAD}content-length: 4000\r\n\r\n");
    assert_eq!(raw(address, said.as_bytes()).await, "HTTP/1.1 413 Payload Too Large");
    let chunked = format!("{HEAD}transfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n", 4000, " ".repeat(4000));
    assert_eq!(raw(address, chunked.as_bytes()).await, "HTTP/1.1 413 Payload Too Large");
    let head = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    let answer = raw(address, head.as_bytes()).await;
    assert!(answer.is_empty() || answer.contains(" 431 ") || answer.contains(" 400 "), "{answer}");
    let many: String = (0..500).map(|number| format!("x-{number}: y\r\n")).collect();
    let answer = raw(address, format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.contains(" 431 ") || answer.contains(" 400 "), "{answer}");
    let mut client = world.client(Some(&"x".repeat(30_000))).await;
    assert_eq!(client.bare("GET").await.status, 401);
    // Nobody without a proof gets as far as a body.
    let stranger = HEAD.replace("t-bot", "t-other");
    assert_eq!(
        raw(address, format!("{stranger}content-length: 1000000\r\nconnection: close\r\n\r\n").as_bytes()).await,
        "HTTP/1.1 401 Unauthorized"
    );
}
