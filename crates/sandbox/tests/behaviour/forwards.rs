use std::time::Duration;

use flvx_sandbox::agents::{Behaviour, Conduct, NodeModel};
use flvx_sandbox::{Panel, Settings};
use serde_json::json;

use super::{done, panel, post, said};

const HK: i64 = 1;

fn node(panel: &Panel, id: i64) -> NodeModel {
    panel.state().agents.get(id).expect("an agent").model.clone()
}

fn behave(panel: &Panel, id: i64, conduct: Conduct) {
    panel.state().agents.agent(id).behaviour = Behaviour::all(conduct);
}

#[test]
fn the_standard_nodes_run_what_the_rows_say() {
    let panel = panel();
    let hk = node(&panel, HK);
    assert_eq!(hk.chains.iter().map(String::as_str).collect::<Vec<_>>(), ["chains_2", "chains_3"]);
    assert_eq!(hk.limiters.iter().map(String::as_str).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(hk.services.len(), 24, "two services for each of the twelve forwards");
    assert!(hk.services["9_3_4_tcp"].paused && !hk.services["8_3_5_udp"].paused);
    assert_eq!(node(&panel, 2).services.keys().collect::<Vec<_>>(), ["2_tls", "3_tls", "fed_svc_1"]);
    assert_eq!(node(&panel, 3).services["3_tls"].port, 31002);
}

#[test]
fn a_port_conflict_is_answered_as_success_and_nothing_listens() {
    let panel = panel();
    done(
        &panel,
        "/forward/create",
        &json!({"name": "x", "tunnelId": 1, "inPort": 10022, "remoteAddr": "192.0.2.1:80"}),
    );
    assert!(!node(&panel, HK).services.contains_key("13_1_0_tcp"));
    assert_eq!(said(&panel, "/forward/pause", &json!({"id": 13})), (-1, "service 13_1_0 not found".into()));
}

#[test]
fn a_refused_create_leaves_no_row_and_its_id_is_never_given_again() {
    let panel = panel();
    behave(&panel, HK, Conduct::Refuse { message: "disk full".into() });
    let body = json!({"name": "x", "tunnelId": 1, "inPort": 10900, "remoteAddr": "192.0.2.1:80"});
    assert_eq!(said(&panel, "/forward/create", &body), (-1, "节点 香港-入口-01 下发失败: disk full".into()));
    behave(&panel, HK, Conduct::Normal);
    done(&panel, "/forward/create", &body);
    let ids: Vec<i64> = panel.state().forwards.forwards.iter().map(|row| row.id).collect();
    assert_eq!(ids.last(), Some(&14));
    assert!(panel.state().forwards.ports.iter().all(|port| port.forward_id != 13));
}

#[test]
fn an_automatic_port_is_free_on_the_entry_node_and_inside_its_range() {
    let panel = panel();
    let taken: Vec<i64> = panel.state().forwards.ports.iter().map(|row| row.port).collect();
    for _ in 0..20 {
        done(&panel, "/forward/create", &json!({"name": "auto", "tunnelId": 1, "remoteAddr": "192.0.2.1:80"}));
    }
    let mut chosen: Vec<i64> =
        panel.state().forwards.ports.iter().filter(|row| row.forward_id > 12).map(|row| row.port).collect();
    assert!(chosen.iter().all(|port| (10_000..=20_000).contains(port) && !taken.contains(port)));
    chosen.sort_unstable();
    chosen.dedup();
    assert_eq!(chosen.len(), 20);
}

#[test]
fn redeploying_a_paused_forward_starts_it_while_the_list_goes_on_showing_it_paused() {
    let panel = panel();
    assert!(node(&panel, HK).services["12_1_0_tcp"].paused);
    done(&panel, "/forward/batch-redeploy", &json!({"ids": [12]}));
    assert!(!node(&panel, HK).services["12_1_0_tcp"].paused);
    assert_eq!(panel.state().forwards.forwards.get(12).unwrap().status, 0);
}

#[test]
fn a_failed_update_puts_row_and_ports_back() {
    let panel = panel();
    let before = panel.state().forwards.forwards.get(4).unwrap().clone();
    behave(&panel, HK, Conduct::Refuse { message: "no".into() });
    let body = json!({"id": 4, "name": "renamed", "inPort": 10901, "tunnelId": 2, "strategy": "rand"});
    assert_eq!(said(&panel, "/forward/update", &body).0, -1);
    let state = panel.state();
    let after = state.forwards.forwards.get(4).unwrap();
    assert_eq!((&after.name, after.tunnel_id, &after.strategy), (&before.name, 1, &before.strategy));
    assert_eq!(state.forwards.ports.find(|row| row.forward_id == 4).unwrap().port, 13306);
}

#[test]
fn moving_a_users_forward_to_another_tunnel_renames_its_service_and_the_old_one_keeps_the_port() {
    let panel = panel();
    done(&panel, "/forward/update", &json!({"id": 7, "tunnelId": 3}));
    let hk = node(&panel, HK);
    assert!(hk.services.contains_key("7_3_4_tcp"), "the old service goes on listening");
    assert!(!hk.services.contains_key("7_3_7_tcp"), "the new one could not bind");
}

#[test]
fn a_delete_that_meets_a_silent_node_deletes_nothing_and_costs_the_whole_wait() {
    let panel = Panel::new(Settings { node_wait: Duration::from_millis(120), ..Settings::default() });
    behave(&panel, HK, Conduct::Silent);
    let headers = http::HeaderMap::from_iter([(
        http::header::AUTHORIZATION,
        http::HeaderValue::try_from(panel.token("admin_user").unwrap()).unwrap(),
    )]);
    let (response, delay) = panel.request_now(
        std::net::Ipv4Addr::LOCALHOST.into(),
        http::Method::POST,
        "/api/v1/forward/force-delete",
        headers,
        bytes::Bytes::from_static(br#"{"id": 1}"#),
    );
    assert!(String::from_utf8_lossy(&response.body).contains("等待节点响应超时"));
    assert_eq!(delay, Duration::from_millis(120));
    assert!(panel.state().forwards.forwards.get(1).is_some());
}

#[test]
fn work_of_more_than_thirty_seconds_is_done_and_its_answer_is_lost() {
    let panel = panel();
    behave(&panel, HK, Conduct::Slow { delay_ms: 8000 });
    // three commands for each of two forwards: 48 s of the panel's time
    assert!(post(&panel, "/forward/batch-pause", &json!({"ids": [1, 4]})).is_null());
    assert_eq!(panel.state().forwards.forwards.get(4).unwrap().status, 0);
}

#[test]
fn an_agent_that_answers_too_late_has_done_the_work_all_the_same() {
    let panel = panel();
    behave(&panel, HK, Conduct::Slow { delay_ms: 60_000 });
    assert_eq!(said(&panel, "/forward/pause", &json!({"id": 1})), (-1, "等待节点响应超时".into()));
    assert!(node(&panel, HK).services["1_1_0_tcp"].paused);
    assert_eq!(panel.state().forwards.forwards.get(1).unwrap().status, 1);
}
