//! Faults on demand: late answers, answers that are lost after the work was done, refused tokens, server errors, and
//! answers that are not what a panel says. Each rule counts down; a rule for a path leaves other paths alone.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reply::Reply;
use super::request::Response;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer comes late by `ms`.
    Latency,
    /// The work is done, then the connection is closed without a byte.
    Cut,
    /// Nothing is done, and the connection is closed without a byte.
    CutBefore,
    /// The envelope's 401, nothing is done.
    Unauthorized,
    /// The envelope's success without data, nothing is done.
    Lie,
    /// HTTP status `status` with a short HTML page, as a proxy sends it; nothing is done.
    Status,
    /// The envelope's -2 with a database's words, nothing is done.
    Database,
    /// The work is done; HTTP 200 with an HTML page.
    Html,
    /// The work is done; the first half of the JSON.
    HalfJson,
    /// The work is done; HTTP 200 with an empty body.
    Empty,
    /// The work is done; the envelope with 10 MB of data.
    Huge,
    /// The request is held before the work, until [`crate::Panel::release`] or [`crate::Panel::lose`].
    HoldBefore,
    /// The work is done, and the answer is held in the same way.
    HoldAfter,
}

impl Fault {
    /// Whether it only stops a request for a while.
    pub(crate) fn holds(self) -> bool {
        matches!(self, Self::HoldBefore | Self::HoldAfter)
    }
}

/// A fault, for which path, and how often.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// What goes wrong.
    pub fault: Fault,
    /// Only for this path; every path when it is left out (`/__sandbox/` never).
    #[serde(default)]
    pub path: Option<String>,
    /// For so many requests; 1 when it is left out.
    #[serde(default = "once")]
    pub times: u32,
    /// Milliseconds, for `latency`.
    #[serde(default)]
    pub ms: u64,
    /// HTTP status, for `status`; 502 when it is left out.
    #[serde(default = "bad_gateway")]
    pub status: u16,
}

const fn once() -> u32 {
    1
}

const fn bad_gateway() -> u16 {
    502
}

impl FaultRule {
    /// The fault once, on every path.
    pub fn new(fault: Fault) -> Self {
        Self { fault, path: None, times: once(), ms: 0, status: bad_gateway() }
    }

    /// For so many requests.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Only on this path.
    pub fn on(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Late by this many milliseconds.
    pub fn ms(mut self, ms: u64) -> Self {
        self.ms = ms;
        self
    }
}

/// The rules that are still to apply.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Vec<FaultRule>,
}

impl Faults {
    /// Adds a rule behind the others.
    pub fn add(&mut self, rule: FaultRule) {
        self.rules.push(rule);
    }

    /// Forgets all rules.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules that still have requests left.
    pub fn rules(&self) -> &[FaultRule] {
        &self.rules
    }

    /// Whether a request on this path is held, before and after the work.
    pub fn take_holds(&mut self, path: &str) -> (bool, bool) {
        let mut holds = (false, false);
        for rule in &mut self.rules {
            let fits = rule.times > 0 && rule.path.as_deref().is_none_or(|wanted| wanted == path);
            let held = match rule.fault {
                Fault::HoldBefore => &mut holds.0,
                Fault::HoldAfter => &mut holds.1,
                _ => continue,
            };
            if fits && !*held {
                *held = true;
                rule.times -= 1;
            }
        }
        self.rules.retain(|rule| rule.times > 0);
        holds
    }

    /// Takes what applies to a request on this path: every matching latency rule, and the first other matching rule.
    pub fn take(&mut self, path: &str) -> Taken {
        let mut taken = Taken::default();
        for rule in &mut self.rules {
            if rule.times == 0 || rule.path.as_deref().is_some_and(|wanted| wanted != path) {
                continue;
            }
            if rule.fault.holds() {
                continue;
            }
            if rule.fault == Fault::Latency {
                taken.delay += Duration::from_millis(rule.ms);
            } else if taken.rule.is_none() {
                taken.rule = Some(rule.clone());
            } else {
                continue;
            }
            rule.times -= 1;
        }
        self.rules.retain(|rule| rule.times > 0);
        taken
    }
}

/// What applies to one request.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// How much later the answer comes.
    pub delay: Duration,
    rule: Option<FaultRule>,
}

impl Taken {
    /// The answer in place of doing the work, for the faults that prevent it.
    pub fn instead(&self, now: i64) -> Option<Response> {
        let rule = self.rule.as_ref()?;
        match rule.fault {
            Fault::Unauthorized => Some(Reply::err(401, "无效的token或token已过期").render(now)),
            Fault::Database => Some(Reply::err(-2, "database is locked").render(now)),
            Fault::Lie => Some(Reply::done().render(now)),
            Fault::CutBefore => Some(Response { cut: true, ..page(502, "cut") }),
            Fault::Status => Some(page(rule.status, &format!("{} error", rule.status))),
            _ => None,
        }
    }

    /// What becomes of the answer after the work was done.
    pub fn spoil(&self, mut response: Response, now: i64) -> Response {
        let Some(rule) = &self.rule else {
            return response;
        };
        match rule.fault {
            Fault::Cut => response.cut = true,
            Fault::Html => response = page(200, "Welcome"),
            Fault::HalfJson => {
                let half = response.body.len() / 2;
                response.body.truncate(half);
            }
            Fault::Empty => response.body = Bytes::new(),
            Fault::Huge => response = Reply::ok(Value::from("x".repeat(10 * 1024 * 1024))).render(now),
            Fault::Latency
            | Fault::CutBefore
            | Fault::Lie
            | Fault::Unauthorized
            | Fault::Database
            | Fault::Status
            | Fault::HoldBefore
            | Fault::HoldAfter => {}
        }
        response
    }
}

fn page(status: u16, title: &str) -> Response {
    let body = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    Response { status, headers, body: Bytes::from(body), cut: false }
}

/// Reads the body of `POST /__sandbox/faults`: one rule, a list of rules, or `{"clear": true}`; answers with the rules
/// that are now set.
pub fn control(faults: &mut Faults, body: &[u8]) -> Result<Value, String> {
    let value: Value = serde_json::from_slice(body).map_err(|e| format!("the body is not JSON: {e}"))?;
    if value.get("clear").and_then(Value::as_bool) == Some(true) {
        faults.clear();
    } else {
        let list = if value.is_array() { value } else { Value::Array(vec![value]) };
        let rules: Vec<FaultRule> = serde_json::from_value(list).map_err(|e| {
            format!("not a fault rule: {e}; a rule is {{\"fault\":\"latency\",\"path\":?,\"times\":1,\"ms\":100,\"status\":502}}")
        })?;
        for rule in rules {
            faults.add(rule);
        }
    }
    Ok(json!(faults.rules()))
}
