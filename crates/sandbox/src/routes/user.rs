//! Accounts: list, create, update, delete, reset of counters, memberships; login, own package and own password are in
//! the files beside. Updates replace the whole account: what is left out goes back to a default.

mod login;
mod package;
mod password;

use serde_json::{Value, json};

use super::group::sync_permissions_by_user_group;
use crate::http::router::post;
use crate::http::{Answer, Bad, Ctx, Kind, Loose, Reply, Route};
use crate::state::{Member, State, User, md5_hex};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    post("/api/v1/user/login", login::login),
    post("/api/v1/user/list", list),
    post("/api/v1/user/create", create),
    post("/api/v1/user/update", update),
    post("/api/v1/user/delete", delete),
    post("/api/v1/user/reset", reset),
    post("/api/v1/user/groups", groups),
    post("/api/v1/user/package", package::package),
    post("/api/v1/user/updatePassword", password::update_password),
];

const YEAR_MS: i64 = 365 * 24 * 3600 * 1000;
const ADMIN_ROLE: i64 = 0;
const USER_ROLE: i64 = 1;

fn list(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("current", Kind::Int), ("size", Kind::Int), ("keyword", Kind::Text)];
    let keyword = match ctx.strict(FIELDS) {
        Ok(body) => body.text("keyword").trim().to_lowercase(),
        Err(Bad::Empty) => String::new(),
        Err(Bad::Malformed) => return Err(Reply::fail("请求参数错误")),
    };
    let users = ctx.state.users.users.iter().filter(|u| u.role_id != ADMIN_ROLE);
    let found = users.filter(|u| keyword.is_empty() || u.user.trim().to_lowercase().contains(&keyword));
    Ok(Reply::ok(found.map(item).collect()))
}

fn item(user: &User) -> Value {
    json!({
        "createdTime": user.created_time,
        "expTime": user.exp_time,
        "flow": user.flow,
        "flowResetTime": user.flow_reset_time,
        "id": user.id,
        "inFlow": user.in_flow,
        "name": user.user,
        "num": user.num,
        "outFlow": user.out_flow,
        "roleId": user.role_id,
        "status": user.status,
        "updatedTime": user.updated_time,
        "user": user.user,
    })
}

/// Takes quota, number, expiry, reset day and status from a body, each with the panel's default.
fn take_limits(user: &mut User, body: &Loose, now: i64) {
    user.status = body.int("status", 1);
    user.flow = body.int("flow", 100);
    user.num = body.int("num", 10);
    user.exp_time = body.int("expTime", now + YEAR_MS);
    user.flow_reset_time = body.int("flowResetTime", 1);
    user.updated_time = Some(now);
}

fn create(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let (name, password) = (body.text("user"), body.text("pwd"));
    if name.is_empty() || password.is_empty() {
        return Err(Reply::fail("用户名或密码不能为空"));
    }
    let state = &mut *ctx.state;
    if state.users.name_is_taken(&name, 0) {
        return Err(Reply::fail("用户名已存在"));
    }
    let now = state.now();
    let mut user =
        User { user: name, pwd: md5_hex(&password), role_id: USER_ROLE, created_time: now, ..User::default() };
    take_limits(&mut user, &body, now);
    let user_id = state.users.users.insert(user);
    let groups = body.int_list("groupIds");
    join_groups(state, user_id, &groups, now);
    for group_id in groups {
        sync_permissions_by_user_group(state, group_id);
    }
    Ok(Reply::done())
}

