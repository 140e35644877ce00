//! Groups of users, groups of tunnels, their members, and the permissions between them. A permission writes rows into
//! `user_tunnel` for every pair of members and keeps a grant for each, so that it can take back what it made; what
//! leaves a group by another way stays granted, as on the real panel.

mod grants;

use serde_json::{Value, json};

use crate::http::decode::Kind;
use crate::http::router::{any, post};
use crate::http::{Answer, Ctx, Reply, Route};
use crate::state::{Group, Groups, Member, Permission, Row, State, Table, unique_violated};

pub(super) use grants::sync_permissions_by_user_group;

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    post("/api/v1/group/user/list", user_groups),
    any("/api/v1/group/user/create", |ctx| create(ctx, Side::User)),
    any("/api/v1/group/user/update", |ctx| update(ctx, Side::User)),
    post("/api/v1/group/user/delete", |ctx| delete(ctx, Side::User)),
    any("/api/v1/group/user/assign", assign_users),
    post("/api/v1/group/tunnel/list", tunnel_groups),
    any("/api/v1/group/tunnel/create", |ctx| create(ctx, Side::Tunnel)),
    any("/api/v1/group/tunnel/update", |ctx| update(ctx, Side::Tunnel)),
    post("/api/v1/group/tunnel/delete", |ctx| delete(ctx, Side::Tunnel)),
    any("/api/v1/group/tunnel/assign", assign_tunnels),
    post("/api/v1/group/permission/list", permissions),
    any("/api/v1/group/permission/assign", assign_permission),
    post("/api/v1/group/permission/remove", remove_permission),
];

/// Which of the two kinds of group a handler works on.
#[derive(Clone, Copy)]
enum Side {
    User,
    Tunnel,
}

impl Side {
    fn table(self) -> &'static str {
        match self {
            Self::User => "user_group",
            Self::Tunnel => "tunnel_group",
        }
    }

    fn groups(self, groups: &mut Groups) -> &mut Table<Group> {
        match self {
            Self::User => &mut groups.user_groups,
            Self::Tunnel => &mut groups.tunnel_groups,
        }
    }

    fn members(self, groups: &mut Groups) -> &mut Table<Member> {
        match self {
            Self::User => &mut groups.user_members,
            Self::Tunnel => &mut groups.tunnel_members,
        }
    }
}

fn user_groups(ctx: &mut Ctx<'_>) -> Answer {
    let State { groups, users, .. } = &*ctx.state;
    let rows = groups.user_groups.iter().map(|group| {
        let named = joined(&groups.user_members, group.id, |id| users.users.get(id).map(|u| u.user.clone()));
        let (ids, names): (Vec<i64>, Vec<String>) = named.into_iter().unzip();
        json!({
            "createdTime": group.created_time, "id": group.id, "name": group.name, "status": group.status,
            "userIds": ids, "userNames": names,
        })
    });
    Ok(Reply::ok(Value::Array(rows.collect())))
}

fn tunnel_groups(ctx: &mut Ctx<'_>) -> Answer {
    let State { groups, tunnels, .. } = &*ctx.state;
    let rows = groups.tunnel_groups.iter().map(|group| {
        let named = joined(&groups.tunnel_members, group.id, |id| tunnels.tunnels.get(id).map(|t| t.name.clone()));
        let (ids, names): (Vec<i64>, Vec<String>) = named.into_iter().unzip();
        json!({
            "createdTime": group.created_time, "id": group.id, "name": group.name, "status": group.status,
            "tunnelIds": ids, "tunnelNames": names,
        })
    });
    Ok(Reply::ok(Value::Array(rows.collect())))
}

/// The members of a group that still exist, ascending by their own id.
fn joined(members: &Table<Member>, group_id: i64, name: impl Fn(i64) -> Option<String>) -> Vec<(i64, String)> {
    grants::members_of(members, group_id).into_iter().filter_map(|id| Some((id, name(id)?))).collect()
}

fn permissions(ctx: &mut Ctx<'_>) -> Answer {
    let groups = &ctx.state.groups;
    let rows = groups.permissions.iter().map(|permission| {
        let tunnel_group = groups.tunnel_groups.get(permission.tunnel_group_id);
        let user_group = groups.user_groups.get(permission.user_group_id);
        json!({
            "createdTime": permission.created_time, "id": permission.id,
            "tunnelGroupId": permission.tunnel_group_id, "tunnelGroupName": tunnel_group.map(|g| &g.name),
            "userGroupId": permission.user_group_id, "userGroupName": user_group.map(|g| &g.name),
        })
    });
    Ok(Reply::ok(Value::Array(rows.collect())))
}

fn create(ctx: &mut Ctx<'_>, side: Side) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let name = body.text("name");
    if name.is_empty() {
        return Err(Reply::fail("分组名称不能为空"));
    }
    let now = ctx.state.now();
    let table = side.groups(&mut ctx.state.groups);
    refuse_taken_name(table, side, &name, 0)?;
    table.insert(Group { id: 0, name, created_time: now, updated_time: now, status: body.int("status", 1) });
    Ok(Reply::done())
}

