use std::time::Duration;

use flvx_sandbox::agents::{Behaviour, Conduct};
use flvx_sandbox::{Panel, Settings, world};
use serde_json::{Value, json};

use super::{done, panel, post_as, said};

const PROVIDER: &str = "192.0.2.1:6365";

/// A provider with the standard world and a consumer with one node of its own, on one network.
fn two_panels() -> (Panel, Panel) {
    let settings = Settings { node_wait: Duration::from_millis(12), ..Settings::default() };
    let provider = Panel::new(settings.clone());
    provider.publish(PROVIDER);
    let consumer = Panel::with_state(world::first_start(Settings { seed: 2, ..settings }));
    consumer.publish("192.0.2.2:6365");
    (provider, consumer)
}

fn share_token(panel: &Panel, id: i64) -> String {
    panel.state().federation.shares.get(id).expect("a share").token.clone()
}

fn import(provider: &Panel, consumer: &Panel, share: i64) {
    let body = json!({"remoteUrl": format!("http://{PROVIDER}"), "token": share_token(provider, share)});
    done(consumer, "/federation/node/import", &body);
}

fn refusal(consumer: &Panel, url: &str) -> String {
    let (code, text) = said(consumer, "/federation/node/import", &json!({"remoteUrl": url, "token": "t"}));
    assert_eq!(code, -2);
    text
}

#[test]
fn an_address_without_a_panel_fails_with_the_words_of_gos_client() {
    let (provider, consumer) = two_panels();
    let path = "/api/v1/federation/connect";
    assert_eq!(
        refusal(&consumer, "http://192.0.2.9"),
        format!(
            "Failed to connect: Post \"http://192.0.2.9{path}\": dial tcp 192.0.2.9:80: connect: connection refused"
        )
    );
    assert!(
        refusal(&consumer, "http://nowhere.example").contains("lookup nowhere.example on 192.0.2.53:53: no such host")
    );
    assert!(refusal(&consumer, "192.0.2.1:6365").ends_with("first path segment in URL cannot contain colon"));
    assert!(refusal(&consumer, "nowhere").ends_with("unsupported protocol scheme \"\""));
    assert!(refusal(&consumer, "ftp://192.0.2.1:6365").ends_with("unsupported protocol scheme \"ftp\""));
    assert!(refusal(&consumer, &format!("https://{PROVIDER}")).ends_with("server gave HTTP response to HTTPS client"));
    assert!(refusal(&consumer, &format!("http://{PROVIDER}")).ends_with("remote api error: Invalid token"));
    drop(provider);
    assert!(refusal(&consumer, &format!("http://{PROVIDER}")).ends_with("connect: connection refused"));
}

#[test]
fn a_panel_may_import_its_own_share() {
    let panel = panel();
    panel.publish("192.0.2.7:80");
    let body = json!({"remoteUrl": "http://192.0.2.7", "token": share_token(&panel, 1)});
    done(&panel, "/federation/node/import", &body);
    let state = panel.state();
    let node = state.nodes.nodes.iter().last().unwrap();
    assert_eq!((node.name.as_str(), node.is_remote, node.port.as_str()), ("Tokyo-Relay-02 (Remote)", 1, "25000-25010"));
}

#[test]
fn two_panels_that_ask_each_other_at_once_both_get_an_answer() {
    let (provider, consumer) = two_panels();
    import(&provider, &consumer, 1);
    done(&consumer, "/node/create", &json!({"name": "own", "serverIp": "198.51.100.200", "port": "1000-2000"}));
    done(
        &consumer,
        "/federation/share/create",
        &json!({"name": "back", "nodeId": 2, "portRangeStart": 1000, "portRangeEnd": 1001}),
    );
    let back = json!({"remoteUrl": "http://192.0.2.2:6365", "token": share_token(&consumer, 1)});
    done(&provider, "/federation/node/import", &back);
    std::thread::scope(|scope| {
        for panel in [&provider, &consumer] {
            scope.spawn(move || {
                for _ in 0..5 {
                    let usage = done(panel, "/federation/share/remote-usage/list", &json!({}));
                    assert_eq!(usage.as_array().unwrap().len(), 1);
                }
            });
        }
    });
}

#[test]
fn a_forward_on_an_imported_entry_runs_on_the_providers_node_and_no_share_shows_it() {
    let (provider, consumer) = two_panels();
    import(&provider, &consumer, 1);
    done(&consumer, "/tunnel/create", &json!({"name": "r", "type": 1, "inNodeId": [{"nodeId": 1}]}));
    let forward = json!({"name": "f", "tunnelId": 1, "inPort": 25003, "remoteAddr": "192.0.2.9:80"});
    done(&consumer, "/forward/create", &forward);
    let runs = |panel: &Panel| panel.state().agents.get(2).unwrap().model.services.contains_key("1_1_0_tcp");
    assert!(runs(&provider));
    let shares = done(&provider, "/federation/share/list", &json!({}));
    assert_eq!(shares[1]["usedPorts"], json!([25000]));
    done(&consumer, "/forward/delete", &json!({"id": 1}));
    assert!(!runs(&provider));
}

