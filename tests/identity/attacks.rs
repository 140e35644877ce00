//! Attacks that need no knowledge of a secret: names of hosts, paths inside parameters, line breaks wherever text goes.

use serde_json::json;

use crate::setup::{Guarded, digest};
use crate::support::{WORD, World, modern, modern_headers};

fn policy() -> String {
    format!("principals:\n  bot: {{ role: admin, tokens: ['{}'] }}\n", digest("t-bot"))
}

#[tokio::test]
async fn a_page_of_somebody_else_cannot_reach_the_gateway_through_the_browser() {
    for policy in [
        "principals: { anonymous: { role: admin } }\n".to_owned(),
        policy(),
        format!("http: {{ public_url: 'https://flvx.example.com/mcp' }}\n{}", policy()),
    ] {
        let public = policy.contains("public_url");
        let world = Guarded::start(&policy).await;
        let list = modern(1, "tools/list", json!({}));
        let port = world.served.address.port();
        for (name, value, fine) in [
            ("host", format!("localhost:{port}"), true),
            ("host", "evil.example.com".to_owned(), false),
            ("host", format!("127.0.0.1.evil.example.com:{port}"), false),
            ("host", "flvx.example.com".to_owned(), public),
            ("origin", format!("http://localhost:{port}"), true),
            ("origin", "http://evil.example.com".to_owned(), false),
            ("origin", "null".to_owned(), false),
            ("origin", "https://flvx.example.com".to_owned(), public),
        ] {
            let mut client = world.client(Some("t-bot").filter(|_| policy.contains("bot"))).await;
            let mut headers = modern_headers(&list);
            headers.push((name, value.clone()));
            let reply = client.post(headers, &list).await;
            assert_eq!(reply.status, if fine { 200 } else { 403 }, "{name}: {value}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn paths_and_line_breaks_in_arguments_names_and_headers_stay_what_they_are() {
    let world = Guarded::start(&policy()).await;
    let mut bot = world.client(Some("t-bot")).await;
    bot.result("node.list", json!({})).await;
    let calls = world.sandbox.panel.calls();
    // Names of tools, resources and prompts.
    for name in [
        "../node/list",
        "..%2fnode%2flist",
        "/api/v1/node/list",
        "node.list/../user.list",
        "node_list\r\nx: y",
        "node.list\u{0}",
        "NODE.LIST",
    ] {
        let message =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": name, "arguments": {} } });
        bot.initialize().await;
        let reply = bot.legacy("tools/call", message["params"].clone()).await.json();
        assert_eq!(reply["error"]["code"], -32602, "{name}: {reply}");
        for uri in [format!("flvx://tools/{name}"), format!("file:///{name}")] {
            let reply = bot.legacy("resources/read", json!({ "uri": uri })).await.json();
            assert_eq!(reply["error"]["code"], -32602, "{uri}: {reply}");
        }
    }
    assert_eq!(world.sandbox.panel.calls(), calls, "the panel was asked");
    // Values: the panel gets them as they are, in the body, or not at all.
    for (number, text) in
        ["../../etc/passwd", "..%2f..%2f", "a\r\nSet-Cookie: x=y", "${jndi:ldap://x}", "'; drop table node; --"]
            .into_iter()
            .enumerate()
    {
        let key = format!("attack-{number:04}");
        let request = json!({ "request": { "content": text, "enabled": 1 }, "idempotency_key": key });
        let done = bot.result("announcement.update", request).await;
        assert_eq!((&done["ok"], &done["verified"]), (&true.into(), &true.into()), "{text}: {done}");
        let stored = bot.result("announcement.get", json!({})).await;
        assert_eq!(stored["data"]["content"].as_str().map(str::to_owned).unwrap_or_default(), text, "{stored}");
    }
    for (key, value) in [
        ("auth_context", "../default"),
        ("auth_context", "default\r\nAuthorization: x"),
        ("auth_context", "login:../default"),
    ] {
        let refused = bot.result("node.list", json!({ key: value })).await;
        assert_eq!(refused["error"]["kind"], "unknown_credential", "{refused}");
    }
    let split = bot
        .result(
            "announcement.update",
            json!({ "request": { "content": "x", "enabled": 1 }, "idempotency_key": "attack\r\nx: y" }),
        )
        .await;
    assert_eq!(split["error"]["kind"], "invalid_arguments", "{split}");
}

#[tokio::test]
async fn a_header_cannot_claim_another_tool_than_the_body_calls() {
    let world = Guarded::start(&policy()).await;
    let mut bot = world.client(Some("t-bot")).await;
    let message = modern(
        1,
        "tools/call",
        json!({ "name": "forward_delete", "arguments": { "request": { "id": 1 }, "idempotency_key": "lying-0001", "confirm_token": WORD } }),
    );
    let mut headers = modern_headers(&message);
    for (name, value) in &mut headers {
        if *name == "mcp-name" {
            *value = "node_list".to_owned();
        }
    }
    let reply = bot.post(headers, &message).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(world.asked("/api/v1/forward/delete"), 0);
}

#[tokio::test]
async fn without_a_policy_everything_works_as_it_did() {
    let world = World::start().await;
    let served = world.serve().await;
    let mut client = crate::setup::Client::new(served.address, None).await;
    assert_eq!(client.listed().await.len(), world.gateway.registry().iter().count());
    let who = client.result("auth.whoami", json!({})).await;
    assert_eq!((&who["data"]["principal"], &who["data"]["role"]), (&"anonymous".into(), &"admin".into()));
    let forbidden =
        crate::support::environment(&world.sandbox, &[("MCP_TRANSPORT", "http"), ("MCP_HTTP_ANONYMOUS", "false")]);
    let config = flvx_mcp::config::Config::from_env(&forbidden).unwrap();
    let error = flvx_mcp::gateway::Gateway::new(config, flvx_mcp::ops::OWN).unwrap_err();
    assert!(error.starts_with("nobody could come in over http"), "{error}");
}