fn update(ctx: &mut Ctx<'_>, side: Side) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let id = body.int("id", 0);
    if id <= 0 {
        return Err(Reply::fail("分组ID不能为空"));
    }
    let now = ctx.state.now();
    let table = side.groups(&mut ctx.state.groups);
    let name = body.text("name");
    if table.get(id).is_some() {
        refuse_taken_name(table, side, &name, id)?;
    }
    if let Some(group) = table.get_mut(id) {
        group.name = name;
        group.status = body.int("status", 1);
        group.updated_time = now;
    }
    Ok(Reply::done())
}

/// The database's unique index on the name, in the words of its driver.
fn refuse_taken_name(table: &Table<Group>, side: Side, name: &str, except: i64) -> Result<(), Reply> {
    if table.any(|group| group.name == name && group.id != except) {
        return Err(Reply::err(-2, unique_violated(&format!("{}.name", side.table()))));
    }
    Ok(())
}

fn delete(ctx: &mut Ctx<'_>, side: Side) -> Answer {
    let id = ctx.id()?;
    let groups = &mut ctx.state.groups;
    side.members(groups).retain(|m| m.group_id != id);
    groups.permissions.retain(|p| side_id(side, p.user_group_id, p.tunnel_group_id) != id);
    groups.grants.retain(|g| side_id(side, g.user_group_id, g.tunnel_group_id) != id);
    side.groups(groups).remove(id);
    Ok(Reply::done())
}

fn side_id(side: Side, user_group_id: i64, tunnel_group_id: i64) -> i64 {
    match side {
        Side::User => user_group_id,
        Side::Tunnel => tunnel_group_id,
    }
}

fn assign_users(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("groupId", Kind::Int), ("userIds", Kind::List(&Kind::Int))];
    let body = ctx.strict_or_refuse(FIELDS)?;
    let (group_id, wanted) = (positive(body.int("groupId"))?, body.int_list("userIds"));
    let before = grants::members_of(&ctx.state.groups.user_members, group_id);
    replace_members(ctx.state, Side::User, group_id, &wanted);
    for user_id in before.into_iter().filter(|id| !wanted.contains(id)) {
        grants::revoke_user(ctx.state, group_id, user_id);
    }
    grants::sync_permissions_by_user_group(ctx.state, group_id);
    Ok(Reply::done())
}

fn assign_tunnels(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("groupId", Kind::Int), ("tunnelIds", Kind::List(&Kind::Int))];
    let body = ctx.strict_or_refuse(FIELDS)?;
    let group_id = positive(body.int("groupId"))?;
    replace_members(ctx.state, Side::Tunnel, group_id, &body.int_list("tunnelIds"));
    grants::sync_permissions_by_tunnel_group(ctx.state, group_id);
    Ok(Reply::done())
}

fn positive(id: i64) -> Result<i64, Reply> {
    if id > 0 { Ok(id) } else { Err(Reply::fail("请求参数错误")) }
}

/// Writes the member list anew; ids not above 0 are dropped, repeats merged, existence is not looked at.
fn replace_members(state: &mut State, side: Side, group_id: i64, member_ids: &[i64]) {
    let now = state.now();
    let members = side.members(&mut state.groups);
    members.retain(|m| m.group_id != group_id);
    for member_id in member_ids.iter().copied().filter(|id| *id > 0) {
        let row = Member { id: 0, group_id, member_id, created_time: now };
        insert_unless(members, row, |m| m.group_id == group_id && m.member_id == member_id);
    }
}

/// `INSERT … ON CONFLICT DO NOTHING`: a row that is refused uses up an id all the same.
fn insert_unless<T: Row>(table: &mut Table<T>, row: T, same: impl FnMut(&T) -> bool) {
    if table.any(same) {
        table.burn_id();
    } else {
        table.insert(row);
    }
}

fn assign_permission(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("userGroupId", Kind::Int), ("tunnelGroupId", Kind::Int)];
    let body = ctx.strict_or_refuse(FIELDS)?;
    let (user_group_id, tunnel_group_id) = (positive(body.int("userGroupId"))?, positive(body.int("tunnelGroupId"))?);
    let row = Permission { id: 0, user_group_id, tunnel_group_id, created_time: ctx.state.now() };
    insert_unless(&mut ctx.state.groups.permissions, row, |p| {
        p.user_group_id == user_group_id && p.tunnel_group_id == tunnel_group_id
    });
    grants::apply(ctx.state, user_group_id, tunnel_group_id);
    Ok(Reply::ok("权限分配成功".into()))
}

fn remove_permission(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.id()?;
    if let Some(permission) = ctx.state.groups.permissions.remove(id) {
        grants::revoke_pair(ctx.state, permission.user_group_id, permission.tunnel_group_id);
    }
    Ok(Reply::done())
}
