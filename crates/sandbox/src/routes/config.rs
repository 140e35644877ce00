//! Settings: one by name (anybody, any key), all (every logged-in user), several or one set (administrators). No key is
//! ever refused and none can be deleted.

use serde_json::{Map, Value, json};

use crate::http::router::post;
use crate::http::{Answer, Ctx, Kind, Reply, Route, decode};
use crate::state::State;

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[
    post("/api/v1/config/get", get),
    post("/api/v1/config/list", list),
    post("/api/v1/config/update", update),
    post("/api/v1/config/update-single", update_single),
];

fn get(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("name", Kind::Text)];
    let body = ctx.strict(FIELDS).map_err(|_| Reply::fail("配置名称不能为空"))?;
    let name = body.text("name");
    if name.trim().is_empty() {
        return Err(Reply::fail("配置名称不能为空"));
    }
    let config = ctx.state.configs.configs.find(|c| c.name == name).ok_or_else(|| Reply::fail("配置不存在"))?;
    Ok(Reply::ok(json!({"id": config.id, "name": config.name, "value": config.value, "time": config.time})))
}

fn list(ctx: &mut Ctx<'_>) -> Answer {
    Ok(Reply::ok(Value::Object(all(ctx.state))))
}

/// All settings, sorted by name.
pub(super) fn all(state: &State) -> Map<String, Value> {
    let mut pairs: Vec<_> = state.configs.configs.iter().map(|c| (c.name.clone(), c.value.clone())).collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
}

fn update(ctx: &mut Ctx<'_>) -> Answer {
    let refusal = || Reply::fail("配置数据不能为空");
    let body =
        decode::checked(decode::first_value(&ctx.request.body).map_err(|_| refusal())?, Kind::MapOf(&Kind::Text))
            .map_err(|_| refusal())?;
    let Some(Value::Object(values)) = body.filter(|b| b.as_object().is_some_and(|m| !m.is_empty())) else {
        return Err(refusal());
    };
    let now = ctx.state.now();
    for (name, value) in values {
        if !name.trim().is_empty() {
            ctx.state.configs.set(name.trim(), value.as_str().unwrap_or_default(), now);
        }
    }
    Ok(Reply::done())
}

fn update_single(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("name", Kind::Text), ("value", Kind::Text)];
    let body = ctx.strict(FIELDS).map_err(|_| Reply::fail("配置名称不能为空"))?;
    if body.text("name").trim().is_empty() {
        return Err(Reply::fail("配置名称不能为空"));
    }
    if body.text("value").trim().is_empty() {
        return Err(Reply::fail("配置值不能为空"));
    }
    let now = ctx.state.now();
    ctx.state.configs.set(body.text("name").trim(), body.text("value"), now);
    Ok(Reply::done())
}
