//! The announcement: read by every logged-in user with GET, replaced whole by administrators.

use serde_json::json;

use crate::http::router::{get, post};
use crate::http::{Answer, Ctx, Kind, Reply, Route};
use crate::state::Announcement;

/// The paths of this file.
pub(super) const ROUTES: &[Route] =
    &[get("/api/v1/announcement/get", show), post("/api/v1/announcement/update", update)];

fn show(ctx: &mut Ctx<'_>) -> Answer {
    let newest = ctx.state.configs.announcements.iter().next_back();
    Ok(Reply::ok(match newest {
        Some(announcement) => json!({"content": announcement.content, "enabled": announcement.enabled}),
        None => json!({"content": "", "enabled": 0}),
    }))
}

fn update(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("content", Kind::Text), ("enabled", Kind::Int)];
    let body = ctx.strict(FIELDS).map_err(|_| Reply::err(500, "请求参数错误"))?;
    let now = ctx.state.now();
    let (content, enabled) = (body.text("content"), body.int("enabled"));
    let table = &mut ctx.state.configs.announcements;
    if table.is_empty() {
        // the column's default is 1, and the panel's database layer takes a zero for a value that was not given
        let enabled = if enabled == 0 { 1 } else { enabled };
        let content = content.to_owned();
        table.insert(Announcement { id: 0, content, enabled, created_time: now, updated_time: Some(now) });
        return Ok(Reply::done());
    }
    for row in table.iter_mut() {
        row.content = content.to_owned();
        row.enabled = enabled;
        row.updated_time = Some(now);
    }
    Ok(Reply::done())
}
