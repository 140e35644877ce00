//! Sessions of the older revisions belong to who opened them.

use serde_json::json;

use crate::setup::{Guarded, digest};

fn policy() -> String {
    format!(
        "principals:\n  alice: {{ role: viewer, tokens: ['{}'] }}\n  bob: {{ role: admin, tokens: ['{}'] }}\n",
        digest("t-alice"),
        digest("t-bob")
    )
}

#[tokio::test]
async fn a_stolen_session_id_opens_nothing_and_looks_like_one_that_does_not_exist() {
    let world = Guarded::start(&policy()).await;
    let mut alice = world.client(Some("t-alice")).await;
    let session = alice.initialize().await;
    let mut bob = world.client(Some("t-bob")).await;
    let mut said = Vec::new();
    for name in [session.as_str(), "00000000-0000-4000-8000-000000000000"] {
        bob.join(name);
        let list = bob.legacy("tools/list", json!({})).await;
        let end = bob.bare("DELETE").await;
        assert_eq!((list.status, list.text().as_str()), (404, "Not Found: Session not found"), "{name}");
        said.push((list.status, list.text()));
        assert!(end.status == 404 || name != session, "{} {}", end.status, end.text());
    }
    assert_eq!(said[0], said[1]);
    let mut reader = world.client(Some("t-bob")).await;
    reader.join(&session);
    let mut headers = vec![("accept", "text/event-stream".to_owned())];
    headers.push(("mcp-session-id", session.clone()));
    headers.push(("authorization", "Bearer t-bob".to_owned()));
    assert_eq!(reader.connection.request("GET", "/mcp", &headers, b"").await.status, 404);
    // It is still hers.
    assert_eq!(alice.legacy("tools/list", json!({})).await.status, 200);
}

#[tokio::test]
async fn a_session_that_was_ended_cannot_be_used_again() {
    let world = Guarded::start(&policy()).await;
    let mut alice = world.client(Some("t-alice")).await;
    alice.initialize().await;
    assert!((200..300).contains(&alice.bare("DELETE").await.status));
    assert_eq!(alice.legacy("tools/list", json!({})).await.status, 404);
}

#[tokio::test]
async fn a_session_without_its_token_is_nobodys() {
    let world = Guarded::start(&policy()).await;
    let mut alice = world.client(Some("t-alice")).await;
    alice.initialize().await;
    alice.show(None);
    assert_eq!(alice.legacy("tools/list", json!({})).await.status, 401);
    alice.show(Some("t-alice"));
    assert_eq!(alice.legacy("tools/list", json!({})).await.status, 200);
}
