//! Streamable HTTP: `/mcp` for every protocol revision, the health path beside it. Who comes is found out in front of it
//! (`auth`), and what a request may cost is held down on its way in (`intake`).

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    middleware,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, header};
use rmcp::transport::{
    StreamableHttpServerConfig, StreamableHttpService, streamable_http_server::session::local::LocalSessionManager,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    Entrance, McpServer, auth,
    intake::{Intake, intake},
    listener,
    places::Places,
};
use crate::{config::Config, gateway::Gateway};

/// How long a session of the older revisions may be silent. A call of it that runs longer loses its answer: what it does goes
/// on, and its idempotency key tells what came of it.
const SESSION_SILENCE: Duration = Duration::from_secs(15 * 60);
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
    let sessions = Arc::new(sessions());
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
        .layer(middleware::from_fn_with_state(Intake::new(Arc::clone(&guard), sessions, places), intake))
        .layer(middleware::from_fn_with_state(guard, auth::guard))
        .route("/.well-known/oauth-protected-resource", metadata.clone())
        .route("/.well-known/oauth-protected-resource/{*endpoint}", metadata)
        .route(
            &config.health_path,
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], health.clone()) }),
        )
        .fallback(not_found)
}

fn sessions() -> LocalSessionManager {
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.keep_alive = Some(SESSION_SILENCE);
    sessions
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
