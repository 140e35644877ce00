//! Accounts: what goes with a deleted one, memberships, statistics, the captcha's clock.

use flvx_sandbox::state::Statistic;
use flvx_sandbox::{Clock, world};
use serde_json::json;

use crate::{call, data, panel, send};

#[test]
fn a_deleted_account_takes_its_forwards_ports_permissions_grants_and_memberships_along() {
    let panel = panel();
    data(&panel, "/user/delete", json!({"id": 2}));
    let state = panel.state();
    assert!(!state.forwards.forwards.any(|f| f.user_id == 2));
    assert_eq!(state.forwards.ports.len(), 8);
    assert_eq!(state.tunnels.user_tunnels.iter().map(|row| row.id).collect::<Vec<_>>(), [4, 5, 6, 7, 8]);
    assert_eq!(state.groups.grants.iter().map(|g| g.user_tunnel_id).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(state.groups.user_members.iter().map(|m| m.member_id).collect::<Vec<_>>(), [3]);
}

#[test]
fn ids_are_never_used_again() {
    let panel = panel();
    data(&panel, "/user/create", json!({"user": "a", "pwd": "p"}));
    data(&panel, "/user/delete", json!({"id": 6}));
    data(&panel, "/user/create", json!({"user": "b", "pwd": "p"}));
    assert_eq!(panel.state().users.named("b").unwrap().id, 7);
}

#[test]
fn a_setting_that_is_written_again_uses_up_an_id() {
    let panel = panel();
    data(&panel, "/config/update-single", json!({"name": "ip", "value": "x"}));
    data(&panel, "/config/update-single", json!({"name": "new", "value": "x"}));
    assert_eq!(data(&panel, "/config/get", json!({"name": "new"}))["id"], 11);
}

#[test]
fn leaving_a_group_by_an_update_keeps_the_tunnels_it_gave() {
    let panel = panel();
    data(&panel, "/user/update", json!({"id": 2, "user": "zhangwei", "groupIds": []}));
    assert_eq!(data(&panel, "/user/groups", json!({"id": 2})), json!([]));
    assert_eq!(data(&panel, "/tunnel/user/list", json!({"userId": 2})).as_array().unwrap().len(), 3);
}

#[test]
fn joining_a_group_twice_is_joining_it_once_and_gives_its_tunnels() {
    let panel = panel();
    let body = json!({"user": "twice", "pwd": "p", "flow": 7, "groupIds": [2, "2", 0, -1, "x"]});
    data(&panel, "/user/create", body);
    assert_eq!(data(&panel, "/user/groups", json!({"id": 6})), json!([2]));
    let rows = data(&panel, "/tunnel/user/list", json!({"userId": 6}));
    let rows: Vec<_> = rows.as_array().unwrap().iter().map(|r| (r["tunnelId"].clone(), r["flow"].clone())).collect();
    assert_eq!(rows, [(json!(1), json!(7)), (json!(2), json!(7))]);
}

#[test]
fn a_package_shows_the_newest_24_hours_oldest_first() {
    let panel = panel();
    for hour in 0..30 {
        panel.state().users.statistics.insert(Statistic { user_id: 1, flow: hour, ..Statistic::default() });
    }
    let package = data(&panel, "/user/package", "{}");
    let flows: Vec<i64> =
        package["statisticsFlows"].as_array().unwrap().iter().map(|s| s["flow"].as_i64().unwrap()).collect();
    assert_eq!(flows, (6..30).collect::<Vec<_>>());
}

#[test]
fn a_captcha_proof_is_good_for_five_minutes() {
    let panel = panel();
    data(&panel, "/config/update", json!({"captcha_enabled": "TRUE", "cloudflare_secret_key": ""}));
    let login = json!({"username": "alice", "password": "fake-pw-alice", "captchaId": "x"}).to_string();
    for (minutes, code) in [(4, 0), (5, -1)] {
        panel.state().settings.clock = Clock::Fixed(world::FAR);
        let verified = send(&panel, "", "/api/v1/captcha/verify", r#"{"id":"x","data":"ok"}"#);
        assert!(String::from_utf8_lossy(&verified.body).contains(r#""success":true"#));
        panel.state().settings.clock = Clock::Fixed(world::FAR + minutes * 60_000);
        let answer: serde_json::Value =
            serde_json::from_slice(&send(&panel, "", "/api/v1/user/login", &login).body).unwrap();
        assert_eq!(answer["code"], code, "after {minutes} minutes");
    }
}

#[test]
fn a_token_is_refused_once_it_is_90_days_old() {
    let panel = panel();
    panel.state().settings.clock = Clock::Fixed(0);
    let token = panel.token("alice").unwrap();
    for (seconds, code) in [(90 * 24 * 3600 - 1, 0), (90 * 24 * 3600, 401)] {
        panel.state().settings.clock = Clock::Fixed(seconds * 1000);
        let headers = http::HeaderMap::from_iter([(http::header::AUTHORIZATION, token.parse().unwrap())]);
        let loopback = std::net::Ipv4Addr::LOCALHOST.into();
        let (response, _) = panel.request_now(loopback, http::Method::POST, "/api/v1/config/list", headers, "".into());
        let answer: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(answer["code"], code, "after {seconds} s");
    }
}

#[test]
fn a_password_with_outer_blanks_can_never_be_typed_at_login() {
    let panel = panel();
    data(&panel, "/user/create", json!({"user": "blank", "pwd": " p "}));
    let login = |password: &str| {
        call(&panel, "/user/login", json!({"username": "blank", "password": password}))["code"].clone()
    };
    assert_eq!(login(" p "), -1);
    assert_eq!(login("p"), 0);
}

#[test]
fn the_first_announcement_is_shown_even_when_it_was_sent_hidden() {
    let panel = panel();
    panel.state().configs.announcements.retain(|_| false);
    data(&panel, "/announcement/update", json!({"content": "x", "enabled": 0}));
    assert_eq!(panel.state().configs.announcements.iter().next().unwrap().enabled, 1);
    data(&panel, "/announcement/update", json!({"content": "x", "enabled": 0}));
    assert_eq!(panel.state().configs.announcements.iter().next().unwrap().enabled, 0);
}
