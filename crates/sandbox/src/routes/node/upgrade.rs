//! Upgrades of the node agent and the way back. The agent is told where to fetch a release and answers before it
//! restarts, so success means "restart scheduled"; the version given is not checked by anybody.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::release::{Channel, file_url, newest};
use crate::agents::{self, CommandAnswer, CommandError};
use crate::http::decode::{Kind, Strict, first_value};
use crate::http::{Answer, Ctx, Reply};
use crate::state::State;

const UPGRADE_PATIENCE: Duration = Duration::from_secs(300);
const ROLLBACK_PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn upgrade(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.strict_or_refuse(&[("id", Kind::Int), ("version", Kind::Text), ("channel", Kind::Text)])?;
    let id = node_id(&body)?;
    let version = version(ctx.state, &body)?;
    let answer = send_upgrade(ctx.state, id, &version).map_err(|e| Reply::err(-2, format!("升级失败: {e}")))?;
    Ok(Reply::ok(json!({"message": answer.message, "version": version})))
}

/// Unlike its sister this handler reads its body with a plain decoder: wrong types are refused, unknown keys are not.
pub(super) fn batch_upgrade(ctx: &mut Ctx<'_>) -> Answer {
    let body = known_keys_only(&ctx.request.body)?;
    let ids = body.int_list("ids");
    if ids.is_empty() {
        return Err(Reply::fail("ids不能为空"));
    }
    let version = version(ctx.state, &body)?;
    let mut results = Vec::new();
    for id in ids {
        let (success, message) = match send_upgrade(ctx.state, id, &version) {
            Ok(answer) => (true, answer.message),
            Err(error) => (false, error.to_string()),
        };
        results.push(json!({"id": id, "success": success, "message": message}));
    }
    Ok(Reply::ok(json!({"results": results, "version": version})))
}

pub(super) fn rollback(ctx: &mut Ctx<'_>) -> Answer {
    let body = ctx.strict_or_refuse(&[("id", Kind::Int)])?;
    let id = node_id(&body)?;
    let answer = agents::send_within(ctx.state, id, "RollbackAgent", &json!({}), ROLLBACK_PATIENCE);
    let answer = answer.map_err(|error| Reply::err(-2, format!("回退失败: {error}")))?;
    Ok(Reply::ok(json!({"message": answer.message})))
}

fn node_id(body: &Strict) -> Result<i64, Reply> {
    match body.int("id") {
        id if id > 0 => Ok(id),
        _ => Err(Reply::fail("节点ID无效")),
    }
}

/// The version asked for, else the newest of the channel.
fn version(state: &State, body: &Strict) -> Result<String, Reply> {
    match body.text("version").trim() {
        "" => newest(state, Channel::asked(body.text("channel"))),
        version => Ok(version.to_owned()),
    }
}

fn send_upgrade(state: &mut State, id: i64, version: &str) -> Result<CommandAnswer, CommandError> {
    let urls = json!({
        "checksumUrl": file_url(version, "gost-{ARCH}.sha256"),
        "downloadUrl": file_url(version, "gost-{ARCH}"),
    });
    let answer = agents::send_within(state, id, "UpgradeAgent", &urls, UPGRADE_PATIENCE)?;
    // its next connection, whichever it is, deploys its tunnels again
    state.nodes.pending_redeploy.insert(id);
    Ok(answer)
}

fn known_keys_only(body: &[u8]) -> Result<Strict, Reply> {
    const FIELDS: &[(&str, Kind)] =
        &[("ids", Kind::List(&Kind::Int)), ("version", Kind::Text), ("channel", Kind::Text)];
    let refuse = |_| Reply::fail("请求参数错误");
    let known = match first_value(body).map_err(refuse)? {
        Value::Object(map) => {
            let is_known = |key: &str| FIELDS.iter().any(|(name, _)| name.eq_ignore_ascii_case(key));
            Value::Object(map.into_iter().filter(|(key, _)| is_known(key)).collect::<Map<_, _>>())
        }
        other => other,
    };
    Strict::decode(known.to_string().as_bytes(), FIELDS).map_err(refuse)
}
