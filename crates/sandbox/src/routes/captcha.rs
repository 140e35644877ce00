//! The captcha: whether it is on, and proofs that it was passed. With a secret key Cloudflare decides; without one the
//! word `ok` passes. A proof is good once and for five minutes.

use serde_json::{Value, json};

use crate::http::router::post;
use crate::http::{Answer, Ctx, Kind, Reply, Route};
use crate::state::{State, Turnstile};

/// The paths of this file.
pub(super) const ROUTES: &[Route] = &[post("/api/v1/captcha/check", check), post("/api/v1/captcha/verify", verify)];

const GOOD_FOR_MS: i64 = 5 * 60 * 1000;

fn check(ctx: &mut Ctx<'_>) -> Answer {
    Ok(Reply::ok(Value::from(i64::from(is_on(ctx.state)))))
}

fn verify(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] = &[("id", Kind::Text), ("data", Kind::Text)];
    let Ok(body) = ctx.strict(FIELDS) else {
        return Ok(verdict(""));
    };
    let (id, data) = (body.text("id").trim(), body.text("data").trim());
    if id.is_empty() || data.is_empty() {
        return Ok(verdict(""));
    }
    if !turnstile_accepts(ctx.state, data).unwrap_or(data == "ok") {
        return Ok(verdict(""));
    }
    let now = ctx.state.now();
    ctx.state.configs.captcha_tokens.insert(id.to_owned(), now + GOOD_FOR_MS);
    Ok(verdict(id))
}

/// The answer, which is not in the envelope; an empty proof is a failure.
fn verdict(proof: &str) -> Reply {
    let body = json!({"data": {"validToken": proof}, "success": !proof.is_empty()});
    Reply::json("application/json; charset=utf-8", body)
}

/// Whether login asks for a captcha.
pub(super) fn is_on(state: &State) -> bool {
    // Go's EqualFold folds Unicode case, but no letter outside ASCII folds into "true"
    state.configs.value("captcha_enabled").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Uses up a proof.
pub(super) fn consume(state: &mut State, proof: &str) -> bool {
    let now = state.now();
    state.configs.captcha_tokens.retain(|_, expires| *expires > now);
    state.configs.captcha_tokens.remove(proof).is_some()
}

/// What Cloudflare says of a token; `None` when no secret key is set, so that nobody is asked.
pub(super) fn turnstile_accepts(state: &State, token: &str) -> Option<bool> {
    state.configs.value("cloudflare_secret_key").filter(|key| !key.trim().is_empty())?;
    Some(match &state.internet.turnstile {
        Turnstile::Unreachable => false,
        Turnstile::Accepts(tokens) => tokens.iter().any(|good| good == token),
    })
}
