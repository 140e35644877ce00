//! From a tool's arguments to one HTTP request: which argument goes into the path, the query, a header or the body.

use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::PanelError;
use crate::spec::{Field, Location, Method, Route};

/// What is sent, apart from the credential.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Path with its parameters filled in; `None`: the route's path as it is.
    pub path: Option<String>,
    /// Query pairs, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Extra headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// JSON body; `None`: no body.
    pub body: Option<Vec<u8>>,
}

/// Spreads `arguments` over the request. Values are taken as they are: checking them is the gateway's stage.
pub(super) fn outgoing(route: &Route, arguments: &Map<String, Value>) -> Result<Outgoing, PanelError> {
    let mut out = Outgoing { path: None, query: Vec::new(), headers: Vec::new(), body: None };
    let placed: Vec<&Field> = route.request.fields.iter().filter(|field| field.location != Location::Body).collect();
    if placed.is_empty() {
        out.body = body(route, arguments)?;
        return Ok(out);
    }
    let mut rest = arguments.clone();
    for field in placed {
        let Some(value) = rest.remove(field.name) else { continue };
        match field.location {
            Location::Path => {
                let path = out.path.take().unwrap_or_else(|| route.path.to_owned());
                out.path = Some(path.replace(&format!("{{{}}}", field.name), &segment(field.name, &value)?));
            }
            Location::Query => match value {
                Value::Array(items) => {
                    for item in items {
                        out.query.push((field.name.to_owned(), scalar(field.name, &item)?));
                    }
                }
                value => out.query.push((field.name.to_owned(), scalar(field.name, &value)?)),
            },
            Location::Header => {
                let name = HeaderName::from_bytes(field.name.as_bytes())
                    .map_err(|e| PanelError::BadRequest(format!("{}: {e}", field.name)))?;
                let value = HeaderValue::from_str(&scalar(field.name, &value)?).map_err(|_| {
                    PanelError::BadRequest(format!("{}: control characters cannot travel in a header", field.name))
                })?;
                out.headers.push((name, value));
            }
            Location::Body => {}
        }
    }
    out.body = body(route, &rest)?;
    Ok(out)
}

/// Everything but GET carries an object, even an empty one: most handlers refuse an empty body, the panel's own front end
/// sends `{}` to those that read none, and forks may read it.
fn body(route: &Route, arguments: &Map<String, Value>) -> Result<Option<Vec<u8>>, PanelError> {
    if route.method == Method::Get {
        return Ok(None);
    }
    serde_json::to_vec(arguments).map(Some).map_err(|error| PanelError::BadRequest(error.to_string()))
}

fn scalar(name: &str, value: &Value) -> Result<String, PanelError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null => Ok(String::new()),
        Value::Array(_) | Value::Object(_) => {
            Err(PanelError::BadRequest(format!("{name}: a list or object cannot travel in the URL or a header")))
        }
    }
}

/// One path segment. What could leave the segment (`/`, `..`, `%`, control characters) is escaped or refused.
fn segment(name: &str, value: &Value) -> Result<String, PanelError> {
    let text = scalar(name, value)?;
    if text.is_empty() || text == "." || text == ".." {
        return Err(PanelError::BadRequest(format!("{name}: {text:?} cannot stand in the path")));
    }
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    Ok(escaped)
}
