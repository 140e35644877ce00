//! Subscription information for traffic widgets: name and password in the query, plain text as the answer. Captcha and
//! a disabled account do not matter here.

use http::HeaderName;

use crate::http::router::get;
use crate::http::{Answer, Ctx, Reply, Route};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[get("/api/v1/open_api/sub_store", sub_store)];

const GIB: i64 = 1024 * 1024 * 1024;

fn sub_store(ctx: &mut Ctx<'_>) -> Answer {
    let query = |name: &str| ctx.request.query_value(name).trim().to_owned();
    let (name, password, tunnel) = (query("user"), query("pwd"), query("tunnel"));
    if name.is_empty() {
        return Err(Reply::fail("用户不能为空"));
    }
    if password.is_empty() {
        return Err(Reply::fail("密码不能为空"));
    }
    let user = ctx
        .state
        .users
        .named(&name)
        .filter(|user| user.has_password(&password))
        .ok_or_else(|| Reply::fail("鉴权失败"))?;
    let text = if tunnel.is_empty() || tunnel == "-1" {
        numbers(user.out_flow, user.in_flow, user.flow, user.exp_time)
    } else {
        // the parameter is the id of a permission, whatever its name says
        let row = tunnel.parse().ok().and_then(|id| ctx.state.tunnels.user_tunnels.get(id));
        let row = row.filter(|row| row.user_id == user.id).ok_or_else(|| Reply::fail("隧道不存在"))?;
        numbers(row.out_flow, row.in_flow, row.flow, row.exp_time)
    };
    Ok(Reply::text(200, "text/plain; charset=utf-8", text.as_str())
        .with_header(HeaderName::from_static("subscription-userinfo"), text))
}

/// Upload shows what came in and download what went out: the panel swaps the two.
fn numbers(out_flow: i64, in_flow: i64, quota: i64, exp_time: i64) -> String {
    let total = quota.wrapping_mul(GIB);
    format!("upload={in_flow}; download={out_flow}; total={total}; expire={}", exp_time / 1000)
}
