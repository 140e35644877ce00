//! What a handler answers: most often the envelope `{code, msg, ts, data}`, else a bare document, text, or a page.
//! The envelope's time is filled in when the reply is rendered; JSON is written as Go's encoder writes it.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};

use super::request::Response;

/// A handler's answer; the error side is an early refusal, so that `?` works.
pub type Answer = Result<Reply, Reply>;

/// An answer before it is rendered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status; 200 for whatever a handler answers in the envelope.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(HeaderName, String)>,
    /// The body.
    pub body: Body,
}

/// The kinds of body.
#[derive(Clone, Debug)]
pub enum Body {
    /// `{code, msg, ts, data}`; `data` is left out when it is null.
    Envelope {
        /// The panel's code, 0 for success.
        code: i64,
        /// The panel's words.
        msg: String,
        /// The payload.
        data: Box<Value>,
    },
    /// A JSON document without the envelope.
    Json(&'static str, Box<Value>),
    /// Text with its content type.
    Text(&'static str, String),
    /// Nothing, and no content type.
    Empty,
}

impl Reply {
    fn of(status: u16, body: Body) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// Success with data. `null` leaves the key out, as the panel does.
    pub fn ok(data: Value) -> Self {
        Self::of(200, Body::Envelope { code: 0, msg: "操作成功".to_owned(), data: Box::new(data) })
    }

    /// Success without data.
    pub fn done() -> Self {
        Self::ok(Value::Null)
    }

    /// A refusal with the panel's code.
    pub fn err(code: i64, msg: impl Into<String>) -> Self {
        Self::of(200, Body::Envelope { code, msg: msg.into(), data: Box::new(Value::Null) })
    }

    /// A refusal with code -1.
    pub fn fail(msg: impl Into<String>) -> Self {
        Self::err(-1, msg)
    }

    /// The refusal of a wrong verb.
    pub fn wrong_method() -> Self {
        Self::fail("请求失败")
    }

    /// A JSON document without the envelope.
    pub fn json(content_type: &'static str, value: Value) -> Self {
        Self::of(200, Body::Json(content_type, Box::new(value)))
    }

    /// Text.
    pub fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Self {
        Self::of(status, Body::Text(content_type, text.into()))
    }

    /// No body at all.
    pub fn empty(status: u16) -> Self {
        Self::of(status, Body::Empty)
    }

    /// Adds a header.
    pub fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Turns it into a response; `now` is the envelope's `ts`.
    pub fn render(self, now: i64) -> Response {
        let mut headers = HeaderMap::new();
        let (content_type, body) = match self.body {
            Body::Envelope { code, msg, data } => {
                let mut map = Map::new();
                map.insert("code".to_owned(), code.into());
                map.insert("msg".to_owned(), msg.into());
                map.insert("ts".to_owned(), now.into());
                if !data.is_null() {
                    map.insert("data".to_owned(), *data);
                }
                (Some("application/json; charset=utf-8"), go_json(&Value::Object(map)) + "\n")
            }
            Body::Json(kind, value) => (Some(kind), go_json(&value) + "\n"),
            Body::Text(kind, text) => (Some(kind), text),
            Body::Empty => (None, String::new()),
        };
        if let Some(kind) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.insert(name, value);
            }
        }
        Response { status: self.status, headers, body: Bytes::from(body), cut: false }
    }
}

/// JSON text as Go's `encoding/json` writes it: `<`, `>`, `&` and the two line separators are escaped.
pub fn go_json(value: &Value) -> String {
    let plain = value.to_string();
    if !plain.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        return plain;
    }
    let mut out = String::with_capacity(plain.len() + 32);
    for c in plain.chars() {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

/// A float as Go prints it: whole numbers without a fraction.
pub fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "guarded by the comparison and the range")]
    if value == value.trunc() && value.abs() < 9.0e15 { Value::from(value as i64) } else { Value::from(value) }
}

/// The same value with the keys of every object in alphabetical order, as Go prints its maps.
pub fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(pairs.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
