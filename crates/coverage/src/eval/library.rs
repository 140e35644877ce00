//! What functions of other people's packages do, as far as it matters to a request or a route.

use std::{cell::Cell, rc::Rc};

use super::{
    machine::Machine,
    run::Mode,
    texts::{clean, made_of, sprintf, strings},
    value::{Closure, Data, Lib, Opaque, Taint, Value},
};
use crate::{
    facts::{Kind, Place},
    go::ast::Pos,
    routers::{self, Router},
};

/// A constant of a package.
pub(super) fn constant<'p>(path: &str, name: &str) -> Option<Value<'p>> {
    match (path, name) {
        ("net/http", "MethodGet") => Some(Value::text("GET")),
        ("net/http", "MethodHead") => Some(Value::text("HEAD")),
        ("net/http", "MethodPost") => Some(Value::text("POST")),
        ("net/http", "MethodPut") => Some(Value::text("PUT")),
        ("net/http", "MethodPatch") => Some(Value::text("PATCH")),
        ("net/http", "MethodDelete") => Some(Value::text("DELETE")),
        ("net/http", "MethodOptions") => Some(Value::text("OPTIONS")),
        ("net/http", "MethodConnect") => Some(Value::text("CONNECT")),
        ("net/http", "MethodTrace") => Some(Value::text("TRACE")),
        ("net/http", name) => name.strip_prefix("Status").and_then(status).map(Value::Int),
        _ => None,
    }
}

/// The number of an HTTP status, as far as it matters: is it a refusal?
fn status(name: &str) -> Option<i64> {
    Some(match name {
        "OK" => 200,
        "Created" => 201,
        "Accepted" => 202,
        "NoContent" => 204,
        "BadRequest" => 400,
        "Unauthorized" => 401,
        "Forbidden" => 403,
        "NotFound" => 404,
        "MethodNotAllowed" => 405,
        "Conflict" => 409,
        "TooManyRequests" => 429,
        "InternalServerError" => 500,
        "NotImplemented" => 501,
        "BadGateway" => 502,
        "ServiceUnavailable" => 503,
        _ => return None,
    })
}

/// Packages that take a value only to look at it, print it or turn it into another.
fn is_harmless(path: &str) -> bool {
    matches!(
        path,
        "fmt"
            | "log"
            | "log/slog"
            | "errors"
            | "strings"
            | "strconv"
            | "bytes"
            | "time"
            | "sort"
            | "math"
            | "reflect"
            | "sync"
            | "io"
            | "bufio"
            | "unicode"
            | "unicode/utf8"
            | "slices"
            | "maps"
            | "context"
            | "encoding/json"
            | "net/http"
            | "net/url"
            | "net"
            | "crypto/sha256"
            | "crypto/md5"
            | "encoding/hex"
            | "encoding/base64"
    )
}

