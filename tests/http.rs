//! The gateway over HTTP as a client sees it: both eras on one endpoint, large answers, clients that go away, the end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use flvx_mcp::config::Environment;
use flvx_sandbox::{Fault, FaultRule};
use serde_json::{Value, json};
use support::{
    BadPanel, Connection, Script, Served, World, call_modern, gateway, initialize, modern, modern_headers, soon, within,
};

async fn served() -> (World, Served, Connection) {
    let world = World::start().await;
    let served = world.serve().await;
    let connection = Connection::open(served.address).await;
    (world, served, connection)
}

/// A call of the older revisions in a session.
async fn call_in_session(
    connection: &mut Connection,
    headers: &[(&str, String)],
    tool: &str,
    arguments: Value,
) -> Value {
    let message = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": tool, "arguments": arguments } });
    let reply = connection.request("POST", "/mcp", headers, message.to_string().as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["result"].clone()
}

/// The text and the structured form of a result are the same JSON.
fn same_twice(result: &Value) {
    let text = result["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), result["structuredContent"]);
    assert_eq!(result["isError"], json!(result["structuredContent"]["ok"] != true));
    assert_eq!(result["content"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_health_path_answers_without_mcp_and_all_else_is_not_found() {
    let world =
        World::with(&[("MCP_HEALTH_PATH", "/up"), ("MCP_SERVER_NAME", "edge-1"), ("MCP_SERVER_VERSION", "9.9")]).await;
    let served = world.serve().await;
    let mut connection = Connection::open(served.address).await;
    let health = connection.request("GET", "/up", &[], b"").await;
    assert_eq!(
        (health.status, health.header("content-type"), health.json()),
        (200, Some("application/json"), json!({ "status": "ok", "name": "edge-1", "version": "9.9" }))
    );
    for path in ["/healthz", "/", "/mcp/", "/sse"] {
        let other = connection.request("GET", path, &[], b"").await;
        assert_eq!((other.status, other.text().as_str()), (404, "not found: the MCP endpoint is /mcp\n"), "{path}");
    }
    assert_eq!(world.asked_at_all(), 0, "health is ours alone");
}

#[tokio::test]
async fn a_client_of_the_older_revisions_gets_a_session() {
    let (_world, _served, mut connection) = served().await;
    let (headers, hello) = initialize(&mut connection).await;
    let result = &hello.json()["result"];
    assert_eq!(
        (&result["protocolVersion"], &result["serverInfo"]["name"]),
        (&"2025-06-18".into(), &"flvx-panel-mcp".into())
    );
    assert_eq!(
        result["capabilities"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["prompts", "resources", "tools"]
    );
    assert!(result["instructions"].as_str().unwrap().starts_with("FLVX traffic-forwarding panel."));
    assert!(hello.header("mcp-session-id").is_some());
    let good = call_in_session(&mut connection, &headers, "announcement_get", json!({})).await;
    same_twice(&good);
    assert_eq!(good["structuredContent"]["ok"], true);
    let bad = call_in_session(&mut connection, &headers, "node.list", json!({ "request": { "id": 1 } })).await;
    same_twice(&bad);
    assert_eq!(bad["structuredContent"]["error"]["kind"], "invalid_arguments");
    let ended = connection.request("DELETE", "/mcp", &headers, b"").await;
    assert!(ended.status == 202 || ended.status == 204 || ended.status == 200, "{}", ended.status);
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let gone = connection.request("POST", "/mcp", &headers, message.to_string().as_bytes()).await;
    assert_eq!(gone.status, 404, "{}", gone.text());
}

#[tokio::test]
async fn a_client_of_the_stateless_revision_needs_no_session() {
    let (_world, _served, mut connection) = served().await;
    let discover = modern(1, "server/discover", json!({}));
    let reply = connection.request("POST", "/mcp", &modern_headers(&discover), discover.to_string().as_bytes()).await;
    let found = &reply.json()["result"];
    assert!(found["supportedVersions"].as_array().unwrap().contains(&"2026-07-28".into()), "{found}");
    assert_eq!(
        (&found["cacheScope"], &found["ttlMs"], &found["resultType"]),
        (&"private".into(), &60_000.into(), &"complete".into())
    );
    assert_eq!(found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "flvx-panel-mcp");
    assert!(reply.header("mcp-session-id").is_none());
    for (tool, ok) in [("announcement_get", true), ("announcement.get", true), ("ops_health", true)] {
        let result = call_modern(&mut connection, tool, json!({})).await;
        same_twice(&result);
        assert_eq!((&result["structuredContent"]["ok"], &result["resultType"]), (&ok.into(), &"complete".into()));
        assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "flvx-panel-mcp");
    }
    let bad = call_modern(
        &mut connection,
        "forward_delete",
        json!({ "request": { "id": 1 }, "idempotency_key": "modern-0001" }),
    )
    .await;
    same_twice(&bad);
    assert_eq!(bad["structuredContent"]["error"]["kind"], "confirmation_required");
}

#[tokio::test]
async fn both_eras_live_on_one_connection() {
    let (_world, _served, mut connection) = served().await;
    let (headers, _) = initialize(&mut connection).await;
    for _ in 0..3 {
        assert_eq!(call_modern(&mut connection, "announcement_get", json!({})).await["isError"], false);
        assert_eq!(call_in_session(&mut connection, &headers, "announcement_get", json!({})).await["isError"], false);
    }
}

/// A list of more than a megabyte, with what makes JSON hard in it.
fn large_list() -> Value {
    let name = |id: u32| format!("转发 \"{id}\" \\ /\t\u{1f600} {}", "x".repeat(150));
    (1..=5_000)
        .map(|id| json!({ "id": id, "name": name(id), "status": 1, "userName": "alice", "inPort": 10_000 + id }))
        .collect()
}

#[tokio::test]
async fn a_list_of_a_megabyte_arrives_whole_in_both_eras_and_both_forms() {
    let rows = large_list();
    let body = json!({ "code": 0, "msg": "操作成功", "ts": 1, "data": rows }).to_string();
    assert!(body.len() > 1 << 20);
    let panel = BadPanel::start(Script::answer("200 OK", "application/json", &body)).await;
    let served = Served::start(gateway(&Environment::from([
        ("PANEL_BASE_URL", panel.url().as_str()),
        ("PANEL_TOKEN", "a.b.c"),
        ("MCP_STATE_DIR", "temporary"),
    ])))
    .await;
    let mut connection = Connection::open(served.address).await;
    let (headers, _) = initialize(&mut connection).await;
    let view = json!({ "view": { "fields": ["*"], "limit": 10_000 } });
    let modern = within(60, "the modern call", call_modern(&mut connection, "forward_list", view.clone())).await;
    let session =
        within(60, "the call in a session", call_in_session(&mut connection, &headers, "forward_list", view)).await;
    for result in [modern, session] {
        same_twice(&result);
        assert!(result["structuredContent"]["data"] == rows, "the rows came back changed");
        assert_eq!(result["structuredContent"]["page"], json!({ "total": 5_000, "returned": 5_000 }));
    }
    let few = call_modern(
        &mut connection,
        "forward_list",
        json!({ "view": { "fields": ["id"], "limit": 2, "sort": "-id" } }),
    )
    .await;
    assert_eq!(few["structuredContent"]["data"], json!([{ "id": 5_000 }, { "id": 4_999 }]));
    assert_eq!(few["structuredContent"]["page"], json!({ "total": 5_000, "returned": 2, "next_offset": 2 }));
}

#[tokio::test]
async fn a_call_in_a_session_does_not_wait_for_a_delayed_acknowledgement() {
    let (_world, _served, mut connection) = served().await;
    let (headers, _) = initialize(&mut connection).await;
    // The stall was 44 ms on every call; a busy machine has slow calls, but not only slow ones.
    let mut fastest = Duration::MAX;
    for _ in 0..200 {
        let started = Instant::now();
        call_in_session(&mut connection, &headers, "auth_whoami", json!({})).await;
        fastest = fastest.min(started.elapsed());
    }
    println!("the fastest of 200 calls in a session: {fastest:?}");
    assert!(fastest < Duration::from_millis(35), "{fastest:?}");
}

#[tokio::test]
async fn a_change_whose_client_hangs_up_is_carried_out_and_its_result_kept() {
    let (world, served, mut connection) = served().await;
    let path = "/api/v1/announcement/update";
    world.sandbox.panel.fault(FaultRule::new(Fault::Latency).on(path).ms(400));
    let arguments =
        json!({ "request": { "content": "said before hanging up", "enabled": 1 }, "idempotency_key": "hang-up-0001" });
    let message = modern(1, "tools/call", json!({ "name": "announcement_update", "arguments": arguments.clone() }));
    connection.send("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    soon("the panel to be asked", async {
        while world.asked(path) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    drop(connection);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut connection = Connection::open(served.address).await;
    let told = soon("the change's end", async {
        loop {
            let told =
                call_modern(&mut connection, "announcement_update", arguments.clone()).await["structuredContent"]
                    .clone();
            if told["error"]["kind"] != "in_progress" {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!((&told["ok"], &told["outcome"]), (&true.into(), &"replayed".into()), "{told}");
    assert_eq!(world.asked(path), 1);
    assert_eq!(world.call("announcement.get", json!({})).await["data"]["content"], "said before hanging up");
}

#[tokio::test]
async fn a_read_whose_client_hangs_up_holds_nothing_up() {
    let (world, served, mut connection) = served().await;
    world.sandbox.panel.fault(FaultRule::new(Fault::Latency).on("/api/v1/announcement/get").ms(5_000));
    let message = modern(1, "tools/call", json!({ "name": "announcement_get", "arguments": {} }));
    connection.send("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(connection);
    let mut connection = Connection::open(served.address).await;
    let started = Instant::now();
    assert_eq!(call_modern(&mut connection, "node_list", json!({})).await["isError"], false);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn sixty_four_clients_at_once_get_each_their_own_answer() {
    let (_world, served, _) = served().await;
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..64_u64 {
        let address = served.address;
        clients.spawn(async move {
            let mut connection = Connection::open(address).await;
            for _ in 0..4 {
                let limit = number % 7 + 1;
                let result = call_modern(
                    &mut connection,
                    "forward_list",
                    json!({ "view": { "fields": ["id"], "limit": limit } }),
                )
                .await;
                same_twice(&result);
                assert_eq!(result["structuredContent"]["page"]["returned"], limit);
            }
        });
    }
    within(60, "64 clients", clients.join_all()).await;
}

#[tokio::test]
async fn a_stop_lets_the_call_that_runs_finish_and_takes_no_new_one() {
    let (world, served, mut connection) = served().await;
    world.sandbox.panel.fault(FaultRule::new(Fault::Latency).on("/api/v1/node/list").ms(500));
    let message = modern(1, "tools/call", json!({ "name": "node_list", "arguments": {} }));
    connection.send("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    soon("the panel to be asked", async {
        while world.asked("/api/v1/node/list") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let address = served.address;
    let started = Instant::now();
    served.stop.cancel();
    let reply = soon("the answer of the running call", connection.reply()).await;
    assert_eq!(reply.json()["result"]["structuredContent"]["ok"], true, "{}", reply.text());
    served.finish().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "still listening");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_idle_clients_and_open_streams() {
    let (_world, served, mut connection) = served().await;
    let (headers, _) = initialize(&mut connection).await;
    let mut listener = Connection::open(served.address).await;
    listener.send("GET", "/mcp", &headers, b"").await;
    let mut idle = Connection::open(served.address).await;
    assert_eq!(idle.request("GET", "/healthz", &[], b"").await.status, 200);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    served.finish().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(soon("the idle connection's end", idle.is_over()).await);
}

#[tokio::test]
async fn sessions_are_capped_and_the_stateless_revision_is_not() {
    let (_world, _served, mut connection) = served().await;
    let mut headers = Vec::new();
    for _ in 0..1_000 {
        let (session, hello) = initialize(&mut connection).await;
        assert_eq!(hello.status, 200, "{}", hello.text());
        headers = session;
    }
    let (_, refused) = initialize(&mut connection).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("60")));
    assert_eq!(refused.text(), "too many sessions are open; end some, or use a client of revision 2026-07-28\n");
    // The handshake opens a session whatever its headers say of the revision and of the method.
    let hello = |revision: &str| {
        let client = json!({ "name": "tests", "version": "1" });
        json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": { "protocolVersion": revision, "capabilities": {}, "clientInfo": client } })
    };
    for (revision, method, status) in [
        ("2026-07-28", None, 503),
        ("2026-07-28", Some("initialize"), 503),
        ("2026-07-28", Some("tools/list"), 400),
        ("2025-06-18", Some("tools/list"), 503),
    ] {
        let mut headers = modern_headers(&hello(revision));
        headers.retain(|(name, _)| !name.starts_with("mcp-"));
        headers.push(("mcp-protocol-version", revision.to_owned()));
        headers.extend(method.map(|method| ("mcp-method", method.to_owned())));
        let reply = connection.request("POST", "/mcp", &headers, hello(revision).to_string().as_bytes()).await;
        assert_eq!(reply.status, status, "{revision} {method:?}: {}", reply.text());
        assert!(reply.header("mcp-session-id").is_none());
    }
    assert_eq!(call_modern(&mut connection, "auth_whoami", json!({})).await["isError"], false);
    assert_eq!(call_in_session(&mut connection, &headers, "auth_whoami", json!({})).await["isError"], false);
    assert_eq!(connection.request("DELETE", "/mcp", &headers, b"").await.status / 100, 2);
    soon("room for a session", async {
        while initialize(&mut connection).await.1.status != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_id_that_is_no_text_is_refused() {
    let (_world, _served, mut connection) = served().await;
    let (mut headers, _) = initialize(&mut connection).await;
    for (name, value) in &mut headers {
        if *name == "mcp-session-id" {
            "\u{ff}".clone_into(value);
        }
    }
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string();
    for (method, body) in [("POST", message.as_bytes()), ("GET", b"".as_slice()), ("DELETE", b"".as_slice())] {
        let reply = connection.request(method, "/mcp", &headers, body).await;
        assert_eq!((reply.status, reply.text().as_str()), (400, "Bad Request: Mcp-Session-Id is no plain text"));
    }
}

#[tokio::test]
async fn an_address_in_use_is_told_with_its_name() {
    let (world, served, _) = served().await;
    let error = flvx_mcp::transport::serve_http(Arc::clone(&world.gateway), served.address, Default::default())
        .await
        .unwrap_err();
    assert!(error.starts_with(&format!("{} cannot be listened on: ", served.address)), "{error}");
}

#[tokio::test]
async fn prompts_and_resources_are_what_they_say() {
    let (world, _served, mut connection) = served().await;
    let mut ask = async |method: &str, params: Value| {
        let message = modern(1, method, params);
        let reply = connection.request("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
        reply.json()
    };
    let prompts = ask("prompts/list", json!({})).await["result"]["prompts"].clone();
    for prompt in prompts.as_array().unwrap() {
        let argument = prompt["arguments"][0]["name"].as_str();
        let arguments = argument.map(|name| json!({ name: "the-thing-in-question" })).unwrap_or(json!({}));
        let got = ask("prompts/get", json!({ "name": prompt["name"], "arguments": arguments })).await;
        let text =
            got["result"]["messages"][0]["content"]["text"].as_str().unwrap_or_else(|| panic!("{got}")).to_owned();
        assert_eq!(text.contains("the-thing-in-question"), argument.is_some(), "{text}");
        assert!(!text.contains('{'), "a hole is left in {text}");
        if let Some(name) = argument {
            let without = ask("prompts/get", json!({ "name": prompt["name"] })).await;
            assert_eq!(without["error"]["code"], -32602);
            assert!(
                without["error"]["message"].as_str().unwrap().starts_with(&format!("argument `{name}` is required: "))
            );
        }
        for word in text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'))
            .map(|word| word.trim_matches('.'))
        {
            let domain = word.split_once('.').map(|(domain, _)| domain);
            if domain.is_some_and(|domain| world.gateway.registry().iter().any(|tool| tool.domain == domain)) {
                assert!(
                    world.gateway.registry().resolve(word).is_some(),
                    "{} names {word}, which is no tool",
                    prompt["name"]
                );
            }
        }
    }
    let unknown = ask("prompts/get", json!({ "name": "nothing" })).await;
    assert_eq!(
        (&unknown["error"]["code"], &unknown["error"]["message"]),
        (&(-32602).into(), &"there is no prompt `nothing`".into())
    );

    let resources = ask("resources/list", json!({})).await["result"]["resources"].clone();
    assert_eq!(resources[0]["uri"], "flvx://routes");
    let map = ask("resources/read", json!({ "uri": "flvx://routes" })).await;
    let rows: Vec<Value> = serde_json::from_str(map["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(rows.len(), world.gateway.registry().iter().count());
    for row in rows {
        let uri = format!("flvx://tools/{}", row["tool"].as_str().unwrap());
        let document = ask("resources/read", json!({ "uri": uri })).await;
        let entry: Value = serde_json::from_str(document["result"]["contents"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(entry["tool"], row["tool"]);
    }
    let missing = ask("resources/read", json!({ "uri": "flvx://tools/node.lst" })).await;
    assert_eq!(missing["error"]["code"], -32602);
    assert_eq!(
        missing["error"]["message"],
        "there is no resource flvx://tools/node.lst; flvx://routes lists the tools, flvx://tools/<name> documents one"
    );
    for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
        let paged = ask(method, json!({ "cursor": "2" })).await;
        assert_eq!(
            (&paged["error"]["code"], &paged["error"]["message"]),
            (&(-32602).into(), &"unknown cursor: this list comes in one page".into()),
            "{method}"
        );
    }
}

#[tokio::test]
async fn hosts_and_origins_of_the_configuration_are_let_in() {
    let world =
        World::with(&[("MCP_ALLOWED_HOSTS", "gw.example"), ("MCP_ALLOWED_ORIGINS", "https://console.example")]).await;
    let served = world.serve().await;
    let message = modern(1, "tools/list", json!({}));
    for (name, value, status) in [
        ("host", "gw.example", 200),
        ("host", "gw.example:8443", 200),
        ("host", "evil.example", 403),
        ("origin", "https://console.example", 200),
        ("origin", "http://localhost:3000", 200),
        ("origin", "http://console.example", 403),
        ("origin", "https://console.example.evil.example", 403),
        ("origin", "null", 403),
    ] {
        let mut connection = Connection::open(served.address).await;
        let mut headers = modern_headers(&message);
        headers.push((name, value.to_owned()));
        let reply = connection.request("POST", "/mcp", &headers, message.to_string().as_bytes()).await;
        assert_eq!(reply.status, status, "{name}: {value}");
    }
}
