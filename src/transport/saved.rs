//! Saved documents as resources: whoever saved one, and whoever may see everybody's calls, can read it with all secrets hidden.
//! To anybody else it does not exist. A new secret for a person is never readable here; only its description is.

use bytes::Bytes;
use flvx_panel::generated::route;
use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents},
};
use serde_json::json;

use crate::{
    access::{AuditSight, Principal},
    gateway::{
        Gateway,
        shape::{MOST_BYTES, Redactor, shape_whole},
    },
    result::SavedLink,
    store::{Saved, SavedFilter, SavedKind},
};

const JSON: &str = "application/json";

/// The principal's saved documents, newest first.
pub async fn list(gateway: &Gateway, principal: &Principal) -> Vec<Resource> {
    let filter = SavedFilter { principal: Some(principal.name.clone()), ..SavedFilter::default() };
    let saved = gateway.store().list_saved(filter).await.unwrap_or_default();
    let documents = saved.into_iter().filter(|saved| saved.kind != SavedKind::Secret);
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
pub async fn read(
    gateway: &Gateway,
    principal: &Principal,
    uri: &str,
) -> Result<Option<ReadResourceResult>, ErrorData> {
    let Some(id) = uri.strip_prefix(Saved::URI) else { return Ok(None) };
    let failed = |what: &str| ErrorData::internal_error(format!("the saved document {what}"), None);
    let found = gateway.store().saved(id).await.map_err(|_| failed("cannot be looked up"))?;
    let mine = |saved: &Saved| saved.principal == principal.name || principal.rights.sight == AuditSight::All;
    let Some(saved) = found.filter(mine) else { return Ok(None) };
    let text = match document(gateway, &saved).await.map_err(failed)? {
        Some(document) => document,
        None => description(&saved),
    };
    Ok(Some(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(JSON)])))
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
