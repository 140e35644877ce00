//! Bearer tokens of the policy, and those who bring none.

use flvx_mcp::store::audit::Filter;
use serde_json::json;

use crate::setup::{Guarded, digest};
use crate::support::{Log, json_headers};

fn policy() -> String {
    format!("principals:\n  bot: {{ role: viewer, tokens: ['{}', '{}'] }}\n", digest("flvx_good"), digest("flvx_other"))
}

#[tokio::test]
async fn each_of_its_tokens_lets_a_principal_in_and_nothing_else_does() {
    let world = Guarded::start(&policy()).await;
    for token in ["flvx_good", "flvx_other"] {
        let who = world.client(Some(token)).await.result("auth.whoami", json!({})).await;
        assert_eq!((&who["data"]["principal"], &who["data"]["role"]), (&"bot".into(), &"viewer".into()));
    }
    for token in [None, Some("flvx_wrong"), Some("a.b.c"), Some(digest("flvx_good").as_str())] {
        let mut client = world.client(token).await;
        for method in ["GET", "DELETE", "POST"] {
            let reply =
                if method == "POST" { client.modern("tools/list", json!({})).await } else { client.bare(method).await };
            assert_eq!(reply.status, 401, "{method} {token:?}");
            let challenge = reply.header("www-authenticate").unwrap();
            let expected = if token.is_some() {
                "Bearer realm=\"flvx-mcp\", error=\"invalid_token\""
            } else {
                "Bearer realm=\"flvx-mcp\""
            };
            // A word of an identity provider would send clients looking for one.
            assert_eq!(challenge, expected, "{method} {token:?}");
            let error = reply.json();
            assert_eq!((&error["jsonrpc"], &error["error"]["code"]), (&"2.0".into(), &401.into()), "{error}");
        }
    }
}

#[tokio::test]
async fn a_bad_token_is_not_taken_for_none_where_nobody_needs_one() {
    let world = Guarded::start(&format!("http: {{ anonymous: true }}\n{}", policy())).await;
    // What they may is not said: they may look.
    let who = world.client(None).await.result("auth.whoami", json!({})).await;
    assert_eq!((&who["data"]["principal"], &who["data"]["role"]), (&"anonymous".into(), &"viewer".into()));
    assert_eq!(world.client(Some("flvx_wrong")).await.modern("tools/list", json!({})).await.status, 401);
}

#[tokio::test]
async fn only_one_well_formed_header_counts_and_no_token_in_the_address_does() {
    let world = Guarded::start(&policy()).await;
    let mut client = world.client(None).await;
    let list = crate::support::modern(1, "tools/list", json!({}));
    let bearer = |text: &str| ("authorization", text.to_owned());
    for headers in [
        vec![bearer("Bearer flvx_good"), bearer("Bearer flvx_good")],
        vec![bearer("Bearer flvx_good"), bearer("Bearer flvx_wrong")],
        vec![bearer("Basic flvx_good")],
        vec![bearer("flvx_good")],
        vec![bearer("Bearer")],
        vec![bearer("Bearer flvx_good flvx_good")],
        vec![bearer(&format!("Bearer {}", "x".repeat(20_000)))],
        vec![("x-authorization", "Bearer flvx_good".to_owned())],
    ] {
        let mut all = crate::support::modern_headers(&list);
        all.extend(headers.clone());
        let reply = client.connection.request("POST", "/mcp", &all, list.to_string().as_bytes()).await;
        assert_eq!(reply.status, 401, "{headers:?}");
    }
    let path = "/mcp?access_token=flvx_good&token=flvx_good";
    let reply = client.connection.request("POST", path, &json_headers(), list.to_string().as_bytes()).await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn without_a_provider_there_is_no_word_of_one() {
    let world = Guarded::start(&policy()).await;
    let mut client = world.client(None).await;
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
        assert_eq!(client.connection.request("GET", path, &[], b"").await.status, 404, "{path}");
    }
    assert_eq!(client.connection.request("GET", "/healthz", &[], b"").await.status, 200);
}

#[tokio::test]
async fn ten_thousand_bad_tokens_are_ten_lines_of_log_and_never_a_token() {
    let log = Log::listen();
    let world = Guarded::start(&policy()).await;
    let mut client = world.client(None).await;
    for number in 0..10_000 {
        client.show(Some(&format!("flvx_guess-{number}")));
        let reply = client.bare("GET").await;
        assert_eq!(reply.status, 401);
    }
    // The record tells as often as the log does; of a log that other tests write beside, lines can be missing.
    world.gateway.audit().flush().await;
    let refused = Filter { kind: Some("auth_refused".to_owned()), ..Filter::default() };
    let told = world.gateway.store().search_audit(refused, 10_000).await.unwrap();
    assert!((1..=20).contains(&told.len()), "{} records of 10000 tries", told.len());
    assert!(!format!("{told:?}").contains("flvx_guess"), "a token is in the record");
    assert!(!log.text().contains("flvx_guess"), "a token is in the log");
    client.show(Some("flvx_good"));
    assert_eq!(client.modern("tools/list", json!({})).await.status, 200);
}

#[tokio::test]
async fn the_clients_token_never_reaches_the_panel() {
    let log = Log::listen();
    let world = Guarded::start(&policy()).await;
    let mut client = world.client(Some("flvx_good")).await;
    let list = client.result("node.list", json!({})).await;
    assert_eq!(list["ok"], true, "{list}");
    assert!(!log.text().contains("flvx_good"), "the token is in the log");
    assert!(!list.to_string().contains("flvx_good"));
}
