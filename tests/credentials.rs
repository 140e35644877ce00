//! The gateway's credentials: one login for all who wait, renewed once, never shown. A panel that says no is not asked
//! again and again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use flvx_mcp::access::{Principal, Rights, Via};
use flvx_panel::{
    Secret,
    client::{Account, Credential},
};
use flvx_sandbox::{Fault, FaultRule};
use serde_json::{Value, json};
use support::{WORD, World, call, soon};
use tokio::task::JoinSet;

const LOGIN: &str = "/api/v1/user/login";
const READ: &str = "/api/v1/announcement/get";
const ALICE: (&str, &str) = ("alice", "fake-pw-alice");

/// The same read by sixty-four callers at once.
async fn sixty_four(world: &World) -> Vec<Value> {
    let mut calls = JoinSet::new();
    for _ in 0..64 {
        let gateway = Arc::clone(&world.gateway);
        calls.spawn(async move { call(&gateway, "announcement.get", json!({})).await });
    }
    soon("64 calls", calls.join_all()).await
}

fn kinds(results: &[Value]) -> BTreeSet<&str> {
    results.iter().map(|result| result["error"]["kind"].as_str().unwrap_or("ok")).collect()
}

#[tokio::test]
async fn sixty_four_calls_at_once_log_in_once() {
    let world = World::start().await;
    assert_eq!(world.asked_at_all(), 0, "nobody logs in before there is something to ask");
    assert_eq!(kinds(&sixty_four(&world).await), BTreeSet::from(["ok"]));
    assert_eq!((world.asked(LOGIN), world.asked(READ)), (1, 64));
}

#[tokio::test]
async fn sixty_four_callers_whose_token_has_died_share_one_new_login() {
    let world = World::start().await;
    world.call("announcement.get", json!({})).await;
    world.sandbox.panel.state().settings.jwt_secret = "another-secret-of-the-panel".to_owned();
    assert_eq!(kinds(&sixty_four(&world).await), BTreeSet::from(["ok"]));
    assert_eq!(world.asked(LOGIN), 2);
}

#[tokio::test]
async fn a_token_that_is_refused_once_is_renewed_and_the_call_goes_through() {
    let world = World::start().await;
    world.call("announcement.get", json!({})).await;
    world.sandbox.panel.fault(FaultRule::new(Fault::Unauthorized).on(READ));
    assert_eq!(world.call("announcement.get", json!({})).await["ok"], true);
    assert_eq!((world.asked(LOGIN), world.asked(READ)), (2, 3));
}

#[tokio::test]
async fn a_change_that_is_refused_for_its_token_is_sent_again_once() {
    let world = World::start().await;
    world.sandbox.panel.fault(FaultRule::new(Fault::Unauthorized).on("/api/v1/announcement/update"));
    let result = world
        .call(
            "announcement.update",
            json!({ "request": { "content": "x", "enabled": 1 }, "idempotency_key": "renewed-1" }),
        )
        .await;
    assert_eq!((&result["ok"], &result["outcome"]), (&true.into(), &"done".into()), "{result}");
    assert_eq!((world.asked(LOGIN), world.asked("/api/v1/announcement/update")), (2, 2));
}

