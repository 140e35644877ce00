//! `ops.audit_search`: what was done, by whom, with what result. A principal finds its own calls unless the operator lets it
//! see everybody's.

use flvx_panel::spec::{Danger, Field, Kind};
use serde_json::{Map, Value, json};

use crate::{
    access::AuditSight,
    audit::{
        OUTCOMES, now_ms,
        when::{self, Edge, iso},
    },
    gateway::{Arguments, Caller, Gateway, OwnRun, OwnTool, Running},
    result::{CallOutput, ErrorKind, ToolError},
    store::audit::{Filter, Stored},
};

/// Records unless `limit` says otherwise.
const USUAL: u64 = 20;
/// Most records of one answer.
const MOST: f64 = 100.0;

const fn text(name: &'static str, doc: &'static str) -> Field {
    Field { min_length: Some(1), max_length: Some(200), ..Field::new(name, Kind::String, doc) }
}

const FIELDS: &[Field] = &[
    text("user", "Name of the principal who called; others than yourself only where the operator allows it."),
    text("tool", "Name of the tool, dotted; a * at its end stands for anything."),
    text("since", "From then on: 2h, 3d, 2026-01-31, 2026-01-31T08:00:00Z, or ms since the epoch."),
    text("until", "Until then, in the same form."),
    text("outcome", "ok, failed, done, partial, rejected, not_sent, unknown, replayed, or the kind of an error."),
    text("target", "A thing that the call was about: node=3, forward=12."),
    text("trace_id", "One call: then whole records come, with arguments and confirmation."),
    Field { min: Some(1.0), max: Some(MOST), ..Field::new("limit", Kind::Integer, "Most records; 20 unless said.") },
];

pub(super) const TOOL: OwnTool = OwnTool {
    name: "ops.audit_search",
    wire_name: "ops_audit_search",
    domain: "ops",
    title: "Search the record",
    title_zh: "审计查询",
    brief: "Recorded calls, newest first. since: 2h or 2026-01-31; target: node=3.",
    summary: "Finds records of calls, refused ones included, by user, tool, time, outcome or the thing they were about, newest first. With trace_id the whole records of that call come: \
              arguments without secrets, confirmation, what the panel said, digests of the state before and after. A change has an intent, written before it was sent, and a call with its result; an intent alone means that the gateway ended in between.",
    danger: Danger::Sensitive,
    request: &Field { fields: FIELDS, ..Field::new("", Kind::Object, "") },
    request_schema: concat!(
        r#"{"type":"object","properties":{"user":{"type":"string"},"tool":{"type":"string"},"since":{"type":"string"},"until":{"type":"string"},"#,
        r#""outcome":{"type":"string"},"target":{"type":"string"},"trace_id":{"type":"string"},"limit":{"type":"integer"}},"additionalProperties":false}"#
    ),
    run: OwnRun::Code(run),
};

fn run<'a>(gateway: &'a Gateway, caller: &'a Caller, arguments: &'a Arguments) -> Running<'a> {
    Box::pin(async move {
        let request = &arguments.request;
        let filter = match filter(caller, request) {
            Ok(filter) => filter,
            Err(error) => return CallOutput::failed(error),
        };
        let whole = filter.trace_id.is_some();
        let limit = request.get("limit").and_then(Value::as_u64).unwrap_or(USUAL);
        // What this caller did a moment ago is to be found as well.
        gateway.audit().catch_up().await;
        let found = gateway.store().search_audit(filter, usize::try_from(limit).unwrap_or(usize::MAX)).await;
        let mut output = match found {
            Ok(found) => CallOutput::own(&json!({
                "records": found.iter().map(|stored| if whole { record(stored) } else { brief(stored) }).collect::<Vec<_>>(),
            })),
            Err(error) => {
                tracing::error!(%error, "the record cannot be read");
                CallOutput::failed(ToolError::new(
                    ErrorKind::RecordUnavailable,
                    "the record cannot be read now",
                    "Tell the operator: the gateway's log says why.",
                ))
            }
        };
        if !gateway.audit().is_on() {
            output.warnings.push("calls are not recorded at present; the operator switched it off".to_owned());
        }
        output
    })
}

fn filter(caller: &Caller, request: &Map<String, Value>) -> Result<Filter, ToolError> {
    let text = |name: &str| request.get(name).and_then(Value::as_str).map(str::to_owned);
    let moment = |name: &str, edge| {
        text(name).map(|given| when::parse(&given, edge, now_ms())).transpose().map_err(|error| {
            ToolError::new(
                ErrorKind::InvalidArguments,
                format!("`request.{name}`: {error}"),
                "Correct it and call again.",
            )
        })
    };
    let principal = match (caller.principal.rights.sight, text("user")) {
        (AuditSight::All, user) => user,
        (AuditSight::Own, Some(user)) if user != caller.principal.name => {
            return Err(ToolError::new(
                ErrorKind::Forbidden,
                "only your own calls are shown to you",
                "Leave `user` out, or ask the operator.",
            ));
        }
        (AuditSight::Own, _) => Some(caller.principal.name.clone()),
    };
    let word = text("outcome");
    let is_outcome = word.as_deref().is_some_and(|word| OUTCOMES.contains(&word));
    let (outcome, error) = if is_outcome { (word, None) } else { (None, word) };
    Ok(Filter {
        principal,
        tool: text("tool"),
        outcome,
        error,
        kind: None,
        target: text("target"),
        trace_id: text("trace_id"),
        since_ms: moment("since", Edge::Since)?,
        until_ms: moment("until", Edge::Until)?,
        after_seq: None,
    })
}

/// The whole record, with its time for people.
fn record(stored: &Stored) -> Value {
    let mut record = serde_json::from_str(&stored.record).unwrap_or(Value::Null);
    if let Some(time) = record.get_mut("time")
        && let Some(ms) = time.as_i64()
    {
        *time = iso(ms).into();
    }
    record
}

/// What tells records apart.
fn brief(stored: &Stored) -> Value {
    const KEPT: [&str; 11] =
        ["time", "trace_id", "kind", "principal", "tool", "targets", "outcome", "ok", "error", "verified", "details"];
    match record(stored) {
        Value::Object(record) => {
            Value::Object(record.into_iter().filter(|(key, _)| KEPT.contains(&key.as_str())).collect())
        }
        other => other,
    }
}
