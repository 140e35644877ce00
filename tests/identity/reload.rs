//! The policy is read again while everything runs on.

use serde_json::{Value, json};

use crate::setup::{Client, Guarded, Place, digest, names};
use crate::support::{Program, eventually, within};

fn policy(role: &str, token: &str) -> String {
    format!("principals:\n  bot: {{ role: {role}, tokens: ['{}'] }}\n", digest(token))
}

#[tokio::test]
async fn what_changes_is_seen_at_once_in_open_sessions_of_both_eras() {
    let world = Guarded::start(&policy("viewer", "t-one")).await;
    let mut bot = world.client(Some("t-one")).await;
    bot.initialize().await;
    let before = names(&bot.legacy("tools/list", json!({})).await.json());
    world.place.write(&policy("admin", "t-one"));
    world.gateway.reload().unwrap();
    let after = names(&bot.legacy("tools/list", json!({})).await.json());
    assert!(after.len() > before.len() && after == bot.listed().await);
    // The token is taken away.
    world.place.write(&policy("admin", "t-two"));
    world.gateway.reload().unwrap();
    assert_eq!(bot.legacy("tools/list", json!({})).await.status, 401);
    assert_eq!(bot.modern("tools/list", json!({})).await.status, 401);
}

#[tokio::test]
async fn a_bad_file_changes_nothing() {
    let world = Guarded::start(&policy("viewer", "t-one")).await;
    let open = world.gateway.policy();
    for bad in ["principals: [", "principal: {}", "http: { anonymous: yes please }"] {
        world.place.write(bad);
        world.gateway.reload().unwrap_err();
        assert_eq!(world.client(Some("t-one")).await.modern("tools/list", json!({})).await.status, 200, "{bad}");
    }
    std::fs::remove_file(world.place.path()).unwrap();
    assert!(world.gateway.reload().unwrap_err().contains("cannot be read"));
    assert_eq!(open.roster.iter().count(), world.gateway.policy().roster.iter().count());
}

#[tokio::test]
async fn whoever_takes_the_last_token_out_opens_the_gateway_to_nobody() {
    for (address, left) in [
        ("127.0.0.1:8088", "principals:\n  bot: { role: viewer }\n"),
        ("127.0.0.1:8088", ""),
        ("0.0.0.0:8088", "principals:\n  bot: { role: viewer }\n"),
        ("0.0.0.0:8088", "http: { anonymous: false }\n"),
    ] {
        let world = Guarded::with(&policy("viewer", "t-one"), &[("MCP_HTTP_ADDR", address)]).await;
        let mut bot = world.client(Some("t-one")).await;
        assert_eq!(bot.modern("tools/list", json!({})).await.status, 200);
        world.place.write(left);
        world.gateway.reload().unwrap();
        for token in [Some("t-one"), None] {
            bot.show(token);
            assert_eq!(bot.modern("tools/list", json!({})).await.status, 401, "{address} {left} {token:?}");
        }
    }
    // What would open an outer address to everybody is still refused.
    let world = Guarded::with(&policy("viewer", "t-one"), &[("MCP_HTTP_ADDR", "0.0.0.0:8088")]).await;
    world.place.write("principals:\n  anonymous: { role: viewer }\n");
    assert!(world.gateway.reload().unwrap_err().contains("can be reached from other machines"));
    // And so is what would open an address of loopback to whoever comes through the proxy in front.
    let outer = "http: { public_url: 'https://flvx.example.com/mcp' }\n";
    let world = Guarded::start(&format!("{outer}{}", policy("viewer", "t-one"))).await;
    world.place.write(&format!("{outer}{}  anonymous: {{ role: viewer }}\n", policy("viewer", "t-one")));
    assert!(world.gateway.reload().unwrap_err().contains("other machines reach `http.public_url`"));
    assert_eq!(world.client(None).await.modern("tools/list", json!({})).await.status, 401);
}

#[tokio::test]
async fn an_address_that_others_reach_cannot_be_opened_to_everybody_by_a_reload() {
    let behind = format!("http: {{ public_url: 'https://flvx.example.com/mcp' }}\n{}", policy("viewer", "t-one"));
    let world = Guarded::start(&behind).await;
    for open in ["principals:\n  anonymous: { role: viewer }\n", "http: { anonymous: true }\n"] {
        world.place.write(open);
        let error = world.gateway.reload().unwrap_err();
        assert!(error.contains("other machines reach this gateway at https://flvx.example.com/mcp"), "{error}");
    }
    assert_eq!(world.client(Some("t-one")).await.modern("tools/list", json!({})).await.status, 200);
}

