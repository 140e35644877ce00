//! A form in a session of the older revisions over HTTP: the call waits on one connection, the answer comes on another.

use serde_json::{Value, json};

use crate::setup::{Client, Guarded, digest};
use crate::support::soon;

fn policy(role: &str) -> String {
    format!(
        "http: {{ max_concurrent_per_principal: 1 }}\nprincipals:\n  bot: {{ role: {role}, tokens: ['{}'] }}\n",
        digest("t-bot")
    )
}

/// Deleting a node waits for a person. Gives the client whose call waits, another one in the same session, and the form.
async fn waiting(world: &Guarded) -> (Client, Client, Value) {
    let mut bot = world.client(Some("t-bot")).await;
    let session = bot.initialize_with(json!({ "elicitation": {} })).await;
    let preview =
        json!({ "name": "ops_preview", "arguments": { "request": { "tool": "node.delete", "request": { "id": 2 } } } });
    let shown = bot.legacy("tools/call", preview).await.json();
    let token = shown["result"]["structuredContent"]["data"]["confirm_token"].as_str().unwrap().to_owned();
    let arguments = json!({ "request": { "id": 2 }, "idempotency_key": "form-http-1", "confirm_token": token });
    bot.send(&json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": { "name": "node_delete", "arguments": arguments } })).await;
    let form = soon("the form", bot.connection.event()).await;
    assert_eq!(form["method"], "elicitation/create", "{form}");
    let mut other = world.client(Some("t-bot")).await;
    other.join(&session);
    (bot, other, form)
}

fn accepted(form: &Value) -> Value {
    let phrase = form["params"]["message"].as_str().unwrap().rsplit(": ").next().unwrap();
    json!({ "jsonrpc": "2.0", "id": form["id"], "result": { "action": "accept", "content": { "name": phrase } } })
}

async fn ended(bot: &mut Client) -> Value {
    let told = soon("the call's end", bot.connection.event()).await;
    assert_eq!(told["id"], 7, "{told}");
    told["result"]["structuredContent"].clone()
}

const SETTINGS: &[(&str, &str)] = &[("MCP_CONFIRM_POLICY", "dangerous=human")];

#[tokio::test]
async fn the_answer_comes_through_while_the_call_that_waits_has_the_last_place() {
    let world = Guarded::with(&policy("admin"), SETTINGS).await;
    let (mut bot, mut other, form) = waiting(&world).await;
    assert_eq!(other.legacy("tools/list", json!({})).await.status, 429, "the place is taken");
    assert_eq!(other.tell(&accepted(&form)).await, 202);
    let told = ended(&mut bot).await;
    assert_eq!(told["outcome"], "done", "{told}");
    assert_eq!(world.asked("/api/v1/node/delete"), 1);
}

#[tokio::test]
async fn a_role_that_was_lowered_while_the_form_was_open_makes_no_change() {
    let world = Guarded::with(&policy("admin"), SETTINGS).await;
    let (mut bot, mut other, form) = waiting(&world).await;
    world.place.write(&policy("viewer"));
    world.gateway.reload().unwrap();
    assert_eq!(other.tell(&accepted(&form)).await, 202);
    let told = ended(&mut bot).await;
    assert_eq!(told["ok"], false, "{told}");
    assert!(told["warnings"].to_string().contains("the gateway's policy changed while it was open"), "{told}");
    assert_eq!(world.asked("/api/v1/node/delete"), 0);
}
