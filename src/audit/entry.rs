//! One line of the record: its keys in their fixed order, and the columns that it is found by.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use super::{
    Event, Record,
    arguments::short,
    record::{BatchCounts, Confirmation, ConfirmedBy, Target},
};
use crate::{
    result::{CallOutput, Outcome},
    store::audit::{NewRow, hex, target_word},
};

/// Longest word of the panel that is kept, in characters.
const LONGEST_MSG: usize = 300;

/// What came of a call.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub outcome: Option<&'static str>,
    pub error: Option<(&'static str, Option<Cow<'static, str>>)>,
    pub panel_code: Option<i64>,
    pub panel_msg: Option<String>,
    pub verified: Option<bool>,
    pub duration: Duration,
    pub items: Option<(u64, u64)>,
}

impl Ending {
    pub fn new(output: &CallOutput, duration: Duration) -> Self {
        let done = output.items.iter().filter(|item| item.get("state").is_some_and(|state| state == "done")).count();
        Self {
            outcome: output.outcome.map(word),
            error: output.error.as_ref().map(|error| (error.kind.word(), error.key.clone())),
            panel_code: output.panel_code,
            panel_msg: output.panel_msg.as_deref().map(|msg| short(msg, LONGEST_MSG)),
            verified: output.verified,
            duration,
            items: (!output.items.is_empty()).then(|| (done as u64, (output.items.len() - done) as u64)),
        }
    }

    /// A call that came to no result.
    pub fn without_result(kind: &'static str, duration: Duration) -> Self {
        Self { error: Some((kind, None)), ..Self::new(&CallOutput::default(), duration) }
    }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Partial => "partial",
        Outcome::Rejected => "rejected",
        Outcome::NotSent => "not_sent",
        Outcome::Unknown => "unknown",
        Outcome::Replayed => "replayed",
    }
}

/// Words of the column `outcome`.
pub const OUTCOMES: &[&str] = &["ok", "failed", "done", "partial", "rejected", "not_sent", "unknown", "replayed"];

/// Something to write down, and when it was.
#[derive(Debug)]
pub(super) struct Entry {
    pub time_ms: i64,
    pub what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Intent(Box<Record>),
    Call(Box<Record>, Ending),
    Event(Event),
}

impl Entry {
    pub fn now(what: What) -> Self {
        Self { time_ms: now_ms(), what }
    }
}

/// The clock, ms since the epoch.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_millis()).ok()).unwrap_or(0)
}

#[derive(Serialize)]
struct Error {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Cow<'static, str>>,
}

/// The keys in their order, behind `seq`.
#[derive(Default, Serialize)]
struct Line<'a> {
    time: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    trace_id: &'a str,
    kind: &'a str,
    principal: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    tool: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    danger: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_context: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Target]>::is_empty")]
    targets: &'a [Target],
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<Confirmation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error>,
    #[serde(skip_serializing_if = "Option::is_none")]
    panel_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    panel_msg: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<BatchCounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Map<String, Value>>,
}

impl From<Entry> for NewRow {
    fn from(entry: Entry) -> Self {
        match &entry.what {
            What::Intent(record) => row(entry.time_ms, "intent", record, None),
            What::Call(record, ending) => row(entry.time_ms, "call", record, Some(ending)),
            What::Event(event) => {
                let line = Line {
                    time: entry.time_ms,
                    trace_id: &event.trace_id,
                    kind: event.kind,
                    principal: &event.principal,
                    via: event.via,
                    client: event.client.as_deref(),
                    details: (!event.details.is_empty()).then_some(&event.details),
                    ..Line::default()
                };
                finished(&line)
            }
        }
    }
}

