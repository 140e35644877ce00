//! Tokens of an identity provider: what lets in, what is told to those who lack a scope, and every attack that was tried on such
//! tokens before.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use flvx_mcp::store::audit::Filter;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::provider::{AUDIENCE, ISSUER, Key, Provider, claims, message, now};
use crate::setup::Guarded;
use crate::support::Log;

fn policy(keys: &str, rest: &str) -> String {
    format!(
        "http: {{ public_url: '{AUDIENCE}' }}\n\
         jwt:\n  issuer: {ISSUER}\n  {keys}\n  algorithms: [RS256, PS256, ES256, EdDSA]\n  leeway_seconds: 5\n\
         \x20 roles:\n    - {{ claim: groups, value: admins, role: admin }}\n    - {{ claim: scope, value: 'flvx:write', role: operator }}\n    - {{ claim: scope, value: 'flvx:read', role: viewer }}\n{rest}"
    )
}

async fn status(world: &Guarded, token: &str) -> u16 {
    world.client(Some(token)).await.modern("tools/list", json!({})).await.status
}

#[tokio::test]
async fn good_tokens_of_every_algorithm_let_in_and_their_claims_give_the_role() {
    let (ec, ed, rsa) = (Key::ec("ec"), Key::ed("ed"), Key::rsa("rsa"));
    let provider = Provider::start(&[&ec, &ed, &rsa]).await;
    let world = Guarded::start(&policy(
        &format!("jwks_url: {}", provider.url()),
        "principals:\n  lead: { role: admin, jwt: [user-7] }\n",
    ))
    .await;
    let mut ps = rsa.header();
    ps["alg"] = "PS256".into();
    let mut at = ec.header();
    at["typ"] = "at+jwt".into();
    let good = [
        (ec.token(&claims(json!({}))), "jwt:user-1", "viewer"),
        (ed.token(&claims(json!({ "scope": ["flvx:read"] }))), "jwt:user-1", "viewer"),
        (rsa.token(&claims(json!({ "scope": "openid flvx:read flvx:write" }))), "jwt:user-1", "operator"),
        (rsa.sign(&ps, &claims(json!({ "groups": ["staff", "admins"] }))), "jwt:user-1", "admin"),
        (ec.sign(&at, &claims(json!({ "aud": ["other", AUDIENCE], "nbf": now() }))), "jwt:user-1", "viewer"),
        (ed.token(&claims(json!({ "sub": "user-7", "scope": null }))), "lead", "admin"),
    ];
    for (token, name, role) in &good {
        let who = world.client(Some(token)).await.result("auth.whoami", json!({})).await;
        assert_eq!((&who["data"]["principal"], &who["data"]["role"]), (&(*name).into(), &(*role).into()), "{who}");
    }
    assert_eq!(provider.fetches(), 1, "the keys are fetched once");
}

