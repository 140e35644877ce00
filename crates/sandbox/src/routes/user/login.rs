//! Login: a token for a name and a password, with a captcha proof while the captcha is on. The proof is used up before
//! the password is looked at, and nothing counts wrong passwords.

use serde_json::json;

use crate::http::{Answer, Ctx, Kind, Reply, auth};
use crate::routes::captcha;
use crate::state::State;
use crate::world::ADMIN;

pub(super) fn login(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("username", Kind::Text), ("password", Kind::Text), ("captchaId", Kind::Text)];
    let body = ctx.strict(FIELDS).map_err(|_| Reply::err(500, "请求参数错误"))?;
    let (name, password) = (body.text("username"), body.text("password"));
    if name.trim().is_empty() {
        return Err(Reply::err(500, "用户名不能为空"));
    }
    if password.trim().is_empty() {
        return Err(Reply::err(500, "密码不能为空"));
    }
    let state = &mut *ctx.state;
    if captcha::is_on(state) && !passes_captcha(state, body.text("captchaId").trim()) {
        return Err(Reply::fail("验证码校验失败"));
    }
    let user = state
        .users
        .named(name)
        .filter(|user| user.has_password(password))
        .ok_or_else(|| Reply::fail("账号或密码错误"))?;
    if user.status == 0 {
        return Err(Reply::fail("账号被停用"));
    }
    let token = auth::token(user.id, &user.user, user.role_id, &state.settings.jwt_secret, state.now());
    Ok(Reply::ok(json!({
        "name": user.user,
        "requirePasswordChange": name == ADMIN || password == ADMIN,
        "role_id": user.role_id,
        "token": token,
    })))
}

/// A proof that `captcha/verify` gave, else a token that Cloudflare itself accepts.
fn passes_captcha(state: &mut State, proof: &str) -> bool {
    !proof.is_empty() && (captcha::consume(state, proof) || captcha::turnstile_accepts(state, proof) == Some(true))
}
