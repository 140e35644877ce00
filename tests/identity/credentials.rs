//! Credentials of the policy: whose they are, and where their secrets come from.

use serde_json::json;

use crate::setup::{Guarded, Place, digest};

fn policy() -> String {
    format!(
        "credentials:\n  alice: {{ username: alice, password_env: ALICE_PW }}\n  boss: {{ username: admin_user, password_file: boss.pw }}\n\
         principals:\n  one: {{ role: operator, credential: alice, tokens: ['{}'] }}\n  two: {{ role: operator, credential: boss, credentials: [alice], tokens: ['{}'] }}\n",
        digest("t-one"),
        digest("t-two")
    )
}

async fn world() -> Guarded {
    let place = Place::new(&policy());
    place.secret("boss.pw", &format!("{}\n", crate::support::ADMIN));
    Guarded::at(place, &[("ALICE_PW", "fake-pw-alice")]).await
}

#[tokio::test]
async fn a_principal_uses_and_sees_its_own_credentials_only() {
    let world = world().await;
    let mut one = world.client(Some("t-one")).await;
    let mine = one.result("forward.list", json!({ "view": { "fields": ["userName"] } })).await;
    let owners = mine["data"].as_array().unwrap();
    assert!(!owners.is_empty() && owners.iter().all(|row| row["userName"] == "alice"), "{mine}");
    for name in ["boss", "default", "peer"] {
        let refused = one.result("forward.list", json!({ "auth_context": name })).await;
        assert_eq!(
            refused["error"]["message"],
            format!("`auth_context`: no credential is called `{name}`; known are `alice`"),
            "{refused}"
        );
        let forgotten = one.result("auth.logout", json!({ "request": { "credential": name } })).await;
        assert_eq!(forgotten["error"]["kind"], "unknown_credential", "{forgotten}");
        let valid = one.result("auth.validate", json!({ "auth_context": name })).await;
        assert_eq!(valid["error"]["kind"], "unknown_credential", "{valid}");
        let told = one.result("ops.capabilities", json!({ "auth_context": name })).await;
        assert_eq!(told["error"]["kind"], "unknown_credential", "{told}");
    }
    let names = |who: &serde_json::Value| -> Vec<String> {
        who["data"]["credentials"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["credential"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&one.result("auth.whoami", json!({})).await), ["alice"]);
    let mut two = world.client(Some("t-two")).await;
    assert_eq!(names(&two.result("auth.whoami", json!({})).await), ["alice", "boss"]);
    assert_eq!(
        two.result("forward.list", json!({ "auth_context": "alice" })).await["data"],
        one.result("forward.list", json!({})).await["data"]
    );
}

#[tokio::test]
async fn an_ordinary_account_takes_the_administrators_tools_away_once_it_is_known() {
    let world = world().await;
    let mut one = world.client(Some("t-one")).await;
    assert!(one.listed().await.contains(&"node_list".to_owned()), "nothing is known of the account yet");
    one.result("forward.list", json!({})).await;
    let listed = one.listed().await;
    assert!(!listed.contains(&"node_list".to_owned()) && listed.contains(&"forward_list".to_owned()), "{listed:?}");
    // What is known stays known without a token, and a login as an administrator adds what that one can reach.
    one.result("auth.logout", json!({ "request": { "credential": "alice" } })).await;
    assert_eq!(one.listed().await, listed);
    let admin = crate::support::ADMIN;
    one.result("auth.login", json!({ "request": { "username": admin, "password": admin } })).await;
    assert!(one.listed().await.contains(&"node_list".to_owned()));
    let nodes = one.result("node.list", json!({ "auth_context": format!("login:{admin}") })).await;
    assert_eq!(nodes["ok"], true, "{nodes}");
}

#[tokio::test]
async fn routes_between_panels_are_there_for_who_has_a_share_token() {
    let place = Place::new(&format!(
        "credentials:\n  friend: {{ peer_token_env: FRIEND }}\nprincipals:\n  one: {{ role: admin, tokens: ['{}'] }}\n  two: {{ role: admin, credentials: [friend], tokens: ['{}'] }}\n",
        digest("t-one"),
        digest("t-two")
    ));
    let world = Guarded::at(place, &[("FRIEND", "a-share-token")]).await;
    let peers = |listed: Vec<String>| listed.iter().filter(|name| name.starts_with("federation_runtime")).count();
    assert_eq!(peers(world.client(Some("t-one")).await.listed().await), 0);
    assert!(peers(world.client(Some("t-two")).await.listed().await) > 0);
}
