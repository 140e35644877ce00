use flvx_sandbox::agents::{self, Conduct};
use serde_json::{Value, json};

use super::{CHAIN, DE, DIRECT, HK, JP, PAIR, US, behave, call, done, panel, refuse, refused, runs, seen};

fn pair_body(extra: Value) -> Value {
    let mut body = json!({"id": PAIR, "name": "HK-Tokyo 双程", "type": 2, "flow": 2, "trafficRatio": 1.5,
        "inNodeId": [{"nodeId": HK}], "outNodeId": [{"nodeId": JP, "port": 21001, "protocol": "tls"}]});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

#[test]
fn a_new_tunnel_gets_the_lowest_port_that_neither_a_tunnel_nor_a_forward_uses() {
    let panel = panel();
    done(
        &panel,
        "node/update",
        json!({"id": JP, "name": "jp", "serverIp": "relay02.example.net", "serverIpV4": "198.51.100.20", "port": "21001-21003"}),
    );
    done(
        &panel,
        "tunnel/create",
        json!({"name": "new", "type": 2, "inNodeId": [{"nodeId": HK}], "outNodeId": [{"nodeId": JP}]}),
    );
    let state = panel.state();
    let exit = state.tunnels.chains.find(|row| row.tunnel_id == 4 && row.chain_type == "3").unwrap();
    assert_eq!(exit.port, Some(21003));
    assert_eq!(state.agents.get(JP).unwrap().model.services["4_tls"].port, 21003);
    assert!(state.agents.get(HK).unwrap().model.chains.contains("chains_4"));
}

#[test]
fn a_creation_that_fails_on_a_node_leaves_nothing_but_a_used_up_id() {
    let panel = panel();
    behave(&panel, DE, refuse("磁盘已满"), &["AddService"]);
    let body = json!({"name": "new", "type": 2, "inNodeId": [{"nodeId": HK}],
        "chainNodes": [[{"nodeId": JP}]], "outNodeId": [{"nodeId": DE}]});
    let words = (-1, "出口节点 法兰克福 出口 03 下发服务失败: 磁盘已满".to_owned());
    assert_eq!(refused(&panel, "tunnel/create", body.clone()), words);
    assert!(!runs(&panel, HK).chains.contains("chains_4"));
    assert!(!runs(&panel, JP).chains.contains("chains_4"));
    assert!(!runs(&panel, JP).services.contains_key("4_tls"));
    behave(&panel, DE, Conduct::Normal, &[]);
    done(&panel, "tunnel/create", body);
    assert_eq!(done(&panel, "tunnel/list", json!({})).as_array().unwrap().last().unwrap()["id"], 5);
}

#[test]
fn a_creation_that_finds_no_port_for_unused_exits_of_a_type_1_tunnel_is_undone_with_its_id() {
    let panel = panel();
    let body = json!({"name": "odd", "type": 1, "inNodeId": [{"nodeId": HK}], "outNodeId": [{"nodeId": 99}]});
    assert_eq!(refused(&panel, "tunnel/create", body), (-2, "节点不存在".to_owned()));
    done(&panel, "tunnel/create", json!({"name": "even", "inNodeId": [{"nodeId": HK}], "trafficRatio": 0}));
    let tunnel = done(&panel, "tunnel/get", json!({"id": 4}));
    assert_eq!((tunnel["name"].as_str(), tunnel["trafficRatio"].as_i64()), (Some("even"), Some(1)));
}

#[test]
fn an_update_that_is_refused_has_already_torn_the_tunnel_down_and_a_redeployment_repairs_it() {
    let panel = panel();
    let wrong = pair_body(json!({"outNodeId": [{"nodeId": US}]}));
    assert_eq!(refused(&panel, "tunnel/update", wrong), (-1, "部分节点不在线".to_owned()));
    assert!(!runs(&panel, HK).chains.contains("chains_2"));
    assert!(!runs(&panel, JP).services.contains_key("2_tls"));
    let stored = done(&panel, "tunnel/get", json!({"id": PAIR}));
    assert_eq!(stored["outNodeId"][0]["nodeId"], JP);
    assert_eq!(
        done(&panel, "tunnel/batch-redeploy", json!({"ids": [PAIR]})),
        json!({"failCount": 0, "successCount": 1})
    );
    assert!(runs(&panel, HK).chains.contains("chains_2"));
    assert_eq!(runs(&panel, JP).services["2_tls"].port, 21001);
}

#[test]
fn an_update_whose_nodes_cannot_be_reached_says_success_and_leaves_nothing_running() {
    let panel = panel();
    behave(&panel, JP, Conduct::Silent, &["AddService"]);
    done(&panel, "tunnel/update", pair_body(json!({"name": "renamed"})));
    assert!(!runs(&panel, HK).chains.contains("chains_2"));
    assert!(!runs(&panel, JP).services.contains_key("2_tls"));
    assert_eq!(done(&panel, "tunnel/get", json!({"id": PAIR}))["name"], "renamed");
}

#[test]
fn an_update_starts_paused_forwards_on_the_node_while_the_panel_still_shows_them_as_paused() {
    let panel = panel();
    let paused = |panel: &flvx_sandbox::Panel| {
        let node = runs(panel, HK);
        node.services.iter().filter(|(name, _)| name.starts_with("12_1_")).map(|(_, s)| s.paused).collect::<Vec<_>>()
    };
    assert_eq!(paused(&panel), [true, true]);
    done(&panel, "tunnel/update", pair_body(json!({})));
    assert_eq!(paused(&panel), [false, false]);
    let forwards = done(&panel, "forward/list", json!({}));
    let legacy = forwards.as_array().unwrap().iter().find(|f| f["id"] == 12).unwrap();
    assert_eq!(legacy["status"], 0);
}

#[test]
fn an_update_of_a_tunnel_that_does_not_exist_leaves_chain_rows_behind() {
    let panel = panel();
    done(&panel, "tunnel/update", json!({"id": 99, "inNodeId": [{"nodeId": HK}]}));
    assert!(panel.state().tunnels.chains.any(|row| row.tunnel_id == 99 && row.node_id == HK));
    assert_eq!(refused(&panel, "tunnel/get", json!({"id": 99})).1, "隧道不存在");
}

#[test]
fn a_tunnel_may_keep_its_own_port_when_it_is_updated_without_one() {
    let panel = panel();
    done(
        &panel,
        "node/update",
        json!({"id": DE, "name": "de", "serverIp": "192.0.2.30", "serverIpV4": "192.0.2.30", "port": "31002"}),
    );
    let body =
        json!({"id": CHAIN, "name": "chain", "type": 2, "inNodeId": [{"nodeId": HK}], "outNodeId": [{"nodeId": DE}]});
    done(&panel, "tunnel/update", body);
    assert_eq!(runs(&panel, DE).services["3_tls"].port, 31002);
    let other = json!({"name": "other", "type": 2, "inNodeId": [{"nodeId": HK}], "outNodeId": [{"nodeId": DE}]});
    assert_eq!(refused(&panel, "tunnel/create", other).1, "节点端口已满，无可用端口");
}

#[test]
fn an_update_recomputes_the_entry_addresses_and_only_a_creation_takes_given_ones() {
    let panel = panel();
    done(&panel, "tunnel/create", json!({"name": "new", "inIp": "entry.example.com", "inNodeId": [{"nodeId": DE}]}));
    assert_eq!(done(&panel, "tunnel/get", json!({"id": 4}))["inIp"], "entry.example.com");
    let body = json!({"id": 4, "name": "new", "inIp": "entry.example.com", "ipPreference": "v6", "inNodeId": [{"nodeId": DE}]});
    done(&panel, "tunnel/update", body);
    assert_eq!(done(&panel, "tunnel/get", json!({"id": 4}))["inIp"], "2001:db8:30::1,192.0.2.30");
}

#[test]
fn deleting_a_tunnel_takes_its_rows_and_its_chain_but_leaves_forwards_running_on_the_node() {
    let panel = panel();
    done(&panel, "tunnel/delete", json!({"id": PAIR}));
    let state = panel.state();
    assert!(!state.forwards.forwards.any(|row| row.tunnel_id == PAIR));
    assert!(!state.forwards.ports.any(|row| [3, 8, 12].contains(&row.forward_id)));
    assert!(!state.tunnels.user_tunnels.any(|row| row.tunnel_id == PAIR));
    assert!(!state.limits.limits.any(|row| row.tunnel_id == PAIR));
    assert!(state.groups.tunnel_members.any(|row| row.member_id == PAIR), "memberships stay behind");
    let hk = &state.agents.get(HK).unwrap().model;
    assert!(!hk.chains.contains("chains_2"));
    assert!(hk.services.keys().any(|name| name.starts_with("3_2_")), "the forward's service goes on");
    assert!(!state.agents.get(JP).unwrap().model.services.contains_key("2_tls"));
}

#[test]
fn a_redeployment_stops_at_the_first_forward_without_ports() {
    let panel = panel();
    panel.state().forwards.ports.retain(|row| row.forward_id != 1);
    seen(&panel, HK);
    assert_eq!(
        done(&panel, "tunnel/batch-redeploy", json!({"ids": [DIRECT]})),
        json!({"failCount": 1, "successCount": 0})
    );
    assert_eq!(seen(&panel, HK), Vec::<String>::new());
}

#[test]
fn a_diagnosis_of_a_tunnel_without_nodes_says_that_its_configuration_is_incomplete() {
    let panel = panel();
    done(&panel, "node/delete", json!({"id": HK}));
    let refusal = (-1, "隧道配置不完整".to_owned());
    assert_eq!(refused(&panel, "tunnel/diagnose", json!({"tunnelId": DIRECT})), refusal);
}

#[test]
fn hops_keep_their_place_in_the_request_when_an_earlier_hop_is_empty() {
    let panel = panel();
    let body = json!({"name": "gap", "type": 2, "inNodeId": [{"nodeId": HK}],
        "chainNodes": [[{"nodeId": 0}], [{"nodeId": JP}]], "outNodeId": [{"nodeId": DE}]});
    done(&panel, "tunnel/create", body);
    let tunnel = done(&panel, "tunnel/get", json!({"id": 4}));
    assert_eq!(tunnel["chainNodes"][0][0]["inx"], 2);
    assert_eq!(tunnel["chainNodes"].as_array().unwrap().len(), 1);
}

#[test]
fn the_first_connection_after_an_upgrade_deploys_the_nodes_tunnels_again_and_later_ones_do_not() {
    let panel = panel();
    done(&panel, "node/upgrade", json!({"id": JP, "version": "2.1.5"}));
    agents::disconnect(&mut panel.state(), JP);
    panel.state().agents.agent(JP).model.services.clear();
    agents::connect(&mut panel.state(), JP);
    assert_eq!(runs(&panel, JP).services.keys().collect::<Vec<_>>(), ["2_tls", "3_tls"]);
    panel.state().agents.agent(JP).model.services.clear();
    agents::connect(&mut panel.state(), JP);
    assert!(runs(&panel, JP).services.is_empty());
}

#[test]
fn a_name_is_unique_only_when_a_tunnel_is_made() {
    let panel = panel();
    done(&panel, "tunnel/update", pair_body(json!({"name": "香港直连"})));
    let envelope = call(&panel, "tunnel/create", json!({"name": " 香港直连 ", "inNodeId": [{"nodeId": HK}]}));
    assert_eq!(envelope["msg"], "隧道名称重复");
}