#[tokio::test]
async fn no_forged_or_foreign_token_lets_in() {
    let log = Log::listen();
    let (ec, ed, rsa, thief) = (Key::ec("ec"), Key::ed("ed"), Key::rsa("rsa"), Key::ec("ec"));
    let provider = Provider::start(&[&ec, &ed, &rsa]).await;
    let world = Guarded::start(&policy(&format!("jwks_url: {}", provider.url()), "")).await;
    let header = |changes: Value| {
        let mut header = ec.header();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                header.as_object_mut().unwrap().remove(name);
            } else {
                header[name] = value.clone();
            }
        }
        header
    };
    let good = claims(json!({}));
    let unsigned = |header: Value| format!("{}.", message(&header, &good));
    let hmac = |key: &[u8], kid: &str| {
        let text = message(&json!({ "alg": "HS256", "kid": kid, "typ": "JWT" }), &good);
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    };
    let modulus = URL_SAFE_NO_PAD.decode(rsa.jwk()["n"].as_str().unwrap()).unwrap();
    let altered = {
        let token = ec.token(&good);
        let (head, rest) = token.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let more = URL_SAFE_NO_PAD.encode(claims(json!({ "groups": ["admins"] })).to_string());
        format!("{head}.{more}.{signature}")
    };
    let bad: Vec<(&str, String)> = vec![
        ("alg none", unsigned(json!({ "alg": "none", "kid": "ec" }))),
        ("alg None", unsigned(json!({ "alg": "None", "kid": "ec" }))),
        ("an empty signature", unsigned(ec.header())),
        ("HS256 with the RSA modulus as secret", hmac(&modulus, "rsa")),
        ("HS256 with the public key's JSON as secret", hmac(rsa.jwk().to_string().as_bytes(), "rsa")),
        ("HS256 with the shared key of the set", hmac(b"secret", "shared")),
        ("RS256 named for the EC key", ec.sign(&header(json!({ "alg": "RS256" })), &good)),
        ("ES256 named for the RSA key", rsa.sign(&json!({ "alg": "ES256", "kid": "rsa" }), &good)),
        ("EdDSA named for the EC key", ec.sign(&header(json!({ "alg": "EdDSA" })), &good)),
        ("ES384", ec.sign(&header(json!({ "alg": "ES384" })), &good)),
        ("altered claims", altered),
        ("somebody else's key under the same name", thief.token(&good)),
        ("no kid", ec.sign(&header(json!({ "kid": null })), &good)),
        ("an unknown kid", ec.sign(&header(json!({ "kid": "nobody" })), &good)),
        ("a kid that is a path", ec.sign(&header(json!({ "kid": "../../keys/ec" })), &good)),
        ("another key's kid", ec.sign(&header(json!({ "kid": "ed" })), &good)),
        ("its own key in the header", thief.sign(&header(json!({ "jwk": thief.jwk() })), &good)),
        ("an address of its own keys", thief.sign(&header(json!({ "jku": provider.url() })), &good)),
        ("demanded extensions", ec.sign(&header(json!({ "crit": ["exp"] })), &good)),
        ("another type", ec.sign(&header(json!({ "typ": "logout+jwt" })), &good)),
        ("another audience", ec.token(&claims(json!({ "aud": "https://other.example.com" })))),
        ("an audience that only begins like ours", ec.token(&claims(json!({ "aud": format!("{AUDIENCE}/x") })))),
        ("no audience", ec.token(&claims(json!({ "aud": null })))),
        ("an empty list of audiences", ec.token(&claims(json!({ "aud": [] })))),
        ("another issuer", ec.token(&claims(json!({ "iss": "https://evil.example.com/" })))),
        ("a list of issuers", ec.token(&claims(json!({ "iss": [ISSUER] })))),
        ("no issuer", ec.token(&claims(json!({ "iss": null })))),
        ("expired", ec.token(&claims(json!({ "exp": now() - 60 })))),
        ("no end", ec.token(&claims(json!({ "exp": null })))),
        ("an end that is a text", ec.token(&claims(json!({ "exp": "9999999999" })))),
        ("not valid yet", ec.token(&claims(json!({ "nbf": now() + 600 })))),
        ("no subject", ec.token(&claims(json!({ "sub": null })))),
        ("an empty subject", ec.token(&claims(json!({ "sub": "" })))),
        ("a subject with a line break", ec.token(&claims(json!({ "sub": "a\nb" })))),
        ("a subject without end", ec.token(&claims(json!({ "sub": "x".repeat(5_000) })))),
        ("two dots and nothing else", "..".to_owned()),
        ("five parts", format!("{}.x.y", ec.token(&good))),
        ("no JSON", format!("{}.{}.AA", URL_SAFE_NO_PAD.encode("no"), URL_SAFE_NO_PAD.encode("no"))),
    ];
    assert_eq!(status(&world, &ec.token(&good)).await, 200);
    for (what, token) in &bad {
        let reply = world.client(Some(token)).await.modern("tools/list", json!({})).await;
        assert_eq!(reply.status, 401, "{what}");
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(
            challenge.contains("error=\"invalid_token\"") && challenge.contains("resource_metadata="),
            "{what}: {challenge}"
        );
        assert!(
            !log.text().contains(token.rsplit('.').next().filter(|part| part.len() > 20).unwrap_or("\u{0}")),
            "{what}: in the log"
        );
    }
    println!("{} forged or foreign tokens refused", bad.len());
    assert_eq!(provider.fetches(), 2, "once at first, once for all unknown names of a minute");
}