#[tokio::test]
async fn logins_go_with_their_principal_and_unchanged_credentials_keep_their_token() {
    let world = Guarded::start(&policy("operator", "t-one")).await;
    let mut bot = world.client(Some("t-one")).await;
    bot.result("auth.login", json!({ "request": { "username": "alice", "password": "fake-pw-alice" } })).await;
    bot.result("node.list", json!({})).await;
    let logins = world.asked("/api/v1/user/login");
    world.gateway.reload().unwrap();
    bot.result("node.list", json!({})).await;
    assert_eq!(world.asked("/api/v1/user/login"), logins, "the account logged in anew");
    world.place.write(&format!("principals:\n  other: {{ role: operator, tokens: ['{}'] }}\n", digest("t-two")));
    world.gateway.reload().unwrap();
    world.place.write(&policy("operator", "t-one"));
    world.gateway.reload().unwrap();
    let who = bot.result("auth.whoami", json!({})).await;
    assert!(!who.to_string().contains("alice"), "{who}");
}

/// The program on a free port, and its address.
async fn serving(place: &Place) -> (Program, std::net::SocketAddr) {
    let path = place.path();
    let program = Program::start(
        &[
            "serve",
            "--sandbox",
            "--transport",
            "http",
            "--http-addr",
            "127.0.0.1:0",
            "--policy",
            path.to_str().unwrap(),
        ],
        &[],
    );
    let mut address = None;
    eventually("the program listens", || {
        let said = program.said();
        let url = said.split_once("/mcp").and_then(|(before, _)| before.rsplit_once("http://127.0.0.1:"));
        address = url.and_then(|(_, port)| format!("127.0.0.1:{port}").parse().ok());
        address.is_some()
    });
    (program, address.unwrap())
}

async fn status(address: std::net::SocketAddr, token: &str) -> u16 {
    Client::new(address, Some(token)).await.modern("tools/list", json!({})).await.status
}

#[tokio::test]
async fn the_signal_takes_a_token_away_from_an_open_session_and_a_bad_file_keeps_the_last_good() {
    let place = Place::new(&policy("viewer", "t-one"));
    let (program, address) = serving(&place).await;
    let mut bot = Client::new(address, Some("t-one")).await;
    bot.initialize().await;
    place.write("principals: { bot: { role: viewr } }\n");
    program.signal("HUP");
    eventually("the bad file is told", || program.said().contains("the policy was NOT changed"));
    assert_eq!(bot.legacy("tools/list", json!({})).await.status, 200, "the last good policy");
    place.write(&policy("viewer", "t-two"));
    program.signal("HUP");
    within(10, "the new token", async {
        while status(address, "t-two").await != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(bot.legacy("tools/list", json!({})).await.status, 401);
    place.write("principals: { bot: { role: viewer } }\n");
    program.signal("HUP");
    within(10, "the last token's end", async {
        while status(address, "t-two").await != 401 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
    // The word of it is written after the policy is in force.
    eventually("the closed door is told", || program.said().contains("nobody can come in over http now"));
    program.signal("TERM");
    let (code, _, errors) = program.end();
    assert_eq!(code, Some(0), "{errors}");
    assert!(errors.contains("the policy was NOT changed, the last good one stays in force"), "{errors}");
    assert!(
        errors.contains("flvx-mcp.yaml:1:28: principals.bot.role: there is no role `viewr`; did you mean `viewer`?"),
        "{errors}"
    );
    assert!(errors.contains("was read again and is in force"), "{errors}");
    assert!(errors.contains("nobody can come in over http now"), "{errors}");
    assert!(!errors.contains("t-one") && !errors.contains("t-two"), "{errors}");
}

#[test]
fn stdio_follows_the_policys_local_principal() {
    let place = Place::new("principals:\n  local: { role: viewer, toolsets: [node] }\n");
    let path = place.path();
    let mut program = Program::start(&["--sandbox", "--policy", path.to_str().unwrap()], &[]);
    program.initialize();
    let mut list = || program.ask(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }));
    let before = names(&list());
    assert!(before.contains(&"node_list".to_owned()) && !before.contains(&"node_create".to_owned()), "{before:?}");
    let refused: Value = program.ask(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "node.create", "arguments": {} } }));
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
}
