use serde_json::json;

use super::{CHAIN, DIRECT, HK, PAIR, done, panel, refused, runs, seen};

#[test]
fn a_new_permission_copies_the_users_limits_and_an_existing_one_keeps_its_own() {
    let panel = panel();
    done(&panel, "tunnel/user/assign", json!({"userId": 5, "tunnelId": PAIR, "flow": -1, "num": "7"}));
    let rows = done(&panel, "tunnel/user/list", json!({"userId": 5}));
    assert_eq!((rows[1]["flow"].as_i64(), rows[1]["num"].as_i64()), (Some(10), Some(7)));
    done(&panel, "tunnel/user/assign", json!({"userId": 5, "tunnelId": PAIR, "flow": 3, "speedId": "2"}));
    done(&panel, "tunnel/user/assign", json!({"userId": 5, "tunnelId": PAIR}));
    let rows = done(&panel, "tunnel/user/list", json!({"userId": 5}));
    assert_eq!(
        (rows[1]["flow"].as_i64(), rows[1]["num"].as_i64(), rows[1]["speedId"].as_i64()),
        (Some(3), Some(7), Some(2))
    );
    done(&panel, "tunnel/user/assign", json!({"userId": 5, "tunnelId": PAIR, "speedId": null}));
    assert!(done(&panel, "tunnel/user/list", json!({"userId": 5}))[1]["speedId"].is_null());
}

#[test]
fn a_batch_stops_at_its_first_bad_item_and_keeps_what_it_did_before() {
    let panel = panel();
    let body = json!({"userId": 5, "tunnels": [{"tunnelId": PAIR}, {"tunnelId": 0}, {"tunnelId": CHAIN}]});
    assert_eq!(refused(&panel, "tunnel/user/batch-assign", body), (-2, "userId or tunnelId missing".to_owned()));
    let state = panel.state();
    assert!(state.tunnels.user_tunnels.any(|row| row.user_id == 5 && row.tunnel_id == PAIR));
    assert!(!state.tunnels.user_tunnels.any(|row| row.user_id == 5 && row.tunnel_id == CHAIN));
}

#[test]
fn a_speed_limit_given_later_reaches_the_node_with_the_forwards_which_starts_a_paused_one() {
    let panel = panel();
    let paused = |name: &str| runs(&panel, HK).services[name].paused;
    assert!(paused("9_3_4_tcp"), "alice's rsync is paused");
    seen(&panel, HK);
    done(
        &panel,
        "tunnel/user/update",
        json!({"id": 4, "flow": 100, "num": 5, "expTime": 2_145_888_000_000_i64, "speedId": 1}),
    );
    assert_eq!(seen(&panel, HK), ["AddLimiters", "UpdateService", "AddLimiters", "UpdateService"]);
    assert!(!paused("9_3_4_tcp"));
    assert_eq!(runs(&panel, HK).services["9_3_4_tcp"].config["limiter"], "1");
}

#[test]
fn a_permission_that_is_removed_leaves_the_forwards_where_they_are() {
    let panel = panel();
    seen(&panel, HK);
    done(&panel, "tunnel/user/remove", json!({"id": 4}));
    assert!(seen(&panel, HK).is_empty());
    assert!(runs(&panel, HK).services.contains_key("7_3_4_tcp"));
    assert_eq!(done(&panel, "tunnel/user/list", json!({"userId": 3}))[0]["id"], 5);
}

#[test]
fn an_update_with_the_id_alone_resets_the_quota_and_enables_a_disabled_permission() {
    let panel = panel();
    assert_eq!(panel.state().tunnels.user_tunnels.get(8).unwrap().status, 0);
    done(&panel, "tunnel/user/update", json!({"id": 8}));
    let row = panel.state().tunnels.user_tunnels.get(8).unwrap().clone();
    assert_eq!((row.status, row.flow, row.num, row.flow_reset_time, row.speed_id), (1, 0, 0, 1, None));
    assert!(row.exp_time > panel.state().now());
}

#[test]
fn a_speed_limit_goes_to_the_entry_nodes_and_follows_no_renaming() {
    let panel = panel();
    done(&panel, "speed-limit/create", json!({"name": "new", "tunnelId": DIRECT, "speed": 1}));
    assert!(runs(&panel, HK).limiters.contains("4"));
    done(&panel, "tunnel/update", json!({"id": DIRECT, "name": "renamed", "inNodeId": [{"nodeId": HK}]}));
    let limits = done(&panel, "speed-limit/list", json!({}));
    assert_eq!(limits[3]["tunnelName"], "香港直连");
    done(&panel, "speed-limit/update", json!({"id": 4, "tunnelId": DIRECT}));
    let limits = done(&panel, "speed-limit/list", json!({}));
    assert_eq!((limits[3]["tunnelName"].as_str(), limits[3]["name"].as_str()), (Some("renamed"), Some("")));
    done(&panel, "speed-limit/delete", json!({"id": 4}));
    assert!(!runs(&panel, HK).limiters.contains("4"));
}
