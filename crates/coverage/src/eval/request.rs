//! The request and the answer as libraries hand them to a handler.

use std::rc::Rc;

use super::{
    machine::Machine,
    run::Mode,
    value::{Lib, Taint, Value},
};
use crate::{
    facts::{Answer, Kind, Place},
    go::ast::Pos,
};

/// Headers that say nothing of a route: transport, proxies, browsers.
const COMMON_HEADERS: [&str; 24] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cf-connecting-ip",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "forwarded",
    "host",
    "if-modified-since",
    "if-none-match",
    "origin",
    "range",
    "referer",
    "sec-websocket-protocol",
    "true-client-ip",
    "upgrade",
    "user-agent",
    "x-forwarded-for",
    "x-real-ip",
];

/// Headers that carry a credential.
fn is_credential(name: &str) -> bool {
    let name = name.to_lowercase();
    name == "authorization" || name == "cookie" || name.ends_with("token") || name.ends_with("api-key")
}

impl<'p> Machine<'p> {
    /// A field or method of something that a library gave.
    pub(super) fn of_library(&mut self, lib: Lib, name: &'p str) -> Value<'p> {
        match (lib, name) {
            (Lib::Request, "Method") => self.method(),
            (Lib::Request, "URL") => Value::Lib(Lib::Url),
            (Lib::Request, "Header") => Value::Lib(Lib::RequestHeader),
            (Lib::Request, "Body") => Value::Lib(Lib::Body),
            (Lib::Request, "Form" | "PostForm") => Value::Lib(Lib::Form),
            (Lib::Request, "RequestURI") | (Lib::Url, "Path" | "RawPath") => self.path(),
            (Lib::Request, "Host" | "RemoteAddr" | "Proto" | "ContentLength" | "TLS" | "Response") => Value::unknown(),
            (Lib::Gin, "Request") => Value::Lib(Lib::Request),
            (Lib::Gin, "Writer") => Value::Lib(Lib::Response),
            (Lib::Gin, "Params" | "Keys" | "Errors") | (Lib::Url, _) if name != "Query" => Value::unknown(),
            _ => Value::Bound(Box::new(Value::Lib(lib)), name),
        }
    }

    fn method(&mut self) -> Value<'p> {
        match &self.run.method {
            Some(method) => Value::Method(Rc::from(method.as_str())),
            None => Value::unknown(),
        }
    }

