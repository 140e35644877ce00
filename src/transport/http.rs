//! Streamable HTTP: `/mcp` for every protocol revision, the health path beside it.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::get,
    serve::ListenerExt as _,
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body::{Frame, SizeHint};
use rmcp::transport::{
    StreamableHttpServerConfig, StreamableHttpService, streamable_http_server::session::local::LocalSessionManager,
};
use tokio::net::TcpListener;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

use super::{
    McpServer,
    splice::{Parking, SpliceBody},
};
use crate::{
    access::{Principal, Rights, Via},
    config::Config,
    gateway::Gateway,
};

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
    let (running, streams) = (TaskTracker::new(), CancellationToken::new());
    let app = app(gateway, running.clone(), streams.clone());
    // Without TCP_NODELAY an event stream waits 44 ms for the client's delayed acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let task = tokio::spawn(async move {
        let over = stop.clone();
        let server = axum::serve(listener, app).with_graceful_shutdown(async move { over.cancelled().await });
        let late = async {
            stop.cancelled().await;
            // rmcp's token ends everything at once, calls too, so the calls come first.
            running.close();
            let in_time = tokio::time::timeout(LAST_WORDS, running.wait()).await.is_ok();
            streams.cancel();
            tokio::time::sleep(GOOD_BYE).await;
            in_time
        };
        tokio::select! {
            ended = async { server.await } => ended.map_err(|error| error.to_string()),
            in_time = late => {
                tracing::warn!(calls = !in_time, "open connections were cut off");
                Ok(())
            }
        }
    });
    Ok(Running { address, task })
}

fn app(gateway: Arc<Gateway>, running: TaskTracker, streams: CancellationToken) -> Router {
    let config = gateway.config().clone();
    let health = health_text(&config);
    let server = McpServer::new(gateway, Principal::new("http", Via::Anonymous, Rights::all()));
    let sessions = Arc::new(LocalSessionManager::default());
    let service =
        StreamableHttpService::new(move || Ok(server.clone()), Arc::clone(&sessions), mcp_config(&config, streams));
    Router::new()
        .route_service("/mcp", service)
        .layer(middleware::from_fn_with_state(Shared { sessions, running }, around))
        .route(
            &config.health_path,
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], health.clone()) }),
        )
        .fallback(|| async { (StatusCode::NOT_FOUND, "not found: the MCP endpoint is /mcp\n") })
}

fn mcp_config(config: &Config, stop: CancellationToken) -> StreamableHttpServerConfig {
    let hosts =
        ["localhost", "127.0.0.1", "::1"].into_iter().map(str::to_owned).chain(config.allowed_hosts.iter().cloned());
    let origins = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]
        .into_iter()
        .map(str::to_owned)
        .chain(config.allowed_origins.iter().cloned());
    StreamableHttpServerConfig::default()
        .with_json_response(true)
        .with_cancellation_token(stop)
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins)
}

fn health_text(config: &Config) -> String {
    serde_json::json!({ "status": "ok", "name": config.server_name, "version": config.server_version }).to_string()
}

/// What the requests of one server have in common.
#[derive(Debug, Clone)]
struct Shared {
    sessions: Arc<LocalSessionManager>,
    /// One token for each call that runs, until its answer is written.
    running: TaskTracker,
}

/// Counts the calls that run.
async fn around(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let token = shared.running.token();
    answer(&shared, request, next).await.map(|body| Body::new(HeldBody { inner: body, _token: token }))
}

/// Gives every request of the stateless kind a place to park its results, and puts them into the answer.
async fn answer(shared: &Shared, mut request: Request, next: Next) -> Response {
    // In a session rmcp keeps messages for clients that come back for them, so they must be whole from the start.
    if request.headers().contains_key("mcp-session-id") {
        return next.run(request).await;
    }
    if opens_session(request.headers()) && shared.sessions.sessions.read().await.len() >= MOST_SESSIONS {
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

/// A body that counts as a running call until it has been sent.
#[derive(Debug)]
struct HeldBody {
    inner: Body,
    _token: TaskTrackerToken,
}

impl http_body::Body for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.inner)
    }
}

/// Requests of 2026-07-28 name their revision; what names none, or an older one, may be an `initialize`.
fn opens_session(headers: &HeaderMap) -> bool {
    headers
        .get("mcp-protocol-version")
        .and_then(|value| value.to_str().ok())
        .is_none_or(|version| version < "2026-07-28")
}
