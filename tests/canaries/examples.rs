//! Every example of every tool on a stand-in panel whose state is full of canaries, and all resources and prompts after it.

use std::sync::Arc;

use flvx_panel::generated::ROUTES;
use serde_json::{Value, json};

use crate::{
    arguments, in_state,
    plant::Canaries,
    support::{Connection, Log, Served, caller, environment, gateway, modern, modern_headers, object},
};

/// A canary in every secret that the stand-in panel holds.
fn plant(sandbox: &flvx_sandbox::Running, canaries: &mut Canaries) {
    let mut state = sandbox.panel.state();
    for node in state.nodes.nodes.iter_mut() {
        node.secret = canaries.fresh("node.secret");
        node.remote_token = Some(canaries.fresh("node.remoteToken"));
    }
    for user in state.users.users.iter_mut() {
        user.pwd = canaries.fresh("user.pwd");
    }
    for share in state.federation.shares.iter_mut() {
        share.token = canaries.fresh("share.token");
    }
    for name in ["cloudflare_secret_key", "license_key", "jwt_secret", "smtp_password"] {
        let value = canaries.fresh(name);
        state.configs.set(name, &value, 1);
    }
}

#[tokio::test]
async fn no_secret_of_the_panels_state_is_in_any_output() {
    let log = Log::listen();
    let (mut wrong, mut calls, mut planted, mut read) = (Vec::new(), 0, 0, 0);
    let mut all = Canaries::default();
    for route in ROUTES {
        let sandbox = flvx_sandbox::Sandbox::start(flvx_sandbox::Options::default()).await.unwrap();
        let mut canaries = Canaries::default();
        plant(&sandbox, &mut canaries);
        planted += canaries.0.len();
        // Passwords are canaries now, so the administrator comes with a token, which is a secret as well.
        let token = sandbox.panel.token("admin_user").unwrap();
        canaries.0.push(("PANEL_TOKEN".to_owned(), token.clone()));
        let settings = [("PANEL_TOKEN", token.as_str()), ("PANEL_USERNAME", ""), ("PANEL_PASSWORD", "")];
        let gateway = gateway(&environment(&sandbox, &settings));
        let entry: Value = serde_json::from_str(route.entry).unwrap();
        let mut outputs = Vec::new();
        for example in entry["examples"].as_array().unwrap() {
            calls += 1;
            let request = example["request"].as_object().cloned().unwrap_or_default();
            let output = gateway.call(&caller(), route.tool, object(arguments(route, &request, calls))).await.unwrap();
            outputs.push(output.to_json());
        }
        if route.to_file {
            let served = Served::start(Arc::clone(&gateway)).await;
            let local = resources(&served).await;
            assert_eq!(local.len(), 1, "what somebody else saved is not there: {local:?}");
            let lists = everything_else(&served).await;
            outputs.extend(lists);
            served.finish().await.unwrap();
            read += 1;
        }
        for output in &outputs {
            wrong.extend(canaries.found_in(output).map(|(path, _)| format!("{} shows {path}: {output}", route.tool)));
        }
        wrong.extend(in_state(gateway.store().path(), &canaries));
        all.0.extend(canaries.0);
    }
    let log = log.text();
    for line in log.lines() {
        wrong.extend(all.found_in(line).map(|(path, _)| format!("{path} is in the log: {line}")));
    }
    println!(
        "{planted} secrets planted in the state, {calls} calls of {} tools, {} bytes of log",
        ROUTES.len(),
        log.len()
    );
    wrong.iter_mut().for_each(|text| text.truncate(700));
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.iter().take(12).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(planted > 1_000 && calls > 200 && read > 0);
}

/// The URIs of the resources that are listed.
async fn resources(served: &Served) -> Vec<String> {
    let list = ask(served, "resources/list", json!({})).await;
    list["resources"].as_array().unwrap().iter().map(|row| row["uri"].as_str().unwrap().to_owned()).collect()
}

/// Prompts, tools and resources, as texts.
async fn everything_else(served: &Served) -> Vec<String> {
    let mut told = Vec::new();
    for method in ["prompts/list", "tools/list", "resources/list", "resources/templates/list", "server/discover"] {
        told.push(ask(served, method, json!({})).await.to_string());
    }
    told
}

async fn ask(served: &Served, method: &str, params: Value) -> Value {
    let mut connection = Connection::open(served.address).await;
    let message = modern(1, method, params);
    let reply = connection.request("POST", "/mcp", &modern_headers(&message), message.to_string().as_bytes()).await;
    assert_eq!(reply.status, 200, "{method}: {}", reply.text());
    reply.json()["result"].clone()
}
