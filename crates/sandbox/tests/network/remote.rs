use flvx_sandbox::{Panel, Settings, agents, world};
use serde_json::{Value, json};

use super::{JP, behave, done, refuse, refused};

/// The standard panel shares its node jp; a second panel has an entry node (1) and has imported jp (2).
fn two_panels() -> (Panel, Panel) {
    let settings = Settings::default();
    let provider = Panel::new(settings.clone());
    let consumer = Panel::with_state(world::first_start(Settings { seed: 2, ..settings }));
    provider.publish("127.0.0.1:16400");
    consumer.publish("127.0.0.1:16401");
    let entry =
        json!({"name": "entry", "serverIp": "198.51.100.200", "serverIpV4": "198.51.100.200", "port": "40000-40100"});
    done(&consumer, "node/create", entry);
    agents::connect(&mut consumer.state(), 1);
    let token = provider.state().federation.shares.get(1).unwrap().token.clone();
    done(&consumer, "federation/node/import", json!({"remoteUrl": "http://127.0.0.1:16400", "token": token}));
    (provider, consumer)
}

fn exit_tunnel(port: i64) -> Value {
    json!({"name": "abroad", "type": 2, "inNodeId": [{"nodeId": 1}], "outNodeId": [{"nodeId": 2, "port": port}]})
}

fn live_runtimes(provider: &Panel) -> usize {
    provider.state().federation.runtimes.iter().filter(|row| row.status == 1).count()
}

#[test]
fn an_exit_on_another_panel_is_reserved_and_applied_there_and_released_with_the_tunnel() {
    let (provider, consumer) = two_panels();
    let before = live_runtimes(&provider);
    done(&consumer, "tunnel/create", exit_tunnel(25_005));
    assert_eq!(live_runtimes(&provider), before + 1);
    let binding = consumer.state().federation.bindings.find(|row| row.tunnel_id == 1).unwrap().clone();
    assert_eq!((binding.allocated_port, binding.chain_type, binding.node_id), (25_005, 3, 2));
    assert_eq!(binding.resource_key, "tunnel:1:node:2:type:3:hop:0");
    let exit = consumer.state().tunnels.chains.find(|row| row.chain_type == "3").unwrap().clone();
    assert_eq!(exit.port, Some(25_005));
    let service = format!("fed_svc_{}", binding.remote_binding_id);
    assert_eq!(provider.state().agents.get(JP).unwrap().model.services[&service].port, 25_005);
    done(&consumer, "tunnel/delete", json!({"id": 1}));
    assert_eq!(live_runtimes(&provider), before);
    assert!(!provider.state().agents.get(JP).unwrap().model.services.contains_key(&service));
    assert!(consumer.state().federation.bindings.is_empty());
}

#[test]
fn a_hop_on_another_panel_is_told_the_next_nodes_address_and_port() {
    let (provider, consumer) = two_panels();
    let exit = json!({"name": "exit", "serverIp": "192.0.2.77", "serverIpV4": "192.0.2.77", "port": "50000-50010"});
    done(&consumer, "node/create", exit);
    agents::connect(&mut consumer.state(), 3);
    let body = json!({"name": "over there", "type": 2, "inNodeId": [{"nodeId": 1}],
        "chainNodes": [[{"nodeId": 2, "protocol": "wss"}]], "outNodeId": [{"nodeId": 3}]});
    done(&consumer, "tunnel/create", body);
    let key = "tunnel:1:node:2:type:2:hop:1";
    let runtime = provider.state().federation.runtimes.find(|row| row.resource_key == key).unwrap().clone();
    assert_eq!((runtime.role.as_str(), runtime.protocol.as_str()), ("middle", "wss"));
    assert!(runtime.target.contains("192.0.2.77") && runtime.target.contains("50000"), "{}", runtime.target);
    assert!(provider.state().agents.get(JP).unwrap().model.chains.contains(&runtime.chain_name));
    // the entry dials the port that the other panel chose
    let commands = consumer.state().agents.take_seen(1);
    let chain = commands.iter().find(|command| command.kind == "AddChains").unwrap();
    let dialled = chain.data.pointer("/hops/0/nodes/0/addr").unwrap().as_str().unwrap().to_owned();
    assert!(dialled.ends_with(&format!(":{}", runtime.port)), "{dialled}");
    assert_eq!(
        done(&consumer, "tunnel/batch-redeploy", json!({"ids": [1]})),
        json!({"failCount": 0, "successCount": 1})
    );
    assert_eq!(consumer.state().federation.bindings.len(), 1);
}