#[tokio::test]
async fn only_algorithms_of_the_policy_are_taken() {
    let (ec, ed) = (Key::ec("ec"), Key::ed("ed"));
    let provider = Provider::start(&[&ec, &ed]).await;
    let text = policy(&format!("jwks_url: {}", provider.url()), "").replace("[RS256, PS256, ES256, EdDSA]", "[ES256]");
    let world = Guarded::start(&text).await;
    assert_eq!(status(&world, &ec.token(&claims(json!({})))).await, 200);
    assert_eq!(status(&world, &ed.token(&claims(json!({})))).await, 401);
}

#[tokio::test]
async fn a_new_key_is_found_once_a_minute_and_a_withdrawn_one_ends() {
    let (old, new, third) = (Key::ec("old"), Key::ec("new"), Key::ec("third"));
    let provider = Provider::start(&[&old]).await;
    let world = Guarded::start(&policy(&format!("jwks_url: {}", provider.url()), "")).await;
    assert_eq!(status(&world, &old.token(&claims(json!({})))).await, 200);
    provider.publish(&[&new]);
    // Many at once: one fetch for all of them.
    let token = new.token(&claims(json!({})));
    let (one, two, three) = tokio::join!(status(&world, &token), status(&world, &token), status(&world, &token));
    assert_eq!((one, two, three), (200, 200, 200));
    assert_eq!(provider.fetches(), 2);
    assert_eq!(status(&world, &old.token(&claims(json!({})))).await, 401, "the old key is gone");
    provider.publish(&[&new, &third]);
    for _ in 0..20 {
        assert_eq!(status(&world, &third.token(&claims(json!({})))).await, 401, "not before a minute has passed");
    }
    assert_eq!(provider.fetches(), 2);
}

#[tokio::test]
async fn the_last_keys_are_kept_when_the_provider_is_down_and_without_any_the_answer_is_503() {
    let ec = Key::ec("ec");
    let provider = Provider::start(&[&ec]).await;
    let world = Guarded::start(&policy(&format!("jwks_url: {}", provider.url()), "")).await;
    assert_eq!(status(&world, &ec.token(&claims(json!({})))).await, 200);
    for (status_code, body) in [
        (500, String::new()),
        (200, "<html>".to_owned()),
        (200, "{\"keys\":[]}".to_owned()),
        (302, String::new()),
        (200, " ".repeat(300 << 10)),
    ] {
        provider.answer(status_code, &body);
        let mut other = ec.header();
        other["kid"] = "other".into();
        // Whether there is such a key cannot be known now.
        assert_eq!(status(&world, &ec.sign(&other, &claims(json!({})))).await, 503);
        assert_eq!(status(&world, &ec.token(&claims(json!({})))).await, 200, "{status_code} {:.20}", body);
    }
    // One that was never there.
    let down = Guarded::start(&policy("jwks_url: http://127.0.0.1:9/keys", "")).await;
    let reply = down.client(Some(&ec.token(&claims(json!({}))))).await.modern("tools/list", json!({})).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")));
}

#[tokio::test]
async fn the_metadata_name_the_provider_and_a_challenge_names_the_metadata() {
    let ec = Key::ec("ec");
    let place = crate::setup::Place::new(&policy("jwks_file: keys.json", ""));
    std::fs::write(place.folder.path().join("keys.json"), crate::provider::set(&[&ec])).unwrap();
    let world = Guarded::at(place, &[]).await;
    let mut client = world.client(None).await;
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
        let reply = client.connection.request("GET", path, &[], b"").await;
        assert_eq!(reply.status, 200, "{path}");
        let document = reply.json();
        assert_eq!(document["resource"], AUDIENCE);
        assert_eq!(document["authorization_servers"], json!([ISSUER]));
        assert_eq!(document["scopes_supported"], json!(["flvx:write", "flvx:read"]));
    }
    assert_eq!(
        client.connection.request("GET", "/.well-known/oauth-protected-resource/other", &[], b"").await.status,
        404
    );
    let reply = client.modern("tools/list", json!({})).await;
    assert_eq!(reply.status, 401);
    assert_eq!(
        reply.header("www-authenticate").unwrap(),
        "Bearer realm=\"flvx-mcp\", resource_metadata=\"https://flvx.example.com/.well-known/oauth-protected-resource/mcp\""
    );
    assert_eq!(status(&world, &ec.token(&claims(json!({})))).await, 200);
}

