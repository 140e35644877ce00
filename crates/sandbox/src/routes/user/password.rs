//! Change of one's own name and password. The token used for it, and all others, stay good.

use crate::http::{Answer, Ctx, Kind, Reply};
use crate::state::md5_hex;

pub(super) fn update_password(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[
        ("newUsername", Kind::Text),
        ("currentPassword", Kind::Text),
        ("newPassword", Kind::Text),
        ("confirmPassword", Kind::Text),
    ];
    let (user_id, _) = ctx.user()?;
    let body = ctx.strict(FIELDS).map_err(|_| Reply::fail("修改账号密码时发生错误"))?;
    for (key, refusal) in [
        ("newUsername", "新用户名不能为空"),
        ("currentPassword", "当前密码不能为空"),
        ("newPassword", "新密码不能为空"),
        ("confirmPassword", "确认密码不能为空"),
    ] {
        if body.text(key).trim().is_empty() {
            return Err(Reply::fail(refusal));
        }
    }
    if body.text("newPassword") != body.text("confirmPassword") {
        return Err(Reply::fail("新密码和确认密码不匹配"));
    }
    let state = &mut *ctx.state;
    let now = state.now();
    let user = state.users.users.get(user_id).ok_or_else(|| Reply::fail("用户不存在"))?;
    if !user.has_password(body.text("currentPassword")) {
        return Err(Reply::fail("当前密码错误"));
    }
    if state.users.name_is_taken(body.text("newUsername"), user_id) {
        return Err(Reply::fail("用户名已存在"));
    }
    if let Some(user) = state.users.users.get_mut(user_id) {
        user.user = body.text("newUsername").to_owned();
        user.pwd = md5_hex(body.text("newPassword"));
        user.updated_time = Some(now);
    }
    Ok(Reply::done())
}