#[test]
fn a_port_outside_the_share_is_refused_before_anybody_is_asked() {
    let (provider, consumer) = two_panels();
    let before = live_runtimes(&provider);
    let words = refused(&consumer, "tunnel/create", exit_tunnel(22));
    assert_eq!(words, (-1, "远程节点端口 22 超出允许范围 25000-25010".to_owned()));
    assert_eq!(live_runtimes(&provider), before);
}

#[test]
fn a_role_that_the_other_panel_cannot_apply_undoes_the_creation() {
    let (provider, consumer) = two_panels();
    let before = live_runtimes(&provider);
    behave(&provider, JP, refuse("disk full"), &["AddService"]);
    let (code, words) = refused(&consumer, "tunnel/create", exit_tunnel(0));
    assert!(code == -1 && words.starts_with("远程节点 ") && words.contains(" 运行时下发失败: "), "{words}");
    assert!(consumer.state().tunnels.tunnels.is_empty());
    assert!(consumer.state().tunnels.chains.is_empty());
    behave(&provider, JP, agents::Conduct::Normal, &[]);
    done(&consumer, "tunnel/create", exit_tunnel(0));
    assert_eq!(done(&consumer, "tunnel/list", json!({}))[0]["id"], 1, "the id of the failed one is used again");
    assert!(live_runtimes(&provider) > before);
}

#[test]
fn a_failure_on_an_own_node_releases_the_roles_on_the_other_panel() {
    let (provider, consumer) = two_panels();
    let before = live_runtimes(&provider);
    behave(&consumer, 1, refuse("no"), &["AddChains"]);
    assert_eq!(
        refused(&consumer, "tunnel/create", exit_tunnel(0)),
        (-1, "入口节点 entry 下发转发链失败: no".to_owned())
    );
    assert_eq!(live_runtimes(&provider), before);
    assert!(consumer.state().tunnels.tunnels.is_empty());
}

#[test]
fn an_entry_on_another_panel_that_is_offline_is_passed_over() {
    let (provider, consumer) = two_panels();
    done(&consumer, "node/create", json!({"name": "exit", "serverIp": "192.0.2.77", "port": "50000-50010"}));
    agents::connect(&mut consumer.state(), 3);
    agents::disconnect(&mut provider.state(), JP);
    let body = json!({"name": "from abroad", "type": 2, "inNodeId": [{"nodeId": 2}], "outNodeId": [{"nodeId": 3}]});
    done(&consumer, "tunnel/create", body);
    assert_eq!(consumer.state().agents.get(3).unwrap().model.services["1_tls"].port, 50_000);
}

#[test]
fn the_node_list_asks_the_other_panel_and_names_why_a_share_is_gone() {
    let (provider, consumer) = two_panels();
    let row = |panel: &Panel| done(panel, "node/list", json!({}))[1].clone();
    assert_eq!((row(&consumer)["status"].as_i64(), row(&consumer).get("syncError").is_some()), (Some(1), false));
    agents::disconnect(&mut provider.state(), JP);
    assert_eq!(row(&consumer)["status"], 0);
    assert_eq!(
        done(&consumer, "node/check-status", json!({}))[1]["status"],
        1,
        "the stored state is that of the import"
    );
    provider.state().federation.shares.get_mut(1).unwrap().expiry_time = 5;
    assert_eq!(row(&consumer)["syncError"], "provider_share_expired");
    provider.state().federation.shares.remove(1);
    assert_eq!(row(&consumer)["syncError"], "provider_share_deleted");
}
