//! Streamable HTTP: `/mcp` for every protocol revision, the health path beside it. Who comes is found out in front of it
//! (`auth`); here are the limits: how large a request is, how long it takes to come, how many run at once.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use rmcp::transport::{
    StreamableHttpServerConfig, StreamableHttpService, streamable_http_server::session::local::LocalSessionManager,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    Entrance, McpServer, auth, listener,
    places::{Full, Places},
    splice::{Parking, SpliceBody},
};
use crate::{access::Principal, config::Config, gateway::Gateway};

/// Sessions kept for clients of the older revisions; one costs about 50 KB.
const MOST_SESSIONS: usize = 1_000;
/// How long calls that run may finish after a signal.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long streams that only listen may take to close after that.
const GOOD_BYE: Duration = Duration::from_secs(1);

/// A bound server.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<Result<(), String>>,
}

impl Running {
    /// Waits until it has stopped.
    ///
    /// # Errors
    /// The listener failed.
    pub async fn finished(self) -> Result<(), String> {
        self.task.await.map_err(|error| format!("the HTTP task broke off: {error}"))?
    }
}

/// Binds and serves until `stop` is cancelled.
///
/// # Errors
/// The address cannot be bound.
pub async fn serve_http(
    gateway: Arc<Gateway>,
    address: SocketAddr,
    stop: CancellationToken,
) -> Result<Running, String> {
    let listener =
        TcpListener::bind(address).await.map_err(|error| format!("{address} cannot be listened on: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let (places, streams) = (Places::default(), CancellationToken::new());
    let app = app(Arc::clone(&gateway), places.clone(), streams.clone());
    let task = tokio::spawn(async move {
        let header_timeout = move || gateway.policy().http.header_timeout;
        let server = listener::accept(listener, app, header_timeout, stop.clone());
        let late = async {
            stop.cancelled().await;
            // rmcp's token ends everything at once, calls too, so the calls come first.
            let in_time = tokio::time::timeout(LAST_WORDS, places.all_free()).await.is_ok();
            streams.cancel();
            tokio::time::sleep(GOOD_BYE).await;
            in_time
        };
        tokio::select! {
            () = server => Ok(()),
            in_time = late => {
                tracing::warn!(calls = !in_time, "open connections were cut off");
                Ok(())
            }
        }
    });
    Ok(Running { address, task })
}

fn app(gateway: Arc<Gateway>, places: Places, streams: CancellationToken) -> Router {
    let config = gateway.config().clone();
    let health = health_text(&config);
    let server = McpServer::new(Arc::clone(&gateway), Entrance::Http);
    let sessions = Arc::new(LocalSessionManager::default());
    let service =
        StreamableHttpService::new(move || Ok(server.clone()), Arc::clone(&sessions), mcp_config(&gateway, streams));
    let guard = Arc::new(auth::Guard::new(
        Arc::clone(&gateway),
        Arc::clone(&sessions),
        Arc::new(auth::ToRecord(gateway.audit().clone())),
    ));
    let metadata = get(resource_metadata).with_state(Arc::clone(&gateway));
    Router::new()
        .route_service("/mcp", service)
        .layer(middleware::from_fn_with_state(Shared { gateway, sessions, opening: Arc::default(), places }, around))
        .layer(middleware::from_fn_with_state(guard, auth::guard))
        .route("/.well-known/oauth-protected-resource", metadata.clone())
        .route("/.well-known/oauth-protected-resource/{*endpoint}", metadata)
        .route(
            &config.health_path,
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], health.clone()) }),
        )
        .fallback(not_found)
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "not found: the MCP endpoint is /mcp\n").into_response()
}

