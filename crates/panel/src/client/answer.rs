//! What the panel answered, kept as the bytes it sent.
//!
//! `data` stays raw: a stage that must look inside parses it, all others pass it on. Only the few keys around it are read.

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{PanelError, Refusal};
use crate::spec::AnswerForm;

/// A successful answer with typed data.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// The panel's message (`操作成功`), empty for answers without envelope.
    pub msg: String,
    /// The panel's clock, ms since the epoch.
    pub ts: Option<i64>,
    /// The data.
    pub data: T,
}

/// A successful answer as it came.
#[derive(Debug, Clone)]
pub struct RawAnswer {
    /// Envelope code; always 0 in an envelope, `None` where the route answers without one.
    pub code: Option<i64>,
    /// The panel's message; empty without an envelope.
    pub msg: String,
    /// The panel's clock, ms since the epoch.
    pub ts: Option<i64>,
    /// `data` as JSON text; `None` when the panel left the key out. A text answer stands here as a JSON string.
    pub data: Option<Bytes>,
    /// Keys of the envelope beside `code`, `msg`, `ts` and `data`, as JSON text of an object; none known today.
    pub extra: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    code: Option<i64>,
    #[serde(borrow)]
    msg: Option<std::borrow::Cow<'a, str>>,
    ts: Option<i64>,
    #[serde(borrow, default, deserialize_with = "given")]
    data: Option<&'a RawValue>,
    #[serde(flatten)]
    extra: serde_json::Map<String, serde_json::Value>,
}

/// The usual four keys and nothing else; the slower form with `flatten` is only tried when this fails.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainEnvelope<'a> {
    code: i64,
    #[serde(borrow)]
    msg: std::borrow::Cow<'a, str>,
    ts: Option<i64>,
    #[serde(borrow, default, deserialize_with = "given")]
    data: Option<&'a RawValue>,
}

/// Keeps a `null` that was written: Go writes it for an empty list, which is not the same as no list.
fn given<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl RawAnswer {
    /// Reads an answer of the given form. `status` and `content_type` are HTTP's.
    pub(super) fn read(
        form: AnswerForm,
        status: u16,
        content_type: &str,
        path: &str,
        body: Bytes,
    ) -> Result<Self, PanelError> {
        if status == 404 && content_type.starts_with("text/plain") && body.starts_with(b"404 page not found") {
            return Err(PanelError::Unsupported { path: path.to_owned() });
        }
        let text = std::str::from_utf8(&body)
            .map_err(|_| PanelError::NotAPanel { status, what: format!("{} bytes that are not UTF-8", body.len()) })?;
        match form {
            AnswerForm::Envelope => Self::envelope(text, &body, status, content_type),
            // These routes fall back to the envelope when they refuse.
            AnswerForm::Bare => match plain(text) {
                Some(envelope) if envelope.code != 0 && envelope.data.is_none_or(|data| data.get() == "null") => {
                    Err(refusal(&envelope))
                }
                _ if status == 200 && serde_json::from_str::<&RawValue>(text).is_ok() => Ok(Self::bare(body.clone())),
                _ => Err(not_a_panel(status, content_type, text)),
            },
            AnswerForm::Text | AnswerForm::Ndjson => match plain(text) {
                Some(envelope) if envelope.code != 0 => Err(refusal(&envelope)),
                _ if status == 200 && !content_type.starts_with("text/html") => {
                    let data = if form == AnswerForm::Text { serde_json::to_string(text) } else { ndjson(text) };
                    let data = data.map_err(|_| not_a_panel(status, content_type, text))?;
                    Ok(Self::bare(Bytes::from(data)))
                }
                _ => Err(not_a_panel(status, content_type, text)),
            },
        }
    }

    fn envelope(text: &str, body: &Bytes, status: u16, content_type: &str) -> Result<Self, PanelError> {
        if let Some(envelope) = plain(text) {
            if envelope.code != 0 {
                return Err(refusal(&envelope));
            }
            return Ok(Self {
                code: Some(0),
                msg: envelope.msg.into_owned(),
                ts: envelope.ts,
                data: envelope.data.map(|raw| body.slice_ref(raw.get().as_bytes())),
                extra: None,
            });
        }
        let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|_| not_a_panel(status, content_type, text))?;
        let Some(code) = envelope.code else { return Err(not_a_panel(status, content_type, text)) };
        let msg = envelope.msg.unwrap_or_default().into_owned();
        if code != 0 {
            return Err(PanelError::Refused(Refusal {
                code,
                msg,
                ts: envelope.ts,
                data: envelope.data.map(|raw| raw.get().to_owned()),
            }));
        }
        let extra = (!envelope.extra.is_empty()).then(|| serde_json::Value::Object(envelope.extra).to_string());
        Ok(Self {
            code: Some(0),
            msg,
            ts: envelope.ts,
            data: envelope.data.map(|raw| body.slice_ref(raw.get().as_bytes())),
            extra,
        })
    }

    fn bare(data: Bytes) -> Self {
        Self { code: None, msg: String::new(), ts: None, data: Some(data), extra: None }
    }

    /// `data` as JSON text, `null` when there is none.
    pub fn data_text(&self) -> &str {
        self.data.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("null")
    }
}

fn plain(text: &str) -> Option<PlainEnvelope<'_>> {
    serde_json::from_str(text).ok()
}

fn refusal(envelope: &PlainEnvelope<'_>) -> PanelError {
    PanelError::Refused(Refusal {
        code: envelope.code,
        msg: envelope.msg.clone().into_owned(),
        ts: envelope.ts,
        data: envelope.data.map(|raw| raw.get().to_owned()),
    })
}

/// A stream of JSON lines as one JSON list; a line that is no JSON makes the whole answer unusable.
fn ndjson(text: &str) -> serde_json::Result<String> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let values: Vec<&RawValue> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
    serde_json::to_string(&values)
}

fn not_a_panel(status: u16, content_type: &str, text: &str) -> PanelError {
    let what = if text.trim().is_empty() {
        "an empty body".to_owned()
    } else if content_type.starts_with("text/html") || text.trim_start().starts_with('<') {
        "a web page (HTML)".to_owned()
    } else if text.trim_start().starts_with(['{', '[']) {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => "JSON without the panel's envelope".to_owned(),
            Err(error) => format!("JSON that breaks off or is malformed ({error})"),
        }
    } else {
        format!("{} bytes of {}", text.len(), if content_type.is_empty() { "an undeclared type" } else { content_type })
    };
    PanelError::NotAPanel { status, what }
}