#[tokio::test]
async fn a_token_that_is_refused_again_after_a_login_is_an_error_and_not_a_loop() {
    let world = World::start().await;
    world.sandbox.panel.fault(FaultRule::new(Fault::Unauthorized).on(READ).times(100));
    let result = world.call("announcement.get", json!({})).await;
    assert_eq!((&result["error"]["kind"], &result["panel_code"]), (&"not_logged_in".into(), &401.into()), "{result}");
    assert_eq!((world.asked(LOGIN), world.asked(READ)), (2, 2));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_in_five_seconds_however_many_call() {
    let world = World::with(&[("PANEL_PASSWORD", "not-the-password")]).await;
    let results = sixty_four(&world).await;
    assert_eq!(kinds(&results), BTreeSet::from(["not_logged_in"]));
    let refused = results.iter().find(|result| result["panel_msg"] == "账号或密码错误").expect("the panel's own words");
    assert_eq!(refused["error"]["key"], "login_failed", "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().starts_with("the panel refused the login of `admin_user`: "));
    let late = world.call("announcement.get", json!({})).await;
    let message = late["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("the login of `admin_user` failed: the panel refused the login of `admin_user` (code -1): 账号或密码错误 (asked "), "{message}");
    assert!(message.ends_with("; the panel is not asked again before 5 s have passed)"), "{message}");
    assert_eq!((world.asked(LOGIN), world.asked(READ)), (1, 0));
    tokio::time::sleep(Duration::from_millis(5_050)).await;
    world.call("announcement.get", json!({})).await;
    assert_eq!(world.asked(LOGIN), 2);
}

#[tokio::test]
async fn a_token_of_the_operators_is_used_as_it_is_and_never_renewed() {
    let world =
        World::with(&[("PANEL_TOKEN", "fake.panel.token"), ("PANEL_USERNAME", ""), ("PANEL_PASSWORD", "")]).await;
    let result = world.call("announcement.get", json!({})).await;
    assert_eq!((&result["error"]["kind"], &result["panel_code"]), (&"not_logged_in".into(), &401.into()), "{result}");
    assert_eq!((world.asked(LOGIN), world.asked(READ)), (0, 1));
    let change = world
        .call(
            "user.reset_flow",
            json!({ "request": { "id": 2, "type": 1 }, "idempotency_key": "token-0001", "confirm_token": WORD }),
        )
        .await;
    assert_eq!(change["ok"], false, "{change}");
    assert_eq!(world.asked(LOGIN), 0);
}

#[tokio::test]
async fn a_good_token_of_the_operators_works_without_a_login() {
    let first = World::start().await;
    let token = first.sandbox.panel.token("alice").unwrap();
    let world = World::with(&[("PANEL_TOKEN", &token), ("PANEL_USERNAME", ""), ("PANEL_PASSWORD", "")]).await;
    assert_eq!(world.call("auth.user_package", json!({})).await["data"]["userInfo"]["user"], "alice");
    assert_eq!(world.asked(LOGIN), 0);
}

#[tokio::test]
async fn without_a_credential_only_public_routes_work_and_nothing_else_is_sent() {
    let world = World::with(&[("PANEL_USERNAME", ""), ("PANEL_PASSWORD", ""), ("PANEL_PEER_TOKEN", "")]).await;
    assert_eq!(world.call("auth.captcha_check", json!({})).await["ok"], true);
    let asked = world.asked_at_all();
    let result = world.call("node.list", json!({})).await;
    assert_eq!(result["error"]["kind"], "not_logged_in");
    assert_eq!(
        result["error"]["message"],
        "this route needs a panel login (PANEL_TOKEN, or PANEL_USERNAME with PANEL_PASSWORD), and none is configured"
    );
    assert_eq!(result["error"]["hint"], "The operator must configure it; nothing was sent.");
    assert_eq!(world.asked_at_all(), asked);
}

#[tokio::test]
async fn a_login_gives_a_name_that_calls_can_use_and_shows_nothing_else() {
    let world = World::start().await;
    let login = world.call("auth.login", json!({ "request": { "username": ALICE.0, "password": ALICE.1 } })).await;
    assert_eq!(
        (&login["ok"], &login["data"]["credential"], &login["data"]["role_id"]),
        (&true.into(), &"login:alice".into(), &1.into()),
        "{login}"
    );
    let token = kept(&world, "login:alice");
    let who = world.call("auth.whoami", json!({})).await;
    let names: Vec<&str> =
        who["data"]["credentials"].as_array().unwrap().iter().map(|one| one["credential"].as_str().unwrap()).collect();
    assert_eq!(names, ["default", "login:alice", "peer"]);
    let package = world.call("auth.user_package", json!({ "auth_context": "login:alice" })).await;
    assert_eq!(package["data"]["userInfo"]["user"], "alice");
    let valid = world.call("auth.validate", json!({ "auth_context": "login:alice" })).await;
    assert_eq!((&valid["data"]["valid"], &valid["data"]["account"]), (&true.into(), &"alice".into()), "{valid}");
    let forbidden = world.call("node.list", json!({ "auth_context": "login:alice" })).await;
    assert_eq!(
        (&forbidden["error"]["kind"], &forbidden["panel_code"]),
        (&"forbidden".into(), &403.into()),
        "{forbidden}"
    );
    for shown in [login, who, package, valid, forbidden] {
        let shown = shown.to_string();
        assert!(!shown.contains(&token) && !shown.contains(ALICE.1) && !shown.contains("eyJ"), "{shown}");
    }
}

/// The token that a credential holds now.
fn kept(world: &World, name: &str) -> String {
    let names = world.gateway.credentials().names(&support::caller().principal);
    match names.iter().find(|(known, _)| known == name) {
        Some((_, Credential::Account(account))) => account.current().unwrap().expose().to_owned(),
        other => panic!("{name} is {other:?}"),
    }
}

#[tokio::test]
async fn a_login_that_is_refused_leaves_nothing_behind() {
    let world = World::start().await;
    let login =
        world.call("auth.login", json!({ "request": { "username": "alice", "password": "a-wrong-password" } })).await;
    assert_eq!(
        (&login["error"]["kind"], &login["error"]["key"], &login["panel_code"]),
        (&"panel_refused".into(), &"login_failed".into(), &(-1).into()),
        "{login}"
    );
    assert!(!login.to_string().contains("a-wrong-password"));
    let result = world.call("auth.user_package", json!({ "auth_context": "login:alice" })).await;
    assert_eq!(result["error"]["kind"], "unknown_credential");
    assert_eq!(
        result["error"]["message"],
        "`auth_context`: no credential is called `login:alice`; known are `default`, `peer`"
    );
}

#[tokio::test]
async fn a_logout_forgets_a_login_and_only_the_token_of_the_operators() {
    let world = World::start().await;
    world.call("auth.login", json!({ "request": { "username": ALICE.0, "password": ALICE.1 } })).await;
    let out = world.call("auth.logout", json!({ "request": { "credential": "login:alice" } })).await;
    assert_eq!((&out["ok"], &out["data"]), (&true.into(), &json!({ "credential": "login:alice", "forgotten": true })));
    assert_eq!(
        world.call("auth.user_package", json!({ "auth_context": "login:alice" })).await["error"]["kind"],
        "unknown_credential"
    );
    let again = world.call("auth.logout", json!({ "request": { "credential": "login:alice" } })).await;
    assert_eq!(
        (&again["error"]["kind"], &again["error"]["message"]),
        (&"unknown_credential".into(), &"no credential is called `login:alice`".into())
    );

    let logins = world.asked(LOGIN);
    assert_eq!(
        world.call("auth.logout", json!({ "request": { "credential": "default" } })).await["data"]["forgotten"],
        false
    );
    world.call("announcement.get", json!({})).await;
    assert_eq!(
        world.call("auth.logout", json!({ "request": { "credential": "default" } })).await["data"]["forgotten"],
        true
    );
    assert_eq!(world.call("announcement.get", json!({})).await["ok"], true);
    assert_eq!(world.asked(LOGIN), logins + 2);
}

#[tokio::test]
async fn thirty_two_logins_are_kept_and_the_next_is_told_to_make_room() {
    let world = World::start().await;
    for number in 0..33 {
        let name = format!("guest{number:02}");
        {
            let mut state = world.sandbox.panel.state();
            let mut row = state.users.users.find(|user| user.user == "alice").unwrap().clone();
            row.user = name.clone();
            state.users.users.insert(row);
        }
        let login = world.call("auth.login", json!({ "request": { "username": name, "password": ALICE.1 } })).await;
        if number < 32 {
            assert_eq!(login["ok"], true, "{login}");
        } else {
            assert_eq!(
                (&login["error"]["kind"], &login["error"]["message"]),
                (&"busy".into(), &"too many logins are kept already".into()),
                "{login}"
            );
            assert_eq!(world.asked(LOGIN), 32, "the panel is not asked for a login that cannot be kept");
        }
    }
    let again = world.call("auth.login", json!({ "request": { "username": "guest00", "password": ALICE.1 } })).await;
    assert_eq!(again["ok"], true, "a login that is kept already takes no further room: {again}");
}

#[tokio::test]
async fn when_all_places_are_taken_the_oldest_login_makes_room_and_its_owner_is_told_to_log_in_again() {
    let world = World::start().await;
    let login = || json!({ "request": { "username": ALICE.0, "password": ALICE.1 } });
    assert_eq!(world.call("auth.login", login()).await["ok"], true);
    let credentials = world.gateway.credentials();
    let subject = |number: usize| Principal::new(format!("jwt:{number}"), Via::Jwt, Rights::all());
    let own = |principal: &Principal| credentials.names(principal).iter().any(|(name, _)| name.starts_with("login:"));
    let keep = |number| credentials.keep_login(&subject(number), Account::new("guest", Secret::new("fake-pw-guest")));
    for number in 0..1_023 {
        assert_eq!(keep(number).as_deref(), Some("login:guest"));
    }
    assert!(own(&support::caller().principal), "there is room for all of them");
    assert!(keep(1_023).is_some());
    assert!(!own(&support::caller().principal) && own(&subject(0)) && own(&subject(1_023)));
    let lost = world.call("auth.user_package", json!({ "auth_context": "login:alice" })).await;
    assert_eq!(lost["error"]["kind"], "unknown_credential", "{lost}");
    assert!(lost["error"]["hint"].as_str().unwrap().contains("log in again with auth.login"), "{lost}");
    // A login anew is the newest, and a repeated one takes no further place.
    assert_eq!(world.call("auth.login", login()).await["ok"], true);
    assert_eq!(world.call("auth.login", login()).await["ok"], true);
    assert!(own(&support::caller().principal) && !own(&subject(0)) && own(&subject(1)));
}
