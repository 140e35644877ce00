//! What does not go through a model but into a file: documents, and new secrets for a person. Who sees what of them.

use std::sync::Arc;

use flvx_mcp::{
    access::{Principal, Rights, Via},
    gateway::{Caller, Gateway},
    store::{SavedFilter, SavedKind},
};
use serde_json::{Map, Value, json};

use crate::{
    between::Between,
    support::{Connection, Served, World, environment, gateway, initialize, modern, modern_headers, object},
};

const COMMAND: &str = "curl -L https://example/install.sh && VERSION=1 ./install.sh -a 203.0.113.1 -s Zq7nodesecret";

fn somebody(name: &str, via: Via, reveal: &[&str]) -> Caller {
    let rights = Rights { reveal: reveal.iter().map(|name| (*name).to_owned()).collect(), ..Rights::all() };
    Caller { principal: Principal::new(name, via, rights), ..Caller::local(via, "tests") }
}

async fn called(gateway: &Gateway, caller: &Caller, tool: &str, arguments: Value) -> (Value, Vec<String>) {
    let output = gateway.call(caller, tool, object(arguments)).await.unwrap();
    (serde_json::from_str(&output.to_json()).unwrap(), output.revealed)
}

#[tokio::test]
async fn a_backup_goes_whole_into_a_file_and_the_answer_counts_it() {
    let world = World::start().await;
    let result = world.call("backup.export", json!({})).await;
    let data = &result["data"];
    assert_eq!((&result["ok"], &data["sections"]["users"]), (&json!(true), &json!(5)), "{result}");
    let saved = world.gateway.store().saved(data["saved"].as_str().unwrap()).await.unwrap().unwrap();
    assert_eq!(
        (saved.kind, saved.principal.as_str(), saved.tool.as_str()),
        (SavedKind::Backup, "local", "backup.export")
    );
    assert_eq!((&data["bytes"], &data["sha256"]), (&json!(saved.bytes), &json!(saved.sha256)));
    assert_eq!(data["path"], json!(saved.path), "a caller on the machine is told where it lies");
    let content: Value = serde_json::from_slice(&std::fs::read(&saved.path).unwrap()).unwrap();
    let state = world.sandbox.panel.state();
    assert_eq!(
        content["users"][0]["pwd"],
        json!(state.users.users.iter().next().unwrap().pwd),
        "it can be imported again"
    );
}

#[tokio::test]
async fn with_a_view_the_sections_are_shown_redacted_and_nothing_is_kept() {
    let world = World::start().await;
    let result = world.call("backup.export", json!({ "view": { "fields": ["nodes", "version"] } })).await;
    let keys: Vec<&String> = result["data"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["version", "nodes"]);
    assert_eq!(result["data"]["nodes"][0]["secret"], "[redacted]");
    assert_eq!(world.gateway.store().list_saved(SavedFilter::default()).await.unwrap(), []);
    for (view, told) in [
        (json!({ "fields": ["node"] }), "did you mean `nodes`?"),
        (json!({ "limit": 3 }), "only `fields` is known here"),
        (json!({ "filter": { "version": "1" } }), "only `fields` is known here"),
    ] {
        let refused = world.call("backup.export", json!({ "view": view })).await;
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(refused["error"]["kind"] == "invalid_arguments" && message.contains(told), "{refused}");
    }
}

#[tokio::test]
async fn a_saved_backup_is_a_resource_for_whoever_saved_it_and_shows_no_secret() {
    let world = World::start().await;
    // Saved by somebody on the machine: not in the list of the one who comes over HTTP, who may read all the same.
    let local = world.call("backup.export", json!({})).await;
    let served = world.serve().await;
    let mut connection = Connection::open(served.address).await;
    let message = modern(1, "tools/call", json!({ "name": "backup_export", "arguments": {} }));
    let reply = connection.request("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    let result = reply.json()["result"].clone();
    let data = &result["structuredContent"]["data"];
    assert_eq!(data["path"], Value::Null, "a path is for callers on the machine");
    let uri = format!("flvx://saved/{}", data["saved"].as_str().unwrap());
    let link = &result["content"][1];
    assert_eq!(
        (&link["type"], &link["uri"], &link["size"]),
        (&json!("resource_link"), &json!(uri), &data["bytes"]),
        "{result}"
    );
    let listed = ask(&served, "resources/list", json!({})).await;
    let uris: Vec<&str> =
        listed["resources"].as_array().unwrap().iter().map(|row| row["uri"].as_str().unwrap()).collect();
    assert_eq!(uris, ["flvx://routes", &uri]);
    let read = ask(&served, "resources/read", json!({ "uri": uri })).await;
    let document: Value = serde_json::from_str(read["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&document["users"][0]["pwd"], &document["nodes"][0]["secret"]),
        (&json!("[redacted]"), &json!("[redacted]"))
    );
    let foreign = format!("flvx://saved/{}", local["data"]["saved"].as_str().unwrap());
    assert!(ask(&served, "resources/read", json!({ "uri": foreign })).await["contents"].is_array(), "it may see all");
    std::fs::write(world.gateway.store().saved(&uri[13..]).await.unwrap().unwrap().path, "{}").unwrap();
    let message = modern(1, "resources/read", json!({ "uri": uri }));
    let reply = connection.request("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    assert!(reply.text().contains("was changed or taken away"), "{}", reply.text());
}

#[tokio::test]
async fn the_link_is_also_in_a_session_of_an_older_revision() {
    let world = World::start().await;
    let served = world.serve().await;
    let mut connection = Connection::open(served.address).await;
    let (headers, _) = initialize(&mut connection).await;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "backup_export", "arguments": {} } });
    let reply = connection.request("POST", "/mcp", &headers, call.to_string().as_bytes()).await.json();
    assert_eq!(reply["result"]["content"][1]["type"], "resource_link", "{reply}");
    assert_eq!(reply["result"]["_meta"]["flvx-mcp/untrusted"][0], "data");
}

