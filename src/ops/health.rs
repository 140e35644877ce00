//! `ops.health`: is the gateway up, and does the panel answer?

use std::time::Instant;

use flvx_panel::{
    client::Credential,
    generated::{AUTH_CAPTCHA_CHECK, captcha::AuthCaptchaCheckRequest},
    spec::{Danger, Field, Kind},
};
use serde_json::json;

use crate::{
    gateway::{Arguments, Caller, Gateway, OwnRun, OwnTool, Running, explain},
    result::CallOutput,
};

pub(super) const TOOL: OwnTool = OwnTool {
    name: "ops.health",
    wire_name: "ops_health",
    domain: "ops",
    title: "Health",
    title_zh: "健康检查",
    brief: "Is the gateway up and does the panel answer? Needs no login.",
    summary: "Calls a public route of the panel (captcha/check) and tells how long it took. It proves that the panel's backend answers, not that nodes are well: for those use ops.diagnose.",
    danger: Danger::Read,
    request: &Field::new("", Kind::Object, ""),
    request_schema: r#"{"type":"object","additionalProperties":false}"#,
    run: OwnRun::Code(run),
};

fn run<'a>(gateway: &'a Gateway, _: &'a Caller, _: &'a Arguments) -> Running<'a> {
    Box::pin(async move {
        let started = Instant::now();
        match gateway.client().auth_captcha_check(&Credential::None, &AuthCaptchaCheckRequest::default()).await {
            Ok(answer) => CallOutput::own(&json!({
                "gateway": { "name": gateway.config().server_name, "version": gateway.config().server_version, "uptime_s": gateway.uptime().as_secs() },
                "panel": { "answers": true, "ms": (started.elapsed().as_secs_f64() * 1e5).round() / 1e2, "clock_ms": answer.ts },
            })),
            Err(error) => explain(AUTH_CAPTCHA_CHECK, error),
        }
    })
}