    fn path(&self) -> Value<'p> {
        match (self.run.mode, self.run.open) {
            (Mode::Register, _) => Value::unknown(),
            (_, true) => Value::OpenPath(Rc::from(self.run.path.as_str())),
            (_, false) => Value::text(&self.run.path),
        }
    }

    /// `r.Form["x"]`, `r.URL.Query()["x"]`, `mux.Vars(r)["x"]`, `r.Header["X"]`.
    pub(super) fn library_index(&mut self, lib: Lib, key: &Value<'p>, at: Pos) -> Value<'p> {
        match lib {
            Lib::Query => self.parameter_of(Place::Query, Some(key), at),
            Lib::Form => self.parameter_of(Place::Form, Some(key), at),
            Lib::Request => self.path_parameter(Some(key), at),
            Lib::RequestHeader => self.header(Some(key), at),
            _ => Value::unknown(),
        }
    }

    fn header(&mut self, name: Option<&Value<'p>>, at: Pos) -> Value<'p> {
        let Some(name) = name.and_then(Value::as_text) else { return Value::unknown() };
        if is_credential(name) {
            self.run.read_token = true;
            return Value::tainted(Taint::TOKEN);
        }
        if COMMON_HEADERS.contains(&name.to_lowercase().as_str()) {
            return Value::unknown();
        }
        let name = name.to_owned();
        self.parameter_of(Place::Header, Some(&Value::text(name)), at)
    }

    /// A query parameter; one that carries a credential says who calls.
    fn query(&mut self, name: Option<&Value<'p>>, at: Pos) -> Value<'p> {
        self.parameter_of(Place::Query, name, at)
    }

    /// A method of something that a library gave.
    pub(crate) fn library_call(&mut self, lib: Lib, name: &'p str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        match lib {
            Lib::Gin => self.gin_call(name, args, at),
            Lib::Echo => self.echo_call(name, args, at),
            Lib::Request => self.request_call(name, &args, at),
            Lib::RequestHeader => match name {
                "Get" | "Values" => self.header(args.first(), at),
                _ => Value::unknown(),
            },
            Lib::Query if name == "Get" || name == "Has" => self.query(args.first(), at),
            Lib::Form if name == "Get" || name == "Has" => self.parameter_of(Place::Form, args.first(), at),
            Lib::Url if name == "Query" => Value::Lib(Lib::Query),
            Lib::Response => self.response_call(name, &args, at),
            Lib::ResponseHeader => {
                self.response_header(name, &args);
                Value::unknown()
            }
            Lib::Encoder if name == "Encode" => {
                if let Some(value) = args.first() {
                    self.json_answer(value, at);
                }
                Value::unknown()
            }
            // What was put into the context by whoever knows the caller.
            Lib::Context => Value::tainted(Taint::TOKEN),
            Lib::Body if name == "Close" => Value::unknown(),
            _ => Value::unknown(),
        }
    }

    fn request_call(&mut self, name: &str, args: &[Value<'p>], at: Pos) -> Value<'p> {
        match name {
            "Context" => Value::Lib(Lib::Context),
            "WithContext" | "Clone" => Value::Lib(Lib::Request),
            "FormValue" => self.parameter_of(Place::Form, args.first(), at),
            "PostFormValue" => self.parameter_of(Place::Form, args.first(), at),
            "PathValue" => self.path_parameter(args.first(), at),
            "Cookie" | "BasicAuth" => {
                self.run.read_token = true;
                Value::tainted(Taint::TOKEN)
            }
            "FormFile" => {
                if let Some(name) = args.first() {
                    self.parameter_of(Place::Form, Some(name), at);
                }
                Value::unknown()
            }
            _ => Value::unknown(),
        }
    }

    fn response_call(&mut self, name: &str, args: &[Value<'p>], at: Pos) -> Value<'p> {
        match name {
            "Header" => Value::Lib(Lib::ResponseHeader),
            "Write" | "WriteString" => {
                let encoded = args.first().filter(|value| {
                    matches!(value, Value::Map(_)) || value.ty().is_some_and(|ty| self.types.fields(ty).is_some())
                });
                match encoded.cloned() {
                    Some(value) => self.json_answer(&value, at),
                    None => self.wrote_text(at),
                }
                Value::unknown()
            }
            "WriteHeader" => {
                if let Some(Value::Int(status)) = args.first() {
                    self.run.status = *status;
                }
                Value::unknown()
            }
            _ => Value::unknown(),
        }
    }

    fn response_header(&mut self, name: &str, args: &[Value<'p>]) {
        let ("Set" | "Add", [header, value, ..]) = (name, args) else { return };
        if header.as_text().is_some_and(|header| header.eq_ignore_ascii_case("content-type")) {
            self.run.content_type = value.as_text().map(str::to_lowercase);
        }
    }

    /// Notes that something was answered.
    pub(crate) fn told(&mut self) {
        self.run.told += 1;
    }

    /// Notes an answer.
    pub(crate) fn answer(&mut self, at: Pos, kind: Answer) {
        self.told();
        // What is no envelope carries no word of success; only the status can say that it is none.
        if kind != Answer::Envelope && self.run.status < 400 {
            self.work(at);
        }
        if self.run.mode == Mode::Handle {
            self.run.answers.entry(at).or_insert(kind);
        }
    }

    /// Notes that bytes were written; what they are is what the content type says.
    pub(super) fn wrote_text(&mut self, at: Pos) {
        let content = self.run.content_type.clone().unwrap_or_default();
        let kind = if content.contains("ndjson") || content.contains("event-stream") {
            Answer::Ndjson
        } else if content.contains("json") {
            Answer::Bare
        } else if content.is_empty() || content.starts_with("text/") {
            Answer::Text
        } else {
            Answer::File
        };
        self.answer(at, kind);
    }

    /// Notes an answer in JSON. One that says that all is well is the end of what was asked for.
    pub(crate) fn json_answer(&mut self, value: &Value<'p>, at: Pos) {
        let value = value.deref();
        let keys = self.json_keys(&value);
        let has = |names: &[&str]| keys.iter().any(|(key, _)| names.contains(&key.as_str()));
        let kind = if self.run.content_type.as_deref().is_some_and(|content| content.contains("ndjson")) {
            Answer::Ndjson
        } else if has(&["code"]) && has(&["msg", "message"]) {
            Answer::Envelope
        } else {
            Answer::Bare
        };
        if keys.iter().any(|(key, value)| key == "code" && matches!(value, Some(Value::Int(0 | 200)))) {
            self.work(at);
        }
        self.answer(at, kind);
    }

    /// The keys of a value in JSON, with what is known of them.
    fn json_keys(&self, value: &Value<'p>) -> Vec<(String, Option<Value<'p>>)> {
        match value {
            Value::Map(pairs) => {
                let pairs = pairs.borrow();
                pairs.iter().filter_map(|(key, value)| Some((key.as_text()?.to_owned(), Some(value.clone())))).collect()
            }
            other => {
                let Some((fields, _)) = other.ty().and_then(|ty| self.types.fields(ty)) else { return Vec::new() };
                let set = |name: &str| match other {
                    Value::Object(object) => {
                        object.fields.borrow().iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
                    }
                    _ => None,
                };
                fields.iter().filter_map(|field| Some((super::decode::json_name(field)?, set(&field.name)))).collect()
            }
        }
    }

    /// Decodes the body as a library's context does it.
    pub(crate) fn bind_body(&mut self, into: Option<&Value<'p>>, at: Pos) -> Value<'p> {
        if let Some(into) = into {
            self.decode(&Value::Lib(Lib::Body), into, at);
            let body = self.run.keys.body();
            if self.run.keys.kind(body) == Kind::Unknown {
                self.run.keys.hint(body, Kind::Any);
            }
        }
        Value::unknown()
    }
}
