use flvx_sandbox::Panel;
use serde_json::json;

use super::{CHAIN, DIRECT, PAIR, done, panel};

const VIP: i64 = 1;
const TRIAL: i64 = 2;
const ASIA: i64 = 1;
const GLOBAL: i64 = 2;

fn permissions_of(panel: &Panel, user: i64) -> Vec<i64> {
    let rows = done(panel, "tunnel/user/list", json!({"userId": user}));
    rows.as_array().unwrap().iter().map(|row| row["tunnelId"].as_i64().unwrap()).collect()
}

#[test]
fn a_permission_gives_every_member_every_tunnel_and_takes_back_only_what_it_made() {
    let panel = panel();
    done(&panel, "group/user/assign", json!({"groupId": TRIAL, "userIds": [5, 3]}));
    assert_eq!(permissions_of(&panel, 5), [DIRECT, PAIR]);
    assert_eq!(permissions_of(&panel, 3), [DIRECT, PAIR, CHAIN]);
    done(&panel, "group/permission/remove", json!({"id": 3}));
    assert_eq!(permissions_of(&panel, 3), [CHAIN], "the rows for alice were the permission's own, but for the chain");
    assert_eq!(permissions_of(&panel, 5), [DIRECT], "shadow had the direct tunnel before");
}

#[test]
fn a_user_taken_out_of_a_group_loses_what_the_group_gave() {
    let panel = panel();
    assert_eq!(permissions_of(&panel, 2), [DIRECT, PAIR, CHAIN]);
    done(&panel, "group/user/assign", json!({"groupId": VIP}));
    assert_eq!(permissions_of(&panel, 2), Vec::<i64>::new());
    assert!(panel.state().forwards.forwards.any(|row| row.user_id == 2), "the forwards stay");
}

#[test]
fn a_tunnel_taken_out_of_a_group_stays_granted() {
    let panel = panel();
    done(&panel, "group/tunnel/assign", json!({"groupId": ASIA, "tunnelIds": []}));
    assert_eq!(permissions_of(&panel, 2), [DIRECT, PAIR, CHAIN]);
}

#[test]
fn of_two_permissions_on_one_tunnel_only_the_first_counts_as_maker_so_that_the_second_leaves_it_behind() {
    let panel = panel();
    done(&panel, "group/tunnel/assign", json!({"groupId": GLOBAL, "tunnelIds": [CHAIN, DIRECT]}));
    done(&panel, "group/permission/remove", json!({"id": 1}));
    assert_eq!(permissions_of(&panel, 2), [DIRECT, CHAIN], "the pair goes, the second permission holds the direct one");
    done(&panel, "group/permission/remove", json!({"id": 2}));
    assert_eq!(permissions_of(&panel, 2), [DIRECT], "and the direct one leaks");
}

#[test]
fn a_deleted_group_leaves_its_members_what_it_gave_them() {
    let panel = panel();
    done(&panel, "group/tunnel/delete", json!({"id": ASIA}));
    assert_eq!(permissions_of(&panel, 3), [DIRECT, PAIR, CHAIN]);
    assert!(!panel.state().groups.grants.any(|grant| grant.tunnel_group_id == ASIA));
    let left = done(&panel, "group/permission/list", json!({}));
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[test]
fn members_that_do_not_exist_are_stored_and_not_shown_and_get_nothing() {
    let panel = panel();
    done(&panel, "group/user/assign", json!({"groupId": TRIAL, "userIds": [99, 3, 3, -1]}));
    let groups = done(&panel, "group/user/list", json!({}));
    assert_eq!(groups[1]["userIds"], json!([3]));
    assert_eq!(panel.state().groups.user_members.iter().filter(|m| m.group_id == TRIAL).count(), 2);
    assert!(!panel.state().tunnels.user_tunnels.any(|row| row.user_id == 99));
}

#[test]
fn tunnels_that_do_not_exist_are_granted_all_the_same() {
    let panel = panel();
    done(&panel, "group/tunnel/assign", json!({"groupId": GLOBAL, "tunnelIds": [99]}));
    assert_eq!(permissions_of(&panel, 2), [DIRECT, PAIR, CHAIN, 99]);
}
