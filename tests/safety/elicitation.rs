//! A person approves in the client's own form, in both eras of the protocol: only the target's name, typed by a client that
//! can show forms, opens the call.

use serde_json::{Value, json};

use crate::{
    hands::{World, arguments, danger, examples},
    support::{Connection, Program, Served, environment, modern, modern_headers},
};
use flvx_panel::spec::Danger;

const FORMS: &str = "io.modelcontextprotocol/clientCapabilities";

/// A critical call with the token that its own caller got.
async fn critical(world: &World, connection: &mut Connection, key: &str) -> (&'static str, Value, &'static str) {
    let route = crate::hands::route("node.rollback");
    let request = examples(world, route).remove(0);
    assert_eq!(danger(route, &request), Danger::Critical);
    let preview = json!({ "request": { "tool": route.tool, "request": request } });
    let shown = ask(connection, "ops.preview", &preview, None, true).await;
    let token = shown["structuredContent"]["data"]["confirm_token"].as_str().unwrap().to_owned();
    (route.tool, arguments(&request, key, Some(&token)), route.path)
}

/// One request of the stateless revision; `answer`: what the person did with the form of the question of that id.
async fn ask(
    connection: &mut Connection,
    tool: &str,
    arguments: &Value,
    answer: Option<(&str, Value)>,
    forms: bool,
) -> Value {
    let mut params = json!({ "name": tool.replace('.', "_"), "arguments": arguments });
    if let Some((state, answer)) = answer {
        params["requestState"] = state.into();
        params["inputResponses"] = json!({ "approve": answer });
    }
    let mut message = modern(1, "tools/call", params);
    if forms {
        message["params"]["_meta"][FORMS] = json!({ "elicitation": { "form": {} } });
    }
    let reply = connection.request("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["result"].clone()
}

fn accept(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

#[tokio::test]
async fn the_stateless_revision_asks_in_the_result_and_takes_only_the_right_name() {
    let world = World::fresh().await;
    let served = Served::start(std::sync::Arc::clone(&world.gateway)).await;
    let mut connection = Connection::open(served.address).await;
    let (tool, call, path) = critical(&world, &mut connection, "form-0001").await;
    let asked = ask(&mut connection, tool, &call, None, true).await;
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let state = asked["requestState"].as_str().unwrap().to_owned();
    let plain = ask(&mut connection, tool, &call, None, false).await;
    let phrase = plain["structuredContent"]["awaits"]["phrase"].as_str().unwrap().to_owned();
    assert_eq!(
        plain["structuredContent"]["error"]["kind"], "approval_required",
        "a client without forms is told to wait: {plain}"
    );
    let message = asked["inputRequests"]["approve"]["params"]["message"].as_str().unwrap();
    assert!(message.ends_with(&format!("type exactly: {phrase}")), "{message}");
    // A client that shows no forms cannot have shown this one.
    let forged = ask(&mut connection, tool, &call, Some((&state, accept(&phrase))), false).await;
    assert_eq!(forged["structuredContent"]["error"]["kind"], "approval_required", "{forged}");
    let wrong = ask(&mut connection, tool, &call, Some((&state, accept("another"))), true).await;
    assert_eq!(wrong["structuredContent"]["error"]["kind"], "approval_required", "{wrong}");
    assert_eq!(world.asked(path), 0);
    let right = ask(&mut connection, tool, &call, Some((&state, accept(&phrase))), true).await;
    assert_eq!(right["structuredContent"]["outcome"], "done", "{right}");
    assert_eq!(world.asked(path), 1);
}

#[tokio::test]
async fn a_declined_form_is_a_refusal() {
    let world = World::fresh().await;
    let served = Served::start(std::sync::Arc::clone(&world.gateway)).await;
    let mut connection = Connection::open(served.address).await;
    let (tool, call, path) = critical(&world, &mut connection, "form-0002").await;
    let asked = ask(&mut connection, tool, &call, None, true).await;
    let state = asked["requestState"].as_str().unwrap().to_owned();
    let told = ask(&mut connection, tool, &call, Some((&state, json!({ "action": "decline" }))), true).await;
    assert_eq!(told["structuredContent"]["error"]["kind"], "approval_denied", "{told}");
    assert_eq!(world.asked(path), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_client_over_stdio_is_asked_while_its_call_waits() {
    for (answer, outcome) in [("right", "done"), ("wrong", "approval_required"), ("decline", "approval_denied")] {
        let world = World::fresh().await;
        let environment = environment(&world.sandbox, &[]);
        let names = ["PANEL_BASE_URL", "PANEL_USERNAME", "PANEL_PASSWORD", "MCP_CONFIRM_TOKEN", "PANEL_PEER_TOKEN"];
        let settings: Vec<(&str, &str)> = names.iter().map(|name| (*name, environment.get(name).unwrap())).collect();
        let mut program = Program::start(&["serve"], &settings);
        program.ask(
            &json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "protocolVersion": "2025-06-18",
            "capabilities": { "elicitation": {} }, "clientInfo": { "name": "tests", "version": "1" } } }),
        );
        program.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        let route = crate::hands::route("node.rollback");
        let request = examples(&world, route).remove(0);
        let shown = program.call(1, "ops_preview", json!({ "request": { "tool": route.tool, "request": request } }));
        let token = shown["structuredContent"]["data"]["confirm_token"].as_str().unwrap().to_owned();
        program.send(&json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call",
            "params": { "name": "node_rollback", "arguments": arguments(&request, "form-0003", Some(&token)) } }));
        let form = program.message();
        assert_eq!(form["method"], "elicitation/create", "{form}");
        let phrase = form["params"]["message"].as_str().unwrap().rsplit(": ").next().unwrap().to_owned();
        let result = match answer {
            "right" => accept(&phrase),
            "wrong" => accept("another"),
            _ => json!({ "action": "decline" }),
        };
        program.send(&json!({ "jsonrpc": "2.0", "id": form["id"], "result": result }));
        let told = program.message()["result"]["structuredContent"].clone();
        let found = told["error"]["kind"].as_str().or(told["outcome"].as_str());
        assert_eq!(found, Some(outcome), "{answer}: {told}");
        assert_eq!(world.asked(route.path), u64::from(answer == "right"), "{answer}");
    }
}
