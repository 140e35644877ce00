//! `ops.history`: the changes on record, and whether each can be taken back.

use flvx_panel::spec::{Danger, Field, Kind};
use serde_json::{Value, json};

use crate::{
    access::AuditSight,
    gateway::{Arguments, Caller, Gateway, Outlook, OwnRun, OwnTool, Running, unavailable},
    result::CallOutput,
    store::{LedgerFilter, LedgerRow, Stage},
};

/// Changes shown unless said.
const USUAL: usize = 20;

const FIELDS: &[Field] = &[
    Field { min_length: Some(1), ..Field::new("tool", Kind::String, "Only changes by this tool.") },
    Field { min: Some(0.0), ..Field::new("since", Kind::Integer, "Only changes begun since, ms since the epoch.") },
    Field::new("unknown", Kind::Boolean, "Only changes that nobody knows the outcome of."),
    Field {
        min: Some(1.0),
        max: Some(200.0),
        ..Field::new("limit", Kind::Integer, "Newest first, at most so many; 20 unless said.")
    },
];

pub(super) const TOOL: OwnTool = OwnTool {
    name: "ops.history",
    wire_name: "ops_history",
    domain: "ops",
    title: "Changes on record",
    title_zh: "变更历史",
    brief: "Changes made through this gateway, newest first, and whether ops.undo can take each back.",
    summary: "One row a change: trace_id, time, tool, request without secrets, outcome, verified, and `undo`: possible, lossless, what it loses, or the reason why there is none; `undone_by` when it was \
              taken back. Your own changes; all of this panel's when you may see the records of others.",
    danger: Danger::Read,
    request: &Field { fields: FIELDS, ..Field::new("", Kind::Object, "") },
    request_schema: r#"{"type":"object","properties":{"tool":{"type":"string"},"since":{"type":"integer"},"unknown":{"type":"boolean"},"limit":{"type":"integer"}},"additionalProperties":false}"#,
    run: OwnRun::Code(run),
};

fn run<'a>(gateway: &'a Gateway, caller: &'a Caller, arguments: &'a Arguments) -> Running<'a> {
    Box::pin(async move {
        let request = &arguments.request;
        let limit = request.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        let own = caller.principal.rights.sight == AuditSight::Own;
        let tool = request.get("tool").and_then(Value::as_str);
        let filter = LedgerFilter {
            panel: Some(gateway.client().base().to_owned()),
            principal: own.then(|| caller.principal.name.clone()),
            // Either spelling; what is no tool any more is looked for as it is written.
            tool: tool.map(|name| gateway.registry().resolve(name).map_or(name, |tool| tool.name).to_owned()),
            since_ms: request.get("since").and_then(Value::as_i64),
            unknown: request.get("unknown").and_then(Value::as_bool).unwrap_or_default(),
            limit: limit.unwrap_or(USUAL),
        };
        match gateway.store().ledger_rows(filter).await {
            Ok(rows) => CallOutput::own(
                &json!({ "changes": rows.iter().map(|row| told(gateway, caller, row)).collect::<Vec<_>>() }),
            ),
            Err(error) => CallOutput::failed(unavailable(error)),
        }
    })
}

/// One change as it is told.
fn told(gateway: &Gateway, caller: &Caller, row: &LedgerRow) -> Value {
    let mut told = json!({
        "trace_id": row.trace_id,
        "time_ms": row.started_ms,
        "principal": row.key.principal,
        "tool": row.key.tool,
        "request": serde_json::from_str::<Value>(&row.arguments).unwrap_or_default(),
        "outcome": row.outcome.as_deref().unwrap_or(if row.stage == Stage::Sending { "unknown" } else { "running" }),
    });
    let optional = [
        ("verified", row.verified.map(Value::from)),
        ("undo", undo(gateway, caller, row)),
        ("undoes", row.undoes.as_deref().map(Value::from)),
        ("undone_by", row.undone_by.as_deref().map(Value::from)),
    ];
    if let Value::Object(told) = &mut told {
        told.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    told
}

/// Whether and how far the caller can take it back. `None`: it had no effect.
fn undo(gateway: &Gateway, caller: &Caller, row: &LedgerRow) -> Option<Value> {
    Some(match gateway.prospect(caller, row)? {
        Err(reason) => json!({ "possible": false, "reason": reason }),
        Ok(Outlook { lossless, loses, .. }) if loses.is_empty() => json!({ "possible": true, "lossless": lossless }),
        Ok(Outlook { lossless, loses, .. }) => json!({ "possible": true, "lossless": lossless, "loses": loses }),
    })
}
