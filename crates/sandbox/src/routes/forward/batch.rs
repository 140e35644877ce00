//! The batch routes of forwards: one item after another, and an answer that only counts. What failed and why is not
//! told, and code 0 is answered even when everything failed.

use serde_json::json;

use super::services::{NotFound, Push, control_forward, sync_forward};
use super::{accessible, check_permission, check_tunnel, kept_port, ports, remove, rewrite, set_status};
use crate::http::{Answer, Ctx, Kind, Reply};
use crate::state::{Forward, State};

pub(super) fn delete(ctx: &mut Ctx<'_>) -> Answer {
    each(ctx, |state, forward| {
        control_forward(state, forward, "DeleteService", NotFound::Ignored)?;
        remove(state, forward.id);
        Ok(())
    })
}

pub(super) fn pause(ctx: &mut Ctx<'_>) -> Answer {
    each(ctx, |state, forward| {
        control_forward(state, forward, "PauseService", NotFound::Fails)?;
        set_status(state, forward.id, 0);
        Ok(())
    })
}

pub(super) fn resume(ctx: &mut Ctx<'_>) -> Answer {
    each(ctx, |state, forward| {
        control_forward(state, forward, "ResumeService", NotFound::Fails)?;
        set_status(state, forward.id, 1);
        Ok(())
    })
}

/// Pushes from the tables; a paused forward starts on the node and stays shown as paused.
pub(super) fn redeploy(ctx: &mut Ctx<'_>) -> Answer {
    each(ctx, |state, forward| sync_forward(state, forward, Push::Update))
}

pub(super) fn change_tunnel(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("forwardIds", Kind::List(&Kind::Int)), ("targetTunnelId", Kind::Int)];
    let body = ctx.strict_or_refuse(FIELDS)?;
    let tunnel_id = body.int("targetTunnelId");
    if tunnel_id <= 0 {
        return Err(Reply::fail("请求参数错误"));
    }
    let (user_id, role) = ctx.user()?;
    check_permission(ctx.state, user_id, role, tunnel_id)?;
    check_tunnel(ctx.state, tunnel_id, "目标隧道不存在", "目标隧道已禁用")?;
    let mut count = Count::default();
    for id in body.int_list("forwardIds").into_iter().filter(|id| *id > 0) {
        let moved = match accessible(ctx.state, id, user_id, role) {
            Ok(forward) if forward.tunnel_id != tunnel_id => change_one(ctx.state, &forward, tunnel_id),
            _ => Err(()),
        };
        count.add(moved.is_ok());
    }
    Ok(count.reply())
}

fn change_one(state: &mut State, forward: &Forward, tunnel_id: i64) -> Result<(), ()> {
    let port = kept_port(state, forward.id, tunnel_id);
    if ports::check_entry_ports(state, tunnel_id, port).is_err() {
        // the panel has written the row before it looks at the range, and does not put it back
        super::write(state, &Forward { tunnel_id, ..forward.clone() });
        return Err(());
    }
    rewrite(state, forward, &Forward { tunnel_id, ..forward.clone() }, port).map_err(|_| ())
}

fn each(ctx: &mut Ctx<'_>, mut work: impl FnMut(&mut State, &Forward) -> Result<(), String>) -> Answer {
    let ids = ctx.ids()?;
    let (user_id, role) = ctx.user()?;
    let mut count = Count::default();
    for id in ids {
        let done = match accessible(ctx.state, id, user_id, role) {
            Ok(forward) => work(ctx.state, &forward).is_ok(),
            Err(_) => false,
        };
        count.add(done);
    }
    Ok(count.reply())
}

#[derive(Default)]
struct Count {
    done: u64,
    failed: u64,
}

impl Count {
    fn add(&mut self, done: bool) {
        if done { self.done += 1 } else { self.failed += 1 }
    }

    fn reply(&self) -> Reply {
        Reply::ok(json!({"failCount": self.failed, "successCount": self.done}))
    }
}
