//! A POST on its way in: how large it is, how long it takes to come, how many come and run at once, how many sessions are open.
//! Who sends it is known already.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use serde::{Deserialize, de::IgnoredAny};

use super::{
    auth::{Guard, Known},
    places::{Full, Place, Places},
    splice::{Parking, SpliceBody},
};
use crate::config::policy::HttpRules;

/// Sessions kept for clients of the older revisions; one costs about 50 KB.
const MOST_SESSIONS: usize = 1_000;

/// What the requests of one server have in common.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    guard: Arc<Guard>,
    sessions: Arc<LocalSessionManager>,
    /// Sessions that are being opened.
    opening: Arc<AtomicUsize>,
    /// Requests whose body is being read.
    coming: Places,
    /// Calls that run, until both their handler has ended and their answer is sent.
    running: Places,
}

impl Intake {
    /// `running` are the places of calls that run: a stop waits for them.
    pub fn new(guard: Arc<Guard>, sessions: Arc<LocalSessionManager>, running: Places) -> Self {
        Self { guard, sessions, opening: Arc::default(), coming: Places::default(), running }
    }
}

/// The layer.
pub(super) async fn intake(State(intake): State<Intake>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    match take_in(&intake, request).await {
        Err(refusal) => *refusal,
        Ok((request, None)) => answer(&intake, request, next).await,
        Ok((mut request, Some(place))) => {
            request.extensions_mut().insert(Arc::clone(&place));
            answer(&intake, request, next).await.map(|body| Place::until_sent(place, body))
        }
    }
}

/// The request with its whole body, and the place that it runs on if it starts something.
async fn take_in(intake: &Intake, request: Request) -> Result<(Request, Option<Arc<Place>>), Box<Response>> {
    let policy = intake.guard.policy();
    let http = &policy.http;
    let coming = place(&intake.coming, &request, http)?;
    let (parts, body) = whole(request, http.max_body_bytes, http.body_timeout).await?;
    drop(coming);
    // Answers to a form and cancellations start nothing. Calls that wait for them must not keep them out.
    let starts = !is_reply_or_notification(&body);
    let mut request = Request::from_parts(parts, Body::from(body));
    intake.guard.look_again(&mut request).await?;
    let running = if starts { Some(place(&intake.running, &request, http)?) } else { None };
    Ok((request, running))
}

fn place(places: &Places, request: &Request, http: &HttpRules) -> Result<Arc<Place>, Box<Response>> {
    // The layer in front lets nobody through without one.
    let Some(known) = request.extensions().get::<Known>() else {
        return Err(Box::new(StatusCode::INTERNAL_SERVER_ERROR.into_response()));
    };
    let name = &known.principal.name;
    places.take(name, http.max_concurrent, http.max_concurrent_per_principal).map_err(|full| {
        let (status, words) = match full {
            Full::Server => (StatusCode::SERVICE_UNAVAILABLE, "too many calls are running; try again in a moment\n"),
            Full::Principal => (
                StatusCode::TOO_MANY_REQUESTS,
                "too many calls of yours are running; wait until one of them has ended\n",
            ),
        };
        Box::new((status, [(header::RETRY_AFTER, "1")], words).into_response())
    })
}

/// The whole body of a request, if it comes in time and is not too large.
async fn whole(request: Request, largest: usize, limit: Duration) -> Result<(Parts, Bytes), Box<Response>> {
    let (parts, body) = request.into_parts();
    let refuse = |status: StatusCode, words: String| {
        // What is still to come is not wanted.
        Box::new((status, [(header::CONNECTION, "close")], words).into_response())
    };
    let too_large =
        || refuse(StatusCode::PAYLOAD_TOO_LARGE, format!("Payload Too Large: request body exceeds {largest} bytes"));
    let said = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|said| said > largest) {
        return Err(too_large());
    }
    match tokio::time::timeout(limit, Limited::new(body, largest).collect()).await {
        Ok(Ok(body)) => Ok((parts, body.to_bytes())),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        Ok(Err(error)) => Err(refuse(StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}\n"))),
        Err(_) => {
            let words = format!("the body did not come within {} s\n", limit.as_secs());
            Err(refuse(StatusCode::REQUEST_TIMEOUT, words))
        }
    }
}

/// Whether a message is an answer to the server, or a notification: neither starts a call. What cannot be read counts as a
/// call; the library refuses it.
fn is_reply_or_notification(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Message {
        method: Option<IgnoredAny>,
        id: Option<IgnoredAny>,
    }
    serde_json::from_slice::<Message>(body).is_ok_and(|message| message.method.is_none() || message.id.is_none())
}

/// Gives every request of the stateless kind a place to park its results, and puts them into the answer.
async fn answer(intake: &Intake, mut request: Request, next: Next) -> Response {
    // In a session rmcp keeps messages for clients that come back for them, so they must be whole from the start.
    if request.headers().contains_key("mcp-session-id") {
        return next.run(request).await;
    }
    let opening = opens_session(request.headers()).then(|| Opening::begin(&intake.opening));
    if let Some(opening) = &opening
        && intake.sessions.sessions.read().await.len() + opening.before >= MOST_SESSIONS
    {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "60")],
            "too many sessions are open; end some, or use a client of revision 2026-07-28\n",
        )
            .into_response();
    }
    let parking = Parking::default();
    request.extensions_mut().insert(parking.clone());
    let (mut parts, body) = next.run(request).await.into_parts();
    if parking.is_unused() {
        return Response::from_parts(parts, body);
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::new(SpliceBody::new(body, parking)))
}

/// A session that is being opened, until this is dropped: counted, so that many at the same moment do not come to more than
/// there may be.
struct Opening<'a> {
    opening: &'a AtomicUsize,
    /// How many were being opened when this one began.
    before: usize,
}

impl<'a> Opening<'a> {
    fn begin(opening: &'a AtomicUsize) -> Self {
        Self { opening, before: opening.fetch_add(1, Ordering::SeqCst) }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.opening.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether a POST without a session may be an `initialize`, which opens one whatever revision it names. From 2026-07-28 on
/// the method stands in a header too, and the library refuses a body that says another; before, that header is not looked at.
fn opens_session(headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let told_truly = header("mcp-protocol-version").is_some_and(|version| version >= "2026-07-28");
    !told_truly || header("mcp-method").is_none_or(|method| method == "initialize")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requests_start_something() {
        for (body, starts) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, true),
            (r#"{"jsonrpc":"2.0","id":null,"method":"tools/call"}"#, false),
            (r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#, false),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, false),
            ("[]", true),
            ("{", true),
        ] {
            assert_eq!(!is_reply_or_notification(body.as_bytes()), starts, "{body}");
        }
    }
}
