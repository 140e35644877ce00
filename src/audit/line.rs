//! The line of a call in the log (target `audit`): for whoever reads the log as it runs. The record itself is in the store.

use super::{Record, entry::Ending};

/// Tells the log of a call.
pub(super) fn tell(record: &Record, ending: &Ending) {
    tracing::info!(
        target: "audit",
        trace_id = record.trace_id.as_str(),
        principal = record.principal.name.as_str(),
        client = record.client.as_deref(),
        tool = record.tool.as_ref(),
        route = record.route.map(|route| route.path),
        danger = record.danger.map(flvx_panel::spec::Danger::word),
        auth_context = record.auth_context.as_deref(),
        idempotency_key = record.idempotency_key.as_deref(),
        confirmed = record.confirmation.is_some(),
        arguments = record.names.as_str(),
        ok = ending.error.is_none(),
        outcome = ending.outcome,
        error = ending.error.as_ref().map(|(kind, _)| *kind),
        panel_code = ending.panel_code,
        ms = u64::try_from(ending.duration.as_millis()).unwrap_or(u64::MAX),
        "call"
    );
}
