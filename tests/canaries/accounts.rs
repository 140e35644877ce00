//! Passwords, tokens and the operator's word on the ways of accounts: none is in a log line, a debug print or a result.

use flvx_panel::client::Credential;
use serde_json::{Value, json};

use crate::support::{ADMIN, Log, WORD, World};

/// The token that a credential holds now.
fn kept(world: &World, name: &str) -> String {
    let names = world.gateway.credentials().names(&crate::support::caller().principal);
    match names.iter().find(|(known, _)| known == name) {
        Some((_, Credential::Account(account))) => account.current().unwrap().expose().to_owned(),
        other => panic!("{name} is {other:?}"),
    }
}

fn set_password(world: &World, id: i64, password: &str) {
    world.sandbox.panel.state().users.users.get_mut(id).unwrap().pwd = flvx_sandbox::state::md5_hex(password);
}

#[tokio::test]
async fn no_secret_is_in_any_debug_output_or_log_line_or_result() {
    let log = Log::listen();
    // Words that stand nowhere in the manifest, whose examples are part of the gateway.
    let (operators, others, wrong, fresh) =
        ("the-operators-own-pw", "pw-of-somebody-else", "pw-that-is-wrong", "pw-that-is-fresh");
    let world = World::with(&[("PANEL_PASSWORD", operators)]).await;
    set_password(&world, 1, operators);
    let alice = world.sandbox.panel.state().users.users.find(|user| user.user == "alice").unwrap().id;
    set_password(&world, alice, others);
    let change =
        json!({ "newUsername": ADMIN, "currentPassword": operators, "newPassword": fresh, "confirmPassword": fresh });
    let mut told: Vec<Value> = Vec::new();
    for (tool, arguments, ok) in [
        ("auth.user_package", json!({}), true),
        ("auth.login", json!({ "request": { "username": "alice", "password": others } }), true),
        ("auth.login", json!({ "request": { "username": "zhangwei", "password": wrong } }), false),
        ("auth.whoami", json!({}), true),
        ("auth.validate", json!({ "auth_context": "login:alice" }), true),
        ("federation.connect", json!({}), true),
        ("federation.share_list", json!({ "view": { "fields": ["*"] } }), true),
        ("node.list", json!({ "view": { "fields": ["*"] } }), true),
        ("config.list", json!({}), true),
        ("backup.export", json!({}), true),
        (
            "user.change_password",
            json!({ "request": change, "idempotency_key": "secret-0002", "confirm_token": "a-guessed-word" }),
            false,
        ),
        (
            "user.change_password",
            json!({ "request": change, "idempotency_key": "secret-0001", "confirm_token": WORD }),
            true,
        ),
        (
            "user.change_password",
            json!({ "request": { "pasword": "a-misplaced-secret" }, "idempotency_key": "secret-0003" }),
            false,
        ),
    ] {
        let result = world.call(tool, arguments).await;
        assert_eq!(result["ok"], ok, "{tool}: {result}");
        told.push(result);
    }
    let peer = world.sandbox.panel.share_token(1).unwrap();
    let tokens = [kept(&world, "default"), kept(&world, "login:alice")];
    let nodes: Vec<String> = world
        .sandbox
        .panel
        .state()
        .nodes
        .nodes
        .iter()
        .map(|node| node.secret.clone())
        .filter(|secret| !secret.is_empty())
        .collect();
    assert!(!nodes.is_empty());
    let mut secrets = vec![operators, others, wrong, fresh, "a-misplaced-secret", "a-guessed-word", WORD, &peer];
    secrets.extend(tokens.iter().chain(&nodes).map(String::as_str));
    let hashes: Vec<String> = [operators, others, fresh].into_iter().map(flvx_sandbox::state::md5_hex).collect();
    secrets.extend(hashes.iter().map(String::as_str));

    let log = log.text();
    assert!(log.contains("tool=\"user.change_password\""), "the audit is part of the log");
    let debug = format!("{:?}\n{:?}\n{:?}", world.gateway, world.gateway.config(), world.gateway.credentials());
    assert!(debug.contains("[redacted]"));
    for secret in secrets {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
        assert!(!debug.contains(secret), "{secret} is in debug output");
        let result = told.iter().find(|result| result.to_string().contains(secret));
        assert!(result.is_none(), "{secret} is in a result: {result:?}");
    }
}