impl<'p> Machine<'p> {
    /// A call of a function that is not in the module.
    pub(super) fn foreign_call(&mut self, path: &str, name: &'p str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        if let Some(kind) = routers::made_by(path, name) {
            return Value::Router(self.router(Router::of(kind)));
        }
        match path {
            "net/http" => self.net_http(name, args, at),
            "strings" => {
                self.note_ending(name, &args);
                strings(name, &args).unwrap_or_else(Value::unknown)
            }
            "encoding/json" => self.json(name, &args, at),
            "fmt" => self.fmt(name, args, at),
            "path" => path_function(name, &args),
            "net/url" if name == "JoinPath" => path_function("Join", &args),
            "slices" if name == "Contains" => self.contains(&args, at),
            "io" | "io/ioutil" | "bytes" | "bufio" => self.reader(name, args),
            "io/fs" | "os" | "embed" => Value::unknown(),
            "github.com/gorilla/mux" if name == "Vars" => Value::Lib(Lib::Request),
            _ if path.starts_with("github.com/go-chi/chi") && name.starts_with("URLParam") => {
                self.path_parameter(args.get(1), at)
            }
            _ if path.starts_with("github.com/go-chi/render") && name.starts_with("Decode") => match args.as_slice() {
                [.., into] => self.decode(&Value::Lib(Lib::Body), into, at),
                [] => Value::unknown(),
            },
            _ => self.other(path, name, args, at),
        }
    }

    fn other(&mut self, path: &str, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        let own = self.is_missing(path);
        if own && self.run.mode == Mode::Register && args.iter().any(|arg| matches!(arg, Value::Router(_))) {
            self.not_resolved(at, format!("a router goes to `{name}` of `{path}`, which is not here"));
        }
        // Somebody else's middleware hands on what it is put around.
        if let Some(handler) = args.iter().find(|arg| self.is_served(arg)) {
            return handler.clone();
        }
        if is_harmless(path) {
            return plain(made_of(&args));
        }
        if own {
            self.lost_in(name, &args, at);
            if self.answering == 0 {
                self.work(at);
            }
        } else {
            self.given_away(&args);
        }
        self.after_unknown(&args);
        match made_of(&args) {
            Value::Opaque(opaque) => Value::foreign(opaque.taint),
            other => other,
        }
    }

    /// Whether a value serves requests.
    fn is_served(&self, value: &Value<'p>) -> bool {
        match value {
            Value::Func(closure) => self.is_handler_function(closure.function),
            value => value.is_handler(),
        }
    }

    /// A part of the request that a library takes whole: into a struct when it is given one, else with any keys.
    pub(super) fn given_away(&mut self, args: &[Value<'p>]) {
        let Some(data) = args.iter().find_map(|arg| arg.data().filter(|data| self.is_loose(data)).cloned()) else {
            return;
        };
        let into = args
            .iter()
            .find(|arg| matches!(arg, Value::Pointer(_)) && arg.ty().is_some_and(|ty| self.types.fields(ty).is_some()));
        match into.cloned() {
            Some(into) => self.fill(data.node, &into, "json"),
            None => self.run.keys.hint(data.node, Kind::Map),
        }
    }

    /// Whether a package belongs to the module but is not there.
    fn is_missing(&self, path: &str) -> bool {
        let file = self.file();
        self.packages().is_missing(file, path)
    }

    /// Notes how a path may go on where a handler serves a whole subtree.
    fn note_ending(&mut self, name: &str, args: &[Value<'p>]) {
        if let ("HasSuffix" | "TrimSuffix" | "CutSuffix", [Value::OpenPath(_), end]) = (name, args)
            && let Some(end) = end.as_text().filter(|end| end.starts_with('/') && end.len() > 1)
        {
            self.run.endings.insert(end.to_owned());
        }
    }

    fn net_http(&mut self, name: &'p str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        match (name, args.as_slice()) {
            ("HandleFunc" | "Handle", _) => {
                let router = self.default_router();
                self.router_call(router, name, args, at)
            }
            ("HandlerFunc", [Value::Func(closure)]) => {
                // What it was converted to before no longer counts.
                Value::Func(Rc::new(Closure { converted: None, ..closure.as_ref().clone() }))
            }
            ("StripPrefix", [prefix, handler]) => match prefix.as_text() {
                Some(prefix) => Value::Strip(Rc::from(prefix), Rc::new(handler.clone())),
                None => {
                    self.not_resolved(at, "http.StripPrefix with a prefix that is not a constant");
                    Value::unknown()
                }
            },
            ("MaxBytesReader", [_, body, ..]) => body.clone(),
            ("Error" | "NotFound" | "Redirect", _) => {
                self.told();
                Value::unknown()
            }
            ("ServeFile" | "ServeContent", _) => {
                self.answer(at, crate::facts::Answer::File);
                Value::unknown()
            }
            _ => {
                self.after_unknown(&args);
                args.iter().find(|arg| self.is_served(arg)).cloned().unwrap_or_else(|| made_of(&args))
            }
        }
    }

    fn json(&mut self, name: &str, args: &[Value<'p>], at: Pos) -> Value<'p> {
        match (name, args) {
            ("NewDecoder", [from, ..]) => Value::Decoder(Box::new(from.clone()), Rc::new(Cell::new(false))),
            ("NewEncoder", [to, ..]) if to.is_response() => Value::Lib(Lib::Encoder),
            ("Unmarshal", [from, into, ..]) => self.decode(from, into, at),
            // Out and in again: the same part of the request, now to be decoded into a type.
            ("Marshal" | "MarshalIndent", [value @ Value::Data(_), ..]) => value.clone(),
            // Encoded, it is still known what of: an answer that is written in two steps.
            ("Marshal" | "MarshalIndent", [value, ..]) => match value.deref() {
                map @ Value::Map(_) => map,
                value => value.ty().map_or_else(|| made_of(args), |ty| Value::of_type(ty, value.taint())),
            },
            _ => made_of(args),
        }
    }

    fn fmt(&mut self, name: &str, args: Vec<Value<'p>>, at: Pos) -> Value<'p> {
        match name {
            "Sprintf" => sprintf(&args),
            "Sprint" | "Sprintln" => made_of(&args),
            "Fprint" | "Fprintf" | "Fprintln" => {
                if args.first().is_some_and(Value::is_response) {
                    self.wrote_text(at);
                }
                Value::unknown()
            }
            _ => made_of(&args),
        }
    }

    /// Readers and their like: what is read from the body is the body.
    fn reader(&mut self, name: &str, args: Vec<Value<'p>>) -> Value<'p> {
        match args
            .iter()
            .find(|arg| matches!(arg, Value::Lib(Lib::Body)) || arg.data().is_some_and(|data| !data.scalar))
        {
            Some(body) if name != "Copy" => body.clone(),
            _ => made_of(&args),
        }
    }

    fn contains(&mut self, args: &[Value<'p>], _at: Pos) -> Value<'p> {
        let [Value::List(items), wanted] = args else { return made_of(args) };
        let mut unknown = false;
        for item in items.iter() {
            match self.binary("==", wanted, item, Pos::default()) {
                Value::Bool(true) => return Value::Bool(true),
                Value::Bool(false) => {}
                _ => unknown = true,
            }
        }
        if unknown { Value::tainted(wanted.taint()) } else { Value::Bool(false) }
    }

    /// `chi.URLParam(r, "id")`.
    pub(crate) fn path_parameter(&mut self, name: Option<&Value<'p>>, at: Pos) -> Value<'p> {
        self.parameter_of(Place::Path, name, at)
    }

    /// A parameter by its name.
    pub(crate) fn parameter_of(&mut self, place: Place, name: Option<&Value<'p>>, at: Pos) -> Value<'p> {
        match name.and_then(Value::as_text) {
            Some(name) => {
                self.work(at);
                let node = self.run.keys.parameter(place, name);
                Value::Data(Box::new(Data { node, ty: None, scalar: true }))
            }
            None => {
                self.lost(at, "a parameter whose name is not a constant");
                Value::unknown()
            }
        }
    }
}

/// Something that was only computed.
fn plain(value: Value<'_>) -> Value<'_> {
    match value {
        Value::Opaque(opaque) => Value::Opaque(Box::new(Opaque { plain: true, ..*opaque })),
        other => other,
    }
}

fn path_function<'p>(name: &str, args: &[Value<'p>]) -> Value<'p> {
    let texts: Option<Vec<&str>> = args.iter().map(Value::as_text).collect();
    match (name, texts) {
        ("Join", Some(texts)) => {
            let parts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            if parts.is_empty() { Value::text("") } else { Value::text(clean(&parts.join("/"))) }
        }
        ("Clean", Some(texts)) => texts.first().map_or_else(Value::unknown, |text| Value::text(clean(text))),
        ("Clean", None) => args.first().cloned().unwrap_or_else(|| Value::tainted(Taint::NONE)),
        _ => made_of(args),
    }
}