fn row(time_ms: i64, kind: &str, record: &Record, ending: Option<&Ending>) -> NewRow {
    let arguments = record.arguments.as_ref().and_then(|text| RawValue::from_string(text.clone()).ok());
    let mut batch = record.batch;
    if let (Some(batch), Some(ending)) = (&mut batch, ending)
        && batch.done.is_none()
    {
        match (ending.items, ending.outcome) {
            (Some((done, failed)), _) => (batch.done, batch.failed) = (Some(done), Some(failed)),
            (None, Some("done")) => (batch.done, batch.failed) = (Some(batch.asked), Some(0)),
            (None, Some("rejected" | "not_sent")) => batch.done = Some(0),
            _ => {}
        }
    }
    let is_change = record.danger.is_some_and(|danger| danger >= flvx_panel::spec::Danger::Write);
    let line = Line {
        time: time_ms,
        trace_id: &record.trace_id,
        kind,
        principal: &record.principal.name,
        via: Some(record.principal.via.word()),
        role: Some(&record.principal.rights.role),
        client: record.client.as_deref(),
        tool: &record.tool,
        route: record.route.map(|route| route.path),
        danger: record.danger.map(flvx_panel::spec::Danger::word),
        arguments: arguments.as_deref(),
        auth_context: record.auth_context.as_deref(),
        credential: record.credential.as_deref(),
        targets: &record.targets,
        confirmation: match &record.confirmation {
            Some(confirmation) => Some(confirmation.clone()),
            None => is_change.then(|| Confirmation::new(ConfirmedBy::None)),
        },
        idempotency_key: record.idempotency_key.as_deref(),
        outcome: ending.and_then(|ending| ending.outcome),
        ok: ending.map(|ending| ending.error.is_none()),
        error: ending.and_then(|ending| ending.error.as_ref()).map(|(kind, key)| Error { kind, key: key.clone() }),
        panel_code: ending.and_then(|ending| ending.panel_code),
        panel_msg: ending.and_then(|ending| ending.panel_msg.as_deref()),
        verified: ending.and_then(|ending| ending.verified),
        duration_ms: ending.map(|ending| u64::try_from(ending.duration.as_millis()).unwrap_or(u64::MAX)),
        before: record.before.map(|digest| hex(&digest)),
        after: record.after.map(|digest| hex(&digest)),
        batch,
        details: None,
    };
    finished(&line)
}

/// The row of a line. Its columns are told from its text, as whoever proves a file of lines does.
fn finished(line: &Line<'_>) -> NewRow {
    // Every value is ours and can be written.
    let text = serde_json::to_string(line).unwrap_or_else(|_| "{}".to_owned());
    let found = Found {
        time_ms: line.time,
        trace_id: line.trace_id,
        kind: line.kind,
        principal: line.principal,
        tool: line.tool,
        outcome: line.outcome,
        ok: line.ok,
        error: line.error.as_ref().map(|error| error.kind),
    };
    let targets = line.targets.iter().map(|target| (target.kind.as_str(), target.key.as_str()));
    found.row(targets, text.get(1..).unwrap_or_default().to_owned())
}

/// What the columns are told from.
pub(super) struct Found<'a> {
    pub time_ms: i64,
    pub trace_id: &'a str,
    pub kind: &'a str,
    pub principal: &'a str,
    pub tool: &'a str,
    pub outcome: Option<&'a str>,
    pub ok: Option<bool>,
    pub error: Option<&'a str>,
}

impl Found<'_> {
    pub fn row<'t>(&self, targets: impl Iterator<Item = (&'t str, &'t str)>, body: String) -> NewRow {
        let mut words = String::new();
        for (kind, key) in targets {
            words.push_str(&target_word(kind, key));
        }
        if !words.is_empty() {
            words.push('|');
        }
        let read = self.ok.map(|ok| if ok { "ok" } else { "failed" });
        NewRow {
            time_ms: self.time_ms,
            trace_id: self.trace_id.to_owned(),
            kind: self.kind.to_owned(),
            principal: self.principal.to_owned(),
            tool: self.tool.to_owned(),
            outcome: self.outcome.or(read).unwrap_or_default().to_owned(),
            error: self.error.unwrap_or_default().to_owned(),
            targets: words,
            body,
        }
    }
}
