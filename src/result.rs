//! What a tool gives back: the result model of `docs/architecture.md`, and its one rendering as compact JSON.
//!
//! `data` is kept as the bytes that came from the panel (after redaction and view) and copied into the text once;
//! nothing here builds a JSON tree of it. Our own sentences and the panel's words stay in separate fields.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What happened to a change. Absent on reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The panel says that it is done.
    Done,
    /// Some items of a batch were done, others not.
    Partial,
    /// Refused, by the gateway or the panel; nothing was changed.
    Rejected,
    /// The panel never saw the request.
    NotSent,
    /// The request was sent and no usable answer came: it may or may not have been carried out.
    Unknown,
    /// An earlier call with the same key did it; this is that call's result.
    Replayed,
}

impl Outcome {
    /// The word as it stands in a result.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Rejected => "rejected",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
            Self::Replayed => "replayed",
        }
    }
}

/// Stable word for what went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The arguments do not fit the tool.
    InvalidArguments,
    /// The named credential does not exist.
    UnknownCredential,
    /// No credential is configured, or the panel did not accept it.
    NotLoggedIn,
    /// The account may not do this.
    Forbidden,
    /// A change without `idempotency_key`.
    IdempotencyKeyRequired,
    /// The key was used for another request.
    IdempotencyConflict,
    /// A call with this key is still running.
    InProgress,
    /// Confirmed calls are switched off on this gateway.
    ConfirmationUnavailable,
    /// The call needs a confirmation and has none.
    ConfirmationRequired,
    /// The confirmation is not the right one.
    ConfirmationRejected,
    /// A person must approve the call, and has not yet.
    ApprovalRequired,
    /// A person has said no.
    ApprovalDenied,
    /// The change cannot be taken back.
    NoInverse,
    /// The record of the call cannot be kept, so nothing was sent.
    RecordUnavailable,
    /// The panel refused.
    PanelRefused,
    /// Only some items of a batch were done.
    PartialFailure,
    /// The panel answered success, but reading back does not show the change.
    NotVerified,
    /// The panel failed inside.
    PanelInternal,
    /// The panel could not be reached; nothing was sent.
    PanelUnreachable,
    /// Sent, but no answer came.
    NoAnswer,
    /// What answered is not the panel.
    NotAPanel,
    /// This panel version has no such route.
    UnsupportedByPanel,
    /// The answer is too large.
    AnswerTooLarge,
    /// The panel's answer does not fit what is known of it.
    UnexpectedAnswer,
    /// Too many calls at once.
    Busy,
    /// A fault of the gateway itself.
    Internal,
}

impl ErrorKind {
    /// The word as it stands in a result.
    pub fn word(self) -> &'static str {
        match self {
            Self::InvalidArguments => "invalid_arguments",
            Self::UnknownCredential => "unknown_credential",
            Self::NotLoggedIn => "not_logged_in",
            Self::Forbidden => "forbidden",
            Self::IdempotencyKeyRequired => "idempotency_key_required",
            Self::IdempotencyConflict => "idempotency_conflict",
            Self::InProgress => "in_progress",
            Self::ConfirmationUnavailable => "confirmation_unavailable",
            Self::ConfirmationRequired => "confirmation_required",
            Self::ConfirmationRejected => "confirmation_rejected",
            Self::ApprovalRequired => "approval_required",
            Self::ApprovalDenied => "approval_denied",
            Self::NoInverse => "no_inverse",
            Self::RecordUnavailable => "record_unavailable",
            Self::PanelRefused => "panel_refused",
            Self::PartialFailure => "partial_failure",
            Self::NotVerified => "not_verified",
            Self::PanelInternal => "panel_internal",
            Self::PanelUnreachable => "panel_unreachable",
            Self::NoAnswer => "no_answer",
            Self::NotAPanel => "not_a_panel",
            Self::UnsupportedByPanel => "unsupported_by_panel",
            Self::AnswerTooLarge => "answer_too_large",
            Self::UnexpectedAnswer => "unexpected_answer",
            Self::Busy => "busy",
            Self::Internal => "internal",
        }
    }
}