#[tokio::test]
async fn of_a_document_with_countless_sections_the_first_are_told_and_the_others_counted() {
    let sandbox = flvx_sandbox::Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
    let between = Between::before(sandbox.addr).await;
    let sections: Map<String, Value> =
        (0..100_000).map(|number| (format!("section{number:06}"), json!([1, 2]))).collect();
    // The document comes as a file, without an envelope.
    between.say("/api/v1/backup/export", "200 OK", "application/json", &Value::Object(sections).to_string());
    let gateway = gateway(&environment(&sandbox, &[("PANEL_BASE_URL", &between.url())]));
    let (result, _) = called(&gateway, &somebody("alice", Via::Token, &[]), "backup.export", json!({})).await;
    let (told, more) = (result["data"]["sections"].as_object().unwrap(), &result["data"]["more_sections"]);
    assert_eq!((told.len(), &told["section000063"], more), (64, &json!(2), &json!(100_000 - 64)), "{result}");
    assert!(result.to_string().len() < 8_192);
    let world = World::start().await;
    let ordinary = world.call("backup.export", json!({})).await;
    assert_eq!(ordinary["data"]["more_sections"], Value::Null, "{ordinary}");
}

/// A gateway whose panel gives this command.
async fn with_command() -> (flvx_sandbox::Running, Between, Arc<Gateway>) {
    let sandbox = flvx_sandbox::Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
    let between = Between::before(sandbox.addr).await;
    let body = json!({ "code": 0, "msg": "操作成功", "data": COMMAND, "ts": 1 });
    // As the panel's Go spells it.
    let body = body.to_string().replace('&', "\\u0026");
    between.say("/api/v1/node/install", "200 OK", "application/json", &body);
    let gateway = gateway(&environment(&sandbox, &[("PANEL_BASE_URL", &between.url())]));
    (sandbox, between, gateway)
}

#[tokio::test]
async fn a_new_secret_for_a_person_lies_in_a_file_and_the_answer_says_how_to_get_it() {
    let (_sandbox, _between, gateway) = with_command().await;
    let ask_for = || json!({ "request": { "id": 1 } });
    let (result, revealed) =
        called(&gateway, &somebody("alice", Via::Token, &[]), "node.install_command", ask_for()).await;
    assert!(!result.to_string().contains("Zq7nodesecret") && revealed.is_empty(), "{result}");
    let id = result["saved"][0]["id"].as_str().unwrap();
    assert_eq!(result["data"], json!(format!("[kept for a person: flvx-mcp saved show {id} --reveal]")));
    assert_eq!(result["saved"], json!([{ "id": id, "field": "data" }]));
    let saved = gateway.store().saved(id).await.unwrap().unwrap();
    assert_eq!((saved.kind, saved.principal.as_str()), (SavedKind::Secret, "alice"));
    assert_eq!(gateway.store().read_saved(&saved).await.unwrap(), COMMAND.as_bytes());
}

#[tokio::test]
async fn a_field_that_the_operator_opened_is_shown_and_told_to_the_record() {
    let (_sandbox, _between, gateway) = with_command().await;
    let alice = somebody("alice", Via::Token, &["node.install_command.data"]);
    let (result, revealed) = called(&gateway, &alice, "node.install_command", json!({ "request": { "id": 1 } })).await;
    assert_eq!((&result["data"], revealed), (&json!(COMMAND), vec!["node.install_command.data".to_owned()]));
    assert!(result["warnings"][0].as_str().unwrap().contains("node.install_command.data"), "{result}");
    assert_eq!(gateway.store().list_saved(SavedFilter::default()).await.unwrap(), [], "nothing to hand over");
    let shares = json!({ "view": { "fields": ["id", "token"] } });
    let (hidden, _) = called(&gateway, &alice, "federation.share_list", shares.clone()).await;
    assert_eq!(hidden["data"][0]["token"], "[redacted]", "one field is one field");
    let bob = somebody("bob", Via::Token, &["federation.share_list.data.token"]);
    let (shown, revealed) = called(&gateway, &bob, "federation.share_list", shares).await;
    assert_eq!((shown["data"][0]["token"].as_str().unwrap().len(), revealed.len()), (64, 1), "{shown}");
}

async fn ask(served: &Served, method: &str, params: Value) -> Value {
    let mut connection = Connection::open(served.address).await;
    let message = modern(1, method, params);
    let reply = connection.request("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    assert_eq!(reply.status, 200, "{method}: {}", reply.text());
    reply.json()["result"].clone()
}