fn update(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let id = body.int("id", 0);
    if id <= 0 {
        return Err(Reply::fail("用户ID不能为空"));
    }
    let name = body.text("user");
    if name.is_empty() {
        return Err(Reply::fail("用户名不能为空"));
    }
    let state = &mut *ctx.state;
    refuse_admin(state, id)?;
    if state.users.name_is_taken(&name, id) {
        return Err(Reply::fail("用户名已存在"));
    }
    let now = state.now();
    let password = body.text("pwd");
    if let Some(user) = state.users.users.get_mut(id) {
        user.user = name;
        if !password.is_empty() {
            user.pwd = md5_hex(&password);
        }
        take_limits(user, &body, now);
        for row in state.tunnels.user_tunnels.iter_mut().filter(|row| row.user_id == id) {
            row.flow = user.flow;
            row.num = user.num;
            row.exp_time = user.exp_time;
            row.flow_reset_time = user.flow_reset_time;
        }
    }
    if body.has("groupIds") {
        let new = body.int_list("groupIds");
        let mut affected = memberships(state, id);
        affected.extend(&new);
        affected.sort_unstable();
        affected.dedup();
        state.groups.user_members.retain(|m| m.member_id != id);
        join_groups(state, id, &new, now);
        for group_id in affected {
            sync_permissions_by_user_group(state, group_id);
        }
    }
    Ok(Reply::done())
}

/// Refuses for accounts that do not exist and for administrators.
fn refuse_admin(state: &State, id: i64) -> Result<(), Reply> {
    match state.users.users.get(id).map(|u| u.role_id) {
        None => Err(Reply::fail("用户不存在")),
        Some(ADMIN_ROLE) => Err(Reply::fail("请不要作死")),
        Some(_) => Ok(()),
    }
}

/// Adds memberships; one that is there already only uses up an id.
fn join_groups(state: &mut State, user_id: i64, group_ids: &[i64], now: i64) {
    for group_id in group_ids.iter().copied() {
        let members = &mut state.groups.user_members;
        if members.any(|m| m.group_id == group_id && m.member_id == user_id) {
            members.burn_id();
        } else {
            members.insert(Member { id: 0, group_id, member_id: user_id, created_time: now });
        }
    }
}

/// The groups of a user, ascending: the panel's database reads them from the unique index.
fn memberships(state: &State, user_id: i64) -> Vec<i64> {
    let mine = state.groups.user_members.iter().filter(|m| m.member_id == user_id);
    let mut ids: Vec<i64> = mine.map(|m| m.group_id).collect();
    ids.sort_unstable();
    ids
}

fn groups(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.id()?;
    Ok(Reply::ok(memberships(ctx.state, id).into()))
}

fn delete(ctx: &mut Ctx<'_>) -> Answer {
    let id = ctx.id()?;
    let state = &mut *ctx.state;
    refuse_admin(state, id)?;
    let forwards = &state.forwards.forwards;
    state.forwards.ports.retain(|port| forwards.get(port.forward_id).is_none_or(|f| f.user_id != id));
    state.forwards.forwards.retain(|f| f.user_id != id);
    let rows = &state.tunnels.user_tunnels;
    state.groups.grants.retain(|g| rows.get(g.user_tunnel_id).is_none_or(|row| row.user_id != id));
    state.tunnels.user_tunnels.retain(|row| row.user_id != id);
    state.groups.user_members.retain(|m| m.member_id != id);
    state.users.statistics.retain(|s| s.user_id != id);
    state.users.users.remove(id);
    Ok(Reply::done())
}

fn reset(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.loose_or_refuse()?;
    let id = body.int("id", 0);
    let kind = body.int("type", 0);
    if id <= 0 || !matches!(kind, 1 | 2) {
        return Err(Reply::fail("请求参数错误"));
    }
    let state = &mut *ctx.state;
    let now = state.now();
    if kind == 1
        && let Some(user) = state.users.users.get_mut(id)
    {
        (user.in_flow, user.out_flow, user.updated_time) = (0, 0, Some(now));
    }
    let rows = state.tunnels.user_tunnels.iter_mut();
    for row in rows.filter(|row| if kind == 1 { row.user_id == id } else { row.id == id }) {
        (row.in_flow, row.out_flow) = (0, 0);
    }
    Ok(Reply::done())
}
