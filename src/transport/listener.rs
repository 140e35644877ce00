//! Connections: each with a time limit on its headers, without the delay that small packets get, and with the address that it
//! came from. Which requests are served is no matter of this file.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::auth::Peer;

/// Longest head of a request. A provider's token with all its groups fits.
const LONGEST_HEAD: usize = 64 << 10;

/// Accepts until `stop`, then waits until what is under way has ended. `header_timeout` is asked for every connection.
pub async fn accept(
    mut listener: TcpListener,
    app: Router,
    header_timeout: impl Fn() -> Duration,
    stop: CancellationToken,
) {
    let connections = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            // axum's: it waits a moment when the process has no more file descriptors.
            accepted = axum::serve::Listener::accept(&mut listener) => accepted,
            () = stop.cancelled() => break,
        };
        // Without TCP_NODELAY an event stream waits 44 ms for the client's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let app = app.clone().map_request(move |mut request: http::Request<_>| {
            request.extensions_mut().insert(Peer(peer));
            request
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_timeout())
            .max_header_size(LONGEST_HEAD)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
        let watched = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}