/// RFC 9728, below the root and below the endpoint's path; not there without an identity provider.
async fn resource_metadata(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let policy = gateway.policy();
    let here = policy.http.public_url.as_ref().is_some_and(|url| {
        let path = request.uri().path();
        path == "/.well-known/oauth-protected-resource"
            || path == "/.well-known/oauth-protected-resource/mcp"
            || url.metadata_url().ends_with(path)
    });
    match auth::resource_metadata(&policy, &gateway.config().server_name).filter(|_| here) {
        Some(document) => ([(header::CONTENT_TYPE, "application/json")], document).into_response(),
        None => not_found().await,
    }
}

fn mcp_config(gateway: &Gateway, stop: CancellationToken) -> StreamableHttpServerConfig {
    let config = gateway.config();
    let policy = gateway.policy();
    let hosts = ["localhost", "127.0.0.1", "::1"]
        .into_iter()
        .map(str::to_owned)
        .chain(policy.http.public_url.as_ref().map(|url| url.host().to_owned()))
        .chain(config.allowed_hosts.iter().cloned());
    let origins = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]
        .into_iter()
        .map(str::to_owned)
        .chain(policy.http.public_url.as_ref().map(|url| url.origin().to_owned()))
        .chain(config.allowed_origins.iter().cloned());
    let mut settings = StreamableHttpServerConfig::default()
        .with_json_response(true)
        .with_cancellation_token(stop)
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins);
    // The policy's limit is applied before the library sees the body.
    settings.max_request_body_bytes = usize::MAX;
    settings
}

fn health_text(config: &Config) -> String {
    serde_json::json!({ "status": "ok", "name": config.server_name, "version": config.server_version }).to_string()
}

/// What the requests of one server have in common.
#[derive(Debug, Clone)]
struct Shared {
    gateway: Arc<Gateway>,
    sessions: Arc<LocalSessionManager>,
    /// Sessions that are being opened.
    opening: Arc<AtomicUsize>,
    places: Places,
}

/// Gives each call a place and holds it to the limits.
async fn around(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let policy = shared.gateway.policy();
    let http = &policy.http;
    // The layer in front lets nobody through without one.
    let Some(principal) = request.extensions().get::<Arc<Principal>>() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let refuse = |status, words| (status, [(header::RETRY_AFTER, "1")], words).into_response();
    let place = match shared.places.take(&principal.name, http.max_concurrent, http.max_concurrent_per_principal) {
        Ok(place) => place,
        Err(Full::Server) => {
            return refuse(StatusCode::SERVICE_UNAVAILABLE, "too many calls are running; try again in a moment\n");
        }
        Err(Full::Principal) => {
            let words = "too many calls of yours are running; wait until one of them has ended\n";
            return refuse(StatusCode::TOO_MANY_REQUESTS, words);
        }
    };
    let request = match whole(request, http.max_body_bytes, http.body_timeout).await {
        Ok(request) => request,
        Err(answer) => return *answer,
    };
    answer(&shared, request, next).await.map(|body| place.until_sent(body))
}

/// The request with its whole body at hand, if it came in time and is not too large.
async fn whole(request: Request, largest: usize, limit: Duration) -> Result<Request, Box<Response>> {
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
        Ok(Ok(body)) => Ok(Request::from_parts(parts, Body::from(body.to_bytes()))),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        Ok(Err(error)) => Err(refuse(StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}\n"))),
        Err(_) => {
            let words = format!("the body did not come within {} s\n", limit.as_secs());
            Err(refuse(StatusCode::REQUEST_TIMEOUT, words))
        }
    }
}

/// Gives every request of the stateless kind a place to park its results, and puts them into the answer.
async fn answer(shared: &Shared, mut request: Request, next: Next) -> Response {
    // In a session rmcp keeps messages for clients that come back for them, so they must be whole from the start.
    if request.headers().contains_key("mcp-session-id") {
        return next.run(request).await;
    }
    let opening = opens_session(request.headers()).then(|| Opening::begin(&shared.opening));
    if let Some(opening) = &opening
        && shared.sessions.sessions.read().await.len() + opening.before >= MOST_SESSIONS
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