#[tokio::test]
async fn a_missing_scope_is_named_only_where_it_would_help() {
    let ec = Key::ec("ec");
    let provider = Provider::start(&[&ec]).await;
    let world = Guarded::start(&policy(&format!("jwks_url: {}", provider.url()), "")).await;
    let scope = |reply: &crate::support::Reply| {
        let challenge = reply.header("www-authenticate").unwrap_or_default();
        challenge.split_once("scope=\"").map(|(_, rest)| rest.split('"').next().unwrap().to_owned())
    };
    // Nothing in the token gives a role.
    let mut nobody = world.client(Some(&ec.token(&claims(json!({ "scope": "openid" }))))).await;
    let reply = nobody.modern("tools/list", json!({})).await;
    assert_eq!((reply.status, scope(&reply).as_deref()), (403, Some("flvx:read")));
    assert_eq!(reply.json()["error"]["code"], 403);
    // A reader asks for more.
    let mut reader = world.client(Some(&ec.token(&claims(json!({}))))).await;
    let wanted = reader.modern("tools/call", json!({ "name": "node_create", "arguments": {} })).await;
    assert_eq!((wanted.status, scope(&wanted).as_deref()), (403, Some("flvx:write")));
    world.gateway.audit().flush().await;
    let filter = Filter { error: Some("insufficient_scope".to_owned()), ..Filter::default() };
    let records = world.gateway.store().search_audit(filter, 10).await.unwrap();
    assert_eq!(records.len(), 1, "{records:?}");
    assert!(records[0].record.contains("node.create") && records[0].record.contains("jwt:user-1"), "{records:?}");
    // Only a group gives critical tools, and no tool of that name exists: both are simply unknown.
    for name in ["backup_import", "zq_xjw_zzzzzzzzzzzz"] {
        let unknown = reader.modern("tools/call", json!({ "name": name, "arguments": {} })).await;
        assert_eq!(unknown.json()["error"]["code"], -32602, "{name}");
        assert_eq!(
            unknown.json()["error"]["message"].as_str().unwrap().split(';').next().unwrap(),
            format!("unknown tool `{name}`")
        );
    }
    let fine = reader.result("node.list", json!({})).await;
    assert_eq!(fine["ok"], true);
}

#[tokio::test]
async fn required_scopes_are_required_of_everybody() {
    let ec = Key::ec("ec");
    let provider = Provider::start(&[&ec]).await;
    let text = policy(&format!("jwks_url: {}\n  required_scopes: [flvx]", provider.url()), "");
    let world = Guarded::start(&text).await;
    let reply = world.client(Some(&ec.token(&claims(json!({}))))).await.modern("tools/list", json!({})).await;
    assert_eq!(reply.status, 403);
    assert!(reply.header("www-authenticate").unwrap().contains("error=\"insufficient_scope\", scope=\"flvx\""));
    assert_eq!(status(&world, &ec.token(&claims(json!({ "scope": "flvx flvx:read" })))).await, 200);
}

#[tokio::test]
async fn two_subjects_share_no_login_and_no_idempotency_key() {
    let ec = Key::ec("ec");
    let provider = Provider::start(&[&ec]).await;
    let world = Guarded::start(&policy(&format!("jwks_url: {}", provider.url()), "")).await;
    let token = |subject: &str| ec.token(&claims(json!({ "sub": subject, "scope": "flvx:write" })));
    let (mut one, mut two) = (world.client(Some(&token("one"))).await, world.client(Some(&token("two"))).await);
    let login =
        one.result("auth.login", json!({ "request": { "username": "alice", "password": "fake-pw-alice" } })).await;
    assert_eq!(login["data"]["credential"], "login:alice", "{login}");
    let used = one.result("forward.list", json!({ "auth_context": "login:alice" })).await;
    assert_eq!(used["ok"], true, "{used}");
    let stolen = two.result("forward.list", json!({ "auth_context": "login:alice" })).await;
    assert_eq!(stolen["error"]["kind"], "unknown_credential", "{stolen}");
    assert!(!two.result("auth.whoami", json!({})).await.to_string().contains("alice"));
    let change = json!({ "request": { "content": "hello", "enabled": 1 }, "idempotency_key": "shared-key-1" });
    assert_eq!(one.result("announcement.update", change.clone()).await["outcome"], "done");
    assert_eq!(two.result("announcement.update", change).await["outcome"], "done", "a key is its principal's own");
}
