//! What of an answer does not go to the caller but into a file: documents that hold secrets, and new secrets that a person needs.
//! The rest is shaped as any answer is, with the secrets hidden that the operator did not open for this principal.

use flvx_panel::{
    client::RawAnswer,
    spec::{Field, Route},
};
use serde_json::{Map, Value, json};

use super::{
    Arguments,
    panel_call::answered,
    shape::{Kept, REDACTED, Redactor},
};
use crate::{
    access::Principal,
    clean::clean_text,
    result::{CallOutput, ErrorKind, SavedLink, SavedNote, ToolError},
    store::{NewSaved, Saved, SavedKind, Store, StoreError},
};

/// Longest name of a section that is told.
const LONGEST_NAME: usize = 64;
/// Most sections that are told one by one.
const MOST_SECTIONS: usize = 64;

/// Where answers are turned into results.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// Where files are kept.
    pub store: &'a Store,
    /// The panel's address, to tell files of several panels apart.
    pub panel: &'a str,
    /// Who called.
    pub principal: &'a Principal,
    /// Name of the call.
    pub trace_id: &'a str,
}

impl Desk<'_> {
    /// The result of a call that the panel answered with success.
    pub async fn answered(&self, route: &'static Route, arguments: &Arguments, answer: RawAnswer) -> CallOutput {
        if route.to_file && arguments.view.is_none() {
            return self.document(route, answer).await;
        }
        let (mut kept, mut notes, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        if let (Some(field), Some(data)) = (route.data.filter(|field| hands_over(field)), &answer.data) {
            for (path, secret) in self.new_secrets(route, field, data) {
                match self.keep(route, SavedKind::Secret, &path, secret.clone().into_bytes()).await {
                    Ok(saved) => {
                        let notice = format!("[kept for a person: flvx-mcp saved show {} --reveal]", saved.id);
                        kept.push(Kept { secret, notice });
                        notes.push(self.note(&saved, path));
                    }
                    Err(error) => warnings.push(format!(
                        "`{path}` is a secret for a person, but it could not be kept ({}); it is lost for this call",
                        told(&error)
                    )),
                }
            }
        }
        let mut redactor = Redactor::new(route.tool, &self.principal.rights.reveal, kept);
        let mut output = answered(route, arguments, answer, &mut redactor);
        output.revealed = redactor.shown();
        output.saved = notes;
        output.warnings.extend(warnings);
        if !output.revealed.is_empty() {
            output.warnings.push(format!(
                "holds secrets in clear, because the operator opened them for this principal: {}; do not repeat them",
                output.revealed.join(", ")
            ));
        }
        output
    }

    /// An answer that goes into a file as it came.
    async fn document(&self, route: &'static Route, answer: RawAnswer) -> CallOutput {
        let content = answer.data.map(|data| data.to_vec()).unwrap_or_default();
        let Ok(Value::Object(document)) = serde_json::from_slice::<Value>(&content) else {
            return CallOutput::failed(ToolError::new(
                ErrorKind::UnexpectedAnswer,
                "the panel's answer is not the document that is expected; nothing was kept",
                "The panel version may differ from what this gateway knows; tell the operator.",
            ));
        };
        let (counts, more) = counts(&document);
        let saved = match self.keep(route, SavedKind::Backup, "data", content).await {
            Ok(saved) => saved,
            Err(error) => {
                return CallOutput::failed(ToolError::new(
                    ErrorKind::Internal,
                    format!("the document could not be kept: {}", told(&error)),
                    "The operator must see to the state folder (MCP_STATE_DIR). With view {fields} it is shown instead.",
                ));
            }
        };
        let mut data = json!({ "saved": saved.id, "bytes": saved.bytes, "sha256": saved.sha256, "sections": counts });
        if let Some(data) = data.as_object_mut() {
            if more > 0 {
                data.insert("more_sections".to_owned(), more.into());
            }
            data.extend(self.path(&saved).map(|path| ("path".to_owned(), Value::from(path))));
        }
        let name = format!("{}-{}", route.wire_name, saved.id);
        let link = SavedLink { uri: saved.uri(), name, bytes: saved.bytes };
        CallOutput {
            panel_code: answer.code,
            panel_ts: answer.ts,
            panel_msg: answer.code.map(|_| clean_text(&answer.msg).into_owned()),
            link: Some(link),
            ..CallOutput::own(&data)
        }
    }

    /// Path and text of each new secret that is not opened for this principal.
    fn new_secrets(&self, route: &Route, field: &Field, data: &[u8]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if let Ok(data) = serde_json::from_slice(data) {
            collect(&data, field, "data", &mut found);
        }
        let open =
            |path: &str| self.principal.rights.reveal.iter().any(|name| *name == format!("{}.{path}", route.tool));
        found.retain(|(path, _)| !open(path));
        found
    }

    async fn keep(&self, route: &Route, kind: SavedKind, path: &str, content: Vec<u8>) -> Result<Saved, StoreError> {
        let new = NewSaved {
            kind,
            trace_id: self.trace_id.to_owned(),
            panel: self.panel.to_owned(),
            principal: self.principal.name.clone(),
            tool: route.tool.to_owned(),
            note: format!("{}: {path}", route.title),
        };
        self.store.keep(new, content).await
    }

    fn note(&self, saved: &Saved, field: String) -> SavedNote {
        SavedNote { id: saved.id.clone(), field, path: self.path(saved) }
    }

    fn path(&self, saved: &Saved) -> Option<String> {
        self.principal.via.is_local().then(|| saved.path.display().to_string())
    }
}

/// What a caller is told: without the path, which is the operator's.
fn told(error: &StoreError) -> String {
    match error {
        StoreError::Unusable { .. } => "the state folder cannot be used".to_owned(),
        other => other.to_string(),
    }
}

/// How many there are of each of the first sections, and how many sections come after them.
fn counts(document: &Map<String, Value>) -> (Map<String, Value>, usize) {
    let mut sections = document.iter().filter_map(|(name, value)| match value {
        Value::Array(items) => Some((name, items.len())),
        Value::Object(members) => Some((name, members.len())),
        _ => None,
    });
    let told = sections.by_ref().take(MOST_SECTIONS).map(|(name, count)| {
        let name: String = clean_text(name).chars().take(LONGEST_NAME).collect();
        (name, Value::from(count))
    });
    (told.collect(), sections.count())
}

/// Whether anything in a value of this field is handed over.
fn hands_over(field: &Field) -> bool {
    field.hand_over || field.items.is_some_and(hands_over) || field.fields.iter().any(hands_over)
}

fn collect(value: &Value, field: &Field, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if field.hand_over && !text.is_empty() && text != REDACTED => {
            found.push((path.to_owned(), text.clone()));
        }
        Value::Array(items) => {
            if let Some(shape) = field.items {
                items.iter().for_each(|item| collect(item, shape, path, found));
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let inner = field.fields.iter().find(|known| known.name == key);
                if let Some(inner) = inner {
                    collect(value, inner, &format!("{path}.{key}"), found);
                }
            }
        }
        _ => {}
    }
}
