//! The one table from path to handler, and the way of a request through the panel: preflight, token, clean path,
//! route, verb, handler.

use std::collections::HashMap;
use std::sync::LazyLock;

use http::Method;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, LOCATION,
};

use super::auth;
use super::reply::{Answer, Reply};
use super::request::{Ctx, Request, Response};
use crate::routes;
use crate::state::State;

/// The verbs that a handler takes; the panel answers others with `请求失败` in the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// POST alone.
    Post,
    /// GET alone.
    Get,
    /// The handler does not look at the verb (or checks it itself, late).
    Any,
}

/// One path.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The path.
    pub path: &'static str,
    /// The verbs.
    pub verb: Verb,
    /// What answers.
    pub handler: fn(&mut Ctx<'_>) -> Answer,
}

/// A route that takes POST alone.
pub const fn post(path: &'static str, handler: fn(&mut Ctx<'_>) -> Answer) -> Route {
    Route { path, verb: Verb::Post, handler }
}

/// A route that takes GET alone.
pub const fn get(path: &'static str, handler: fn(&mut Ctx<'_>) -> Answer) -> Route {
    Route { path, verb: Verb::Get, handler }
}

/// A route that takes every verb.
pub const fn any(path: &'static str, handler: fn(&mut Ctx<'_>) -> Answer) -> Route {
    Route { path, verb: Verb::Any, handler }
}

static TABLE: LazyLock<HashMap<&'static str, &'static Route>> =
    LazyLock::new(|| routes::ALL.iter().copied().flatten().map(|route| (route.path, route)).collect());

/// The panel's server closes a connection without a byte when the work took longer than this; the work is done.
const WRITE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// All paths that the panel knows.
pub fn paths() -> impl Iterator<Item = &'static str> {
    TABLE.keys().copied()
}

/// Answers a request: the work is done on `state`; the delay is for the caller to sleep after it gave the lock back.
pub fn answer(state: &mut State, request: &Request) -> (Response, std::time::Duration) {
    let reply = route(state, request);
    let delay = state.take_delay();
    let mut response = with_cors(reply).render(state.now());
    response.cut = state.take_panel_waited() > WRITE_TIMEOUT;
    if request.method == Method::HEAD {
        response.body = bytes::Bytes::new();
    }
    (response, delay)
}

fn route(state: &mut State, request: &Request) -> Reply {
    if request.method == Method::OPTIONS {
        return Reply::empty(204);
    }
    let claims = match auth::admit(request, &state.settings.jwt_secret, state.now()) {
        Ok(claims) => claims,
        Err(refusal) => return refusal,
    };
    if let Some(clean) = cleaned(&request.path) {
        return moved(request, &clean);
    }
    let Some(route) = TABLE.get(request.path.as_str()) else {
        return Reply::text(404, "text/plain; charset=utf-8", "404 page not found\n");
    };
    let takes = match route.verb {
        Verb::Post => request.method == Method::POST,
        Verb::Get => request.method == Method::GET,
        Verb::Any => true,
    };
    if !takes {
        return Reply::wrong_method();
    }
    (route.handler)(&mut Ctx { state, request, claims }).unwrap_or_else(|refusal| refusal)
}

/// A redirect to the clean path, with the short page that Go adds for GET and HEAD.
fn moved(request: &Request, clean: &str) -> Reply {
    let clean: String = clean
        .bytes()
        .map(|byte| match byte {
            b if b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    let target = if request.query.is_empty() { clean } else { format!("{clean}?{}", request.query) };
    let reply = if request.method == Method::GET {
        let link = target.replace('&', "&amp;");
        Reply::text(301, "text/html; charset=utf-8", format!("<a href=\"{link}\">Moved Permanently</a>.\n\n"))
    } else {
        Reply::empty(301)
    };
    reply.with_header(LOCATION, target)
}

/// The path without double slashes and dot segments; `None` when it is clean already.
fn cleaned(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let mut clean = format!("/{}", parts.join("/"));
    if path.ends_with('/') && clean != "/" {
        clean.push('/');
    }
    (clean != path).then_some(clean)
}

fn with_cors(reply: Reply) -> Reply {
    reply
        .with_header(ACCESS_CONTROL_ALLOW_ORIGIN, "*")
        .with_header(ACCESS_CONTROL_ALLOW_HEADERS, "*")
        .with_header(ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, DELETE, PUT, OPTIONS")
        .with_header(ACCESS_CONTROL_EXPOSE_HEADERS, "Authorization")
}
