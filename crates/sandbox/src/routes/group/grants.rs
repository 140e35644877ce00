//! What permissions give and take: `user_tunnel` rows for every user and tunnel of a pair of groups, each remembered by
//! a grant that says whether the permission made the row or found it. A row goes with the last grant on it, but only if
//! a grant that goes at the same moment had made it.

use std::collections::BTreeSet;

use super::insert_unless;
use crate::state::{Grant, Member, State, Table, UserTunnel};

/// The members of a group, ascending by member (the panel's database reads them from the unique index).
pub(super) fn members_of(members: &Table<Member>, group_id: i64) -> Vec<i64> {
    let mut ids: Vec<i64> = members.iter().filter(|m| m.group_id == group_id).map(|m| m.member_id).collect();
    ids.sort_unstable();
    ids
}

/// Gives every user of the one group every tunnel of the other. Users that do not exist are passed over; tunnels that
/// do not exist are given all the same.
pub(super) fn apply(state: &mut State, user_group_id: i64, tunnel_group_id: i64) {
    let now = state.now();
    let users = members_of(&state.groups.user_members, user_group_id);
    let tunnels = members_of(&state.groups.tunnel_members, tunnel_group_id);
    for user_id in users {
        for tunnel_id in tunnels.iter().copied() {
            let Some((user_tunnel_id, made)) = ensure_user_tunnel(state, user_id, tunnel_id) else {
                continue;
            };
            let created_by_group = i64::from(made);
            let grant =
                Grant { id: 0, user_group_id, tunnel_group_id, user_tunnel_id, created_by_group, created_time: now };
            insert_unless(&mut state.groups.grants, grant, |g| {
                (g.user_group_id, g.tunnel_group_id, g.user_tunnel_id)
                    == (user_group_id, tunnel_group_id, user_tunnel_id)
            });
        }
    }
}

/// The user's row for the tunnel and whether it had to be made; a new one copies the user's own limits.
fn ensure_user_tunnel(state: &mut State, user_id: i64, tunnel_id: i64) -> Option<(i64, bool)> {
    let rows = &mut state.tunnels.user_tunnels;
    if let Some(row) = rows.find(|r| r.user_id == user_id && r.tunnel_id == tunnel_id) {
        return Some((row.id, false));
    }
    let user = state.users.users.get(user_id)?;
    let id = rows.insert(UserTunnel {
        user_id,
        tunnel_id,
        num: user.num,
        flow: user.flow,
        flow_reset_time: user.flow_reset_time,
        exp_time: user.exp_time,
        status: 1,
        ..UserTunnel::default()
    });
    Some((id, true))
}

/// Applies all permissions of a user group to its present members.
pub(in crate::routes) fn sync_permissions_by_user_group(state: &mut State, user_group_id: i64) {
    let permissions = state.groups.permissions.iter().filter(|p| p.user_group_id == user_group_id);
    let mut tunnel_groups: Vec<i64> = permissions.map(|p| p.tunnel_group_id).collect();
    // read from the index on both ids, so not in the order in which the permissions were made
    tunnel_groups.sort_unstable();
    for tunnel_group_id in tunnel_groups {
        apply(state, user_group_id, tunnel_group_id);
    }
}

/// Applies all permissions on a tunnel group to its present members.
pub(super) fn sync_permissions_by_tunnel_group(state: &mut State, tunnel_group_id: i64) {
    let permissions = state.groups.permissions.iter().filter(|p| p.tunnel_group_id == tunnel_group_id);
    let user_groups: Vec<i64> = permissions.map(|p| p.user_group_id).collect();
    for user_group_id in user_groups {
        apply(state, user_group_id, tunnel_group_id);
    }
}

/// Takes back what a permission between two groups gave.
pub(super) fn revoke_pair(state: &mut State, user_group_id: i64, tunnel_group_id: i64) {
    revoke(state, |_, grant| grant.user_group_id == user_group_id && grant.tunnel_group_id == tunnel_group_id);
}

/// Takes back what a user had through a user group.
pub(super) fn revoke_user(state: &mut State, user_group_id: i64, user_id: i64) {
    revoke(state, |rows, grant| {
        grant.user_group_id == user_group_id && rows.get(grant.user_tunnel_id).is_some_and(|r| r.user_id == user_id)
    });
}

fn revoke(state: &mut State, concerned: impl Fn(&Table<UserTunnel>, &Grant) -> bool) {
    let State { groups, tunnels, .. } = state;
    let rows = &mut tunnels.user_tunnels;
    let gone: Vec<Grant> = groups.grants.iter().filter(|g| concerned(rows, g)).cloned().collect();
    groups.grants.retain(|g| !concerned(rows, g));
    let made: BTreeSet<i64> = gone.iter().filter(|g| g.created_by_group == 1).map(|g| g.user_tunnel_id).collect();
    for user_tunnel_id in made {
        if !groups.grants.any(|g| g.user_tunnel_id == user_tunnel_id) {
            rows.remove(user_tunnel_id);
        }
    }
}