/// Why a call failed, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolError {
    /// Stable word.
    pub kind: ErrorKind,
    /// Stable word of the panel's error, where the manifest knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Cow<'static, str>>,
    /// What is wrong, in our own words.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// When a further try makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl ToolError {
    /// An error with a message and a cure.
    pub fn new(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, key: None, message: message.into(), hint: hint.into(), retry_after_ms: None }
    }

    /// The same with a stable word for what exactly it is.
    #[must_use]
    pub fn keyed(mut self, key: &'static str) -> Self {
        self.key = Some(Cow::Borrowed(key));
        self
    }
}

/// Which part of a list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Rows after the filter.
    pub total: usize,
    /// Rows shown.
    pub returned: usize,
    /// `view.offset` of the next rows, when there are more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_offset: Option<usize>,
}

/// A file that holds what a result only names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavedNote {
    /// Its id.
    pub id: String,
    /// Which field of the answer it holds: `data`, `data.token`.
    pub field: String,
    /// Where it lies; only for callers on the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A link to a saved document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedLink {
    /// `flvx://saved/<id>`.
    pub uri: String,
    /// Its short name.
    pub name: String,
    /// Length of the document.
    pub bytes: u64,
}

/// The result of one call.
#[derive(Debug, Clone, Default)]
pub struct CallOutput {
    /// Envelope code of the panel.
    pub panel_code: Option<i64>,
    /// The panel's words.
    pub panel_msg: Option<String>,
    /// The panel's clock, ms since the epoch.
    pub panel_ts: Option<i64>,
    /// JSON text.
    pub data: Option<Bytes>,
    /// Name of the call in logs and audit.
    pub trace_id: String,
    /// What happened to a change.
    pub outcome: Option<Outcome>,
    /// Whether a change was read back and found.
    pub verified: Option<bool>,
    /// What reading back showed to be other than it was asked for.
    pub differences: Vec<serde_json::Value>,
    /// The items of a batch one by one, where not all of them were done.
    pub items: Vec<serde_json::Value>,
    /// What the caller should know although the call went through.
    pub warnings: Vec<String>,
    /// Why it failed.
    pub error: Option<ToolError>,
    /// Which part of a list is shown.
    pub page: Option<Page>,
    /// New secrets that were put into files for a person.
    pub saved: Vec<SavedNote>,
    /// The document that went into a file. Not part of the JSON: the protocol has a form of its own for it.
    pub link: Option<SavedLink>,
    /// Secret fields that are shown in clear because the operator opened them. For the record, not part of the JSON.
    pub revealed: Vec<String>,
    /// A person's approval that the call waits for: the transport may ask for it.
    pub awaits: Option<Awaits>,
}

/// What a person is asked, when a call waits for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaits {
    /// Id of the approval.
    pub approval: String,
    /// What will happen, in one sentence.
    pub summary: String,
    /// What the person types to approve.
    pub phrase: String,
    /// When the question ends, ms since the epoch.
    pub expires_ms: i64,
}

/// A result as it was written down.
#[derive(Deserialize)]
struct Written<'a> {
    panel_code: Option<i64>,
    panel_msg: Option<String>,
    panel_ts: Option<i64>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    trace_id: String,
    outcome: Option<Outcome>,
    verified: Option<bool>,
    #[serde(default)]
    differences: Vec<serde_json::Value>,
    #[serde(default)]
    items: Vec<serde_json::Value>,
    #[serde(default)]
    warnings: Vec<String>,
    error: Option<ToolError>,
    page: Option<Page>,
}

