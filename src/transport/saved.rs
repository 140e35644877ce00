//! Saved documents as resources: whoever saved one, and whoever may see everybody's calls, can read it with all secrets hidden,
//! as long as they are offered the tool that gave it and it is of this panel. To anybody else it does not exist. Every reading is
//! recorded. A new secret for a person is never readable here; only its description is.

use std::time::Instant;

use bytes::Bytes;
use flvx_panel::generated::route;
use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents},
};
use serde_json::json;

use crate::{
    access::{AuditSight, Principal},
    audit::Record,
    gateway::{
        Caller, Gateway,
        shape::{MOST_BYTES, Redactor, shape_whole},
    },
    result::{CallOutput, SavedLink},
    store::{Saved, SavedFilter, SavedKind},
    trace::TraceId,
};

const JSON: &str = "application/json";
/// What a reading is called in the record.
const READ: &str = "resources/read";

/// The principal's saved documents that can be read, newest first.
pub async fn list(gateway: &Gateway, principal: &Principal) -> Vec<Resource> {
    let filter = SavedFilter {
        panel: Some(gateway.client().base().to_owned()),
        principal: Some(principal.name.clone()),
        ..SavedFilter::default()
    };
    let saved = gateway.store().list_saved(filter).await.unwrap_or_default();
    let documents =
        saved.into_iter().filter(|saved| saved.kind != SavedKind::Secret && is_there(gateway, principal, saved));
    documents
        .map(|saved| {
            let mut resource = Resource::new(saved.uri(), format!("{}-{}", saved.tool.replace('.', "_"), saved.id))
                .with_description(format!("{} of {} ms since the epoch; secrets hidden", saved.note, saved.created_ms))
                .with_mime_type(JSON);
            resource.size = Some(saved.bytes);
            resource
        })
        .collect()
}

/// The resource that a link in a result stands for.
pub fn link(link: &SavedLink) -> Resource {
    let mut resource = Resource::new(&link.uri, &link.name).with_mime_type(JSON);
    resource.size = Some(link.bytes);
    resource
}

/// Reads one; `None`: the URI names no saved document that is there for this principal.
///
/// # Errors
/// The file was changed or is gone.
pub async fn read(gateway: &Gateway, caller: &Caller, uri: &str) -> Result<Option<ReadResourceResult>, ErrorData> {
    let started = Instant::now();
    let Some(id) = uri.strip_prefix(Saved::URI) else { return Ok(None) };
    let failed = |what: &str| ErrorData::internal_error(format!("the saved document {what}"), None);
    let found = gateway.store().saved(id).await.map_err(|_| failed("cannot be looked up"))?;
    let Some(saved) = found.filter(|saved| is_there(gateway, &caller.principal, saved)) else { return Ok(None) };
    let shown = document(gateway, &saved).await;
    let trace = caller.traceparent.as_deref().and_then(TraceId::within).unwrap_or_else(TraceId::fresh);
    let mut record = Record::unknown_tool(trace.as_str(), caller, READ);
    record.target("saved", &saved.id, None);
    match &shown {
        // As for any reading, the record is not waited for, and told by itself when it fails.
        Ok(_) => drop(gateway.audit().write(record, &CallOutput::default(), started.elapsed()).await),
        Err(_) => gateway.audit().refused(record, "internal", started.elapsed()),
    }
    let text = shown.map_err(failed)?.unwrap_or_else(|| description(&saved));
    Ok(Some(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(JSON)])))
}

/// Whether a saved document is there for this principal. Rights change after a document was saved, and one state may have served
/// several panels.
fn is_there(gateway: &Gateway, principal: &Principal, saved: &Saved) -> bool {
    (saved.principal == principal.name || principal.rights.sight == AuditSight::All)
        && saved.panel == gateway.client().base()
        && gateway.offer(principal).has_name(&saved.tool)
}

/// The document with its secrets hidden; `None`: it is no document, no table tells its secrets, or it is too long.
async fn document(gateway: &Gateway, saved: &Saved) -> Result<Option<String>, &'static str> {
    let field = route(&saved.tool).and_then(|route| route.data);
    let short = usize::try_from(saved.bytes).is_ok_and(|bytes| bytes <= MOST_BYTES);
    let Some(field) = field.filter(|_| short && saved.kind != SavedKind::Secret) else { return Ok(None) };
    let content = gateway.store().read_saved(saved).await;
    let content = content.map_err(|_| "was changed or taken away after it was saved, so it is not shown")?;
    let shown = shape_whole(field, Bytes::from(content), &mut Redactor::default()).map_err(|_| "is no JSON")?;
    Ok(String::from_utf8(shown.to_vec()).ok())
}

/// All that is told of a file whose content is not.
fn description(saved: &Saved) -> String {
    json!({ "saved": saved.id, "kind": saved.kind.word(), "tool": saved.tool, "note": saved.note, "bytes": saved.bytes,
        "sha256": saved.sha256, "created_ms": saved.created_ms })
    .to_string()
}
