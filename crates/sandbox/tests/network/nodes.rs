use flvx_sandbox::agents;
use serde_json::{Value, json};

use super::{HK, JP, US, behave, call, done, panel, refuse, refused, runs, seen};

fn node(panel: &flvx_sandbox::Panel, id: i64) -> Value {
    let list = done(panel, "node/list", json!({}));
    list.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone()
}

#[test]
fn an_update_wipes_what_is_left_out_but_keeps_the_block_flags() {
    let panel = panel();
    done(&panel, "node/update", json!({"id": 3}));
    let row = node(&panel, 3);
    assert_eq!((row["name"].as_str(), row["port"].as_str()), (Some(""), Some("1000-65535")));
    assert_eq!(row["serverIpV6"], Value::Null);
    assert_eq!(row["http"], 1);
}

#[test]
fn flags_go_to_an_online_node_first_and_only_when_they_change() {
    let panel = panel();
    seen(&panel, HK);
    let body = json!({"id": HK, "name": "hk", "serverIp": "203.0.113.10", "tls": 0});
    done(&panel, "node/update", body.clone());
    assert!(seen(&panel, HK).is_empty());
    behave(&panel, HK, refuse("no"), &["SetProtocol"]);
    let mut changed = body;
    changed["tls"] = json!(1);
    assert_eq!(refused(&panel, "node/update", changed.clone()), (-1, "no".to_owned()));
    assert_eq!((node(&panel, HK)["tls"].as_i64(), seen(&panel, HK)), (Some(0), vec!["SetProtocol".to_owned()]));
    behave(&panel, HK, agents::Conduct::Normal, &[]);
    done(&panel, "node/update", changed);
    assert_eq!(node(&panel, HK)["tls"], 1);
}

#[test]
fn an_offline_node_only_stores_the_flags_and_its_agent_overwrites_them_when_it_connects() {
    let panel = panel();
    done(&panel, "node/update", json!({"id": US, "name": "us", "serverIp": "203.0.113.40", "socks": 1}));
    assert_eq!(node(&panel, US)["socks"], 1);
    agents::connect(&mut panel.state(), US);
    assert_eq!((node(&panel, US)["socks"].as_i64(), node(&panel, US)["status"].as_i64()), (Some(0), Some(1)));
}

#[test]
fn a_new_node_is_last_in_the_list_and_has_a_secret_that_the_install_command_shows() {
    let panel = panel();
    done(&panel, "node/create", json!({"name": "new", "serverIp": "192.0.2.9"}));
    let list = done(&panel, "node/list", json!({}));
    let last = list.as_array().unwrap().last().unwrap();
    assert_eq!((last["id"].as_i64(), last["inx"].as_i64(), last["status"].as_i64()), (Some(5), Some(4), Some(0)));
    let secret = panel.state().nodes.nodes.get(5).unwrap().secret.clone();
    assert!(secret.len() == 32 && secret.bytes().all(|b| b.is_ascii_hexdigit()));
    let command = done(&panel, "node/install", json!({"id": 5}));
    assert!(
        command.as_str().unwrap().ends_with(&format!("./install.sh -a panel.example.com:6365 -s {secret}")),
        "{command}"
    );
}

#[test]
fn the_install_command_brackets_an_ipv6_panel_address() {
    let panel = panel();
    done(&panel, "config/update", json!({"ip": "2001:db8::1:6365"}));
    let command = done(&panel, "node/install", json!({"id": HK}));
    assert!(command.as_str().unwrap().contains("-a [2001:db8::1]:6365 -s"), "{command}");
}

#[test]
fn deleting_a_node_takes_its_ports_and_places_and_leaves_its_agent_at_work() {
    let panel = panel();
    done(&panel, "node/batch-delete", json!({"ids": ["1", 1, -3, null]}));
    let state = panel.state();
    assert!(!state.forwards.ports.any(|row| row.node_id == HK));
    assert!(!state.tunnels.chains.any(|row| row.node_id == HK));
    assert_eq!(state.tunnels.tunnels.len(), 3);
    drop(state);
    assert!(!runs(&panel, HK).services.is_empty());
    let tunnel = done(&panel, "tunnel/get", json!({"id": 1}));
    assert_eq!((tunnel["inNodeId"].clone(), tunnel["inIp"].as_str()), (json!([]), Some("203.0.113.10")));
}

#[test]
fn a_batch_upgrade_answers_for_every_id_repeats_included_and_reads_keys_in_any_case() {
    let panel = panel();
    let data = done(&panel, "node/batch-upgrade", json!({"IDS": [JP, 99, JP], "Version": " 2.1.4 ", "force": true}));
    assert_eq!(data["version"], "2.1.4");
    let results: Vec<_> =
        data["results"].as_array().unwrap().iter().map(|r| (r["id"].as_i64(), r["success"].as_bool())).collect();
    assert_eq!(results, [(Some(JP), Some(true)), (Some(99), Some(false)), (Some(JP), Some(true))]);
    assert_eq!(call(&panel, "node/batch-upgrade", json!({"ids": null}))["msg"], "ids不能为空");
    assert_eq!(call(&panel, "node/batch-upgrade", json!([1]))["msg"], "请求参数错误");
}

#[test]
fn positions_may_be_shared_and_then_the_id_decides() {
    let panel = panel();
    done(&panel, "node/update-order", json!({"nodes": [{"id": US, "inx": -1}, {"id": HK, "inx": 2}]}));
    let ids: Vec<_> = done(&panel, "node/check-status", json!({}))
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [US, JP, HK, 3]);
}