#[test]
fn a_diagnosis_over_an_imported_node_asks_the_provider_and_a_gone_provider_is_a_failed_item() {
    let (provider, consumer) = two_panels();
    import(&provider, &consumer, 1);
    done(&consumer, "/tunnel/create", &json!({"name": "r", "type": 1, "inNodeId": [{"nodeId": 1}]}));
    let forward = json!({"name": "f", "tunnelId": 1, "inPort": 25003, "remoteAddr": "192.0.2.9:80"});
    done(&consumer, "/forward/create", &forward);
    let diagnose = || done(&consumer, "/forward/diagnose", &json!({"forwardId": 1}))["results"][0].clone();
    let item = diagnose();
    assert_eq!((&item["success"], &item["averageTime"]), (&json!(true), &json!(12.5)));
    assert_eq!(item["description"], "入口(Tokyo-Relay-02 (Remote))->目标(192.0.2.9:80)");
    drop(provider);
    let item = diagnose();
    assert_eq!((&item["success"], &item["packetLoss"]), (&json!(false), &json!(100)));
    assert!(item["message"].as_str().unwrap().ends_with("connect: connection refused"));
}

#[test]
fn a_provider_whose_node_is_silent_is_given_up_after_ten_seconds() {
    let (provider, consumer) = two_panels();
    import(&provider, &consumer, 1);
    done(&consumer, "/tunnel/create", &json!({"name": "r", "type": 1, "inNodeId": [{"nodeId": 1}]}));
    provider.state().agents.agent(2).behaviour = Behaviour::all(Conduct::Silent);
    let forward = json!({"name": "f", "tunnelId": 1, "inPort": 25003, "remoteAddr": "192.0.2.9:80"});
    let (code, text) = said(&consumer, "/forward/create", &forward);
    assert_eq!(code, -1);
    assert!(text.ends_with("context deadline exceeded (Client.Timeout exceeded while awaiting headers)"), "{text}");
}

#[test]
fn moving_a_forward_to_a_tunnel_whose_share_refuses_the_port_counts_as_failed_and_keeps_the_new_tunnel() {
    let (provider, consumer) = two_panels();
    done(&consumer, "/node/create", &json!({"name": "own", "serverIp": "198.51.100.200", "port": "1000-2000"}));
    flvx_sandbox::agents::connect(&mut consumer.state(), 1);
    import(&provider, &consumer, 1);
    done(&consumer, "/tunnel/create", &json!({"name": "own", "type": 1, "inNodeId": [{"nodeId": 1}]}));
    done(&consumer, "/tunnel/create", &json!({"name": "peer", "type": 1, "inNodeId": [{"nodeId": 2}]}));
    done(
        &consumer,
        "/forward/create",
        &json!({"name": "f", "tunnelId": 1, "inPort": 1500, "remoteAddr": "192.0.2.9:80"}),
    );
    let moved = done(&consumer, "/forward/batch-change-tunnel", &json!({"forwardIds": [1], "targetTunnelId": 2}));
    assert_eq!(moved, json!({"failCount": 1, "successCount": 0}));
    let state = consumer.state();
    assert_eq!(state.forwards.forwards.get(1).unwrap().tunnel_id, 2);
    assert_eq!(state.forwards.ports.find(|row| row.forward_id == 1).unwrap().node_id, 1);
}

#[test]
fn a_share_token_commands_any_service_of_the_node() {
    let provider = panel();
    let peer = format!("Bearer {}", share_token(&provider, 1));
    let body = json!({"commandType": "PauseService", "data": {"services": ["2_tls"]}});
    let answer = post_as(&provider, &peer, "/federation/runtime/command", &body);
    assert_eq!(answer["data"], json!({"type": "PauseServiceResponse", "success": true, "message": "OK"}));
    assert!(provider.state().agents.get(2).unwrap().model.services["2_tls"].paused);
}

#[test]
fn a_released_key_is_taken_up_again_under_its_old_reservation() {
    let provider = panel();
    let peer = format!("Bearer {}", share_token(&provider, 1));
    let call = |path: &str, body: Value| post_as(&provider, &peer, &format!("/federation/runtime/{path}"), &body);
    let first = call("reserve-port", json!({"resourceKey": "k"}))["data"].clone();
    assert_eq!(call("release-role", json!({"resourceKey": "k"}))["code"], 0);
    let again = call("reserve-port", json!({"resourceKey": "k", "requestedPort": 25009}))["data"].clone();
    assert_eq!(again["reservationId"], first["reservationId"]);
    assert_eq!(again["allocatedPort"], 25009);
    assert_eq!(call("apply-role", json!({"resourceKey": "k", "role": "exit"}))["data"]["bindingId"], "2");
}