impl CallOutput {
    /// A result that was kept as [`CallOutput::to_json`] wrote it. `None`: it is none.
    pub fn from_json(text: &str) -> Option<Self> {
        let written: Written<'_> = serde_json::from_str(text).ok()?;
        Some(Self {
            panel_code: written.panel_code,
            panel_msg: written.panel_msg,
            panel_ts: written.panel_ts,
            data: written.data.map(|data| Bytes::copy_from_slice(data.get().as_bytes())),
            trace_id: written.trace_id,
            outcome: written.outcome,
            verified: written.verified,
            differences: written.differences,
            items: written.items,
            warnings: written.warnings,
            error: written.error,
            page: written.page,
            awaits: None,
            ..Self::default()
        })
    }

    /// A change that did not happen, for this reason.
    pub fn rejected(error: ToolError) -> Self {
        Self { outcome: Some(Outcome::Rejected), ..Self::failed(error) }
    }

    /// A failure before or instead of an answer.
    pub fn failed(error: ToolError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }

    /// A success of one of the gateway's own tools.
    pub fn own(data: &impl Serialize) -> Self {
        match serde_json::to_vec(data) {
            Ok(bytes) => Self { data: Some(bytes.into()), ..Self::default() },
            Err(error) => {
                Self::failed(ToolError::new(ErrorKind::Internal, format!("the result cannot be written: {error}"), ""))
            }
        }
    }

    /// The keys of a result under which words of other people stand.
    pub const FOREIGN: [&'static str; 4] = ["data", "panel_msg", "differences", "items"];

    /// Whether words of other people stand in it: names, remarks, messages of the panel.
    pub fn holds_foreign_words(&self) -> bool {
        self.data.is_some() || self.panel_msg.is_some() || !self.differences.is_empty() || !self.items.is_empty()
    }

    /// Whether the call did what it was asked.
    pub fn ok(&self) -> bool {
        self.error.is_none()
    }

    /// The whole result as compact JSON.
    pub fn to_json(&self) -> String {
        let mut json = Writer::new(self.data.as_ref().map_or(0, Bytes::len) + 256);
        json.field("ok", &self.ok());
        json.optional("panel_code", self.panel_code.as_ref());
        json.optional("panel_msg", self.panel_msg.as_ref());
        json.optional("panel_ts", self.panel_ts.as_ref());
        if let Some(data) = &self.data {
            json.raw("data", data);
        }
        json.optional("page", self.page.as_ref());
        json.optional("outcome", self.outcome.as_ref());
        json.optional("verified", self.verified.as_ref());
        for (key, list) in [("differences", &self.differences), ("items", &self.items)] {
            if !list.is_empty() {
                json.field(key, list);
            }
        }
        if !self.saved.is_empty() {
            json.field("saved", &self.saved);
        }
        if !self.warnings.is_empty() {
            json.field("warnings", &self.warnings);
        }
        json.optional("error", self.error.as_ref());
        json.optional("awaits", self.awaits.as_ref());
        json.field("trace_id", &self.trace_id);
        json.finish()
    }
}

/// Writes the keys of one object in order. Values are ours and always serialise; one that does not becomes `null`.
struct Writer {
    out: Vec<u8>,
}

impl Writer {
    fn new(capacity: usize) -> Self {
        let mut out = Vec::with_capacity(capacity);
        out.push(b'{');
        Self { out }
    }

    fn key(&mut self, key: &str) {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn field(&mut self, key: &str, value: &impl Serialize) {
        self.key(key);
        let before = self.out.len();
        if serde_json::to_writer(&mut self.out, value).is_err() {
            self.out.truncate(before);
            self.out.extend_from_slice(b"null");
        }
    }

    fn optional(&mut self, key: &str, value: Option<&impl Serialize>) {
        if let Some(value) = value {
            self.field(key, value);
        }
    }

    fn raw(&mut self, key: &str, json: &[u8]) {
        self.key(key);
        self.out.extend_from_slice(json);
    }

    fn finish(mut self) -> String {
        self.out.push(b'}');
        // Every piece is UTF-8: serde_json writes it, and raw data was checked when it was read.
        String::from_utf8(self.out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}
