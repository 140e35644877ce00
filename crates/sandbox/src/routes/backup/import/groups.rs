//! The sections about groups: their names are unique, their members are replaced, and so are unique pairs.

use super::upsert;
use crate::http::Strict;
use crate::state::{Grant, Group, Member, Permission, State, Table, unique_violated};

type Done = Result<(), String>;

/// What makes rows of a group table and its member table clash.
struct Unique {
    name: &'static str,
    member: &'static str,
}

pub(super) fn tunnel_groups(state: &mut State, entries: &[Strict]) -> Done {
    let now = state.now();
    let unique = Unique {
        name: "tunnel_group.name",
        member: "tunnel_group_tunnel.tunnel_group_id, tunnel_group_tunnel.tunnel_id",
    };
    let tables = &mut state.groups;
    groups(&mut tables.tunnel_groups, &mut tables.tunnel_members, entries, "tunnels", &unique, now)
}

pub(super) fn user_groups(state: &mut State, entries: &[Strict]) -> Done {
    let now = state.now();
    let unique = Unique { name: "user_group.name", member: "user_group_user.user_group_id, user_group_user.user_id" };
    let tables = &mut state.groups;
    groups(&mut tables.user_groups, &mut tables.user_members, entries, "users", &unique, now)
}

fn groups(
    groups: &mut Table<Group>,
    members: &mut Table<Member>,
    entries: &[Strict],
    key: &str,
    unique: &Unique,
    now: i64,
) -> Done {
    for e in entries {
        let row = Group {
            id: e.int("id"),
            name: e.text("name").to_owned(),
            created_time: e.int("createdTime"),
            updated_time: now,
            status: e.int("status"),
        };
        let clash = |other: &Group, new: &Group| (other.name == new.name).then_some(unique.name);
        upsert(groups, row, |old, new| new.created_time = old.created_time, clash)?;
        // the members go to the id in the document, which is 0 for a new group
        let group_id = e.int("id");
        members.retain(|m| m.group_id != group_id);
        for member_id in e.int_list(key) {
            if members.any(|m| m.group_id == group_id && m.member_id == member_id) {
                return Err(unique_violated(unique.member));
            }
            members.insert(Member { id: 0, group_id, member_id, created_time: now });
        }
    }
    Ok(())
}

pub(super) fn permissions(state: &mut State, entries: &[Strict]) -> Done {
    for e in entries {
        let row = Permission {
            id: e.int("id"),
            user_group_id: e.int("userGroupId"),
            tunnel_group_id: e.int("tunnelGroupId"),
            created_time: e.int("createdTime"),
        };
        let clash = |other: &Permission, new: &Permission| {
            ((other.user_group_id, other.tunnel_group_id) == (new.user_group_id, new.tunnel_group_id))
                .then_some("group_permission.user_group_id, group_permission.tunnel_group_id")
        };
        upsert(&mut state.groups.permissions, row, |old, new| new.created_time = old.created_time, clash)?;
        for g in e.structs("grants") {
            grant(state, &g)?;
        }
    }
    Ok(())
}

fn grant(state: &mut State, entry: &Strict) -> Done {
    let row = Grant {
        id: entry.int("id"),
        user_group_id: entry.int("userGroupId"),
        tunnel_group_id: entry.int("tunnelGroupId"),
        user_tunnel_id: entry.int("userTunnelId"),
        created_by_group: entry.int("createdByGroup"),
        created_time: entry.int("createdTime"),
    };
    let keep = |old: &Grant, new: &mut Grant| {
        (new.user_group_id, new.tunnel_group_id) = (old.user_group_id, old.tunnel_group_id);
        new.created_time = old.created_time;
    };
    let triple = |g: &Grant| (g.user_group_id, g.tunnel_group_id, g.user_tunnel_id);
    let clash = |other: &Grant, new: &Grant| {
        (triple(other) == triple(new)).then_some(
            "group_permission_grant.user_group_id, group_permission_grant.tunnel_group_id, \
             group_permission_grant.user_tunnel_id",
        )
    };
    upsert(&mut state.groups.grants, row, keep, clash)?;
    Ok(())
}
