//! Connections: each with a time limit on its headers, without the delay that small packets get, and with the address that it
//! came from, and not more at once than there is room for. Which requests are served is no matter of this file.

use std::{sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::auth::Peer;

/// Longest head of a request. A provider's token with all its groups fits.
const LONGEST_HEAD: usize = 64 << 10;
/// Connections that are open at once; more wait in the system's queue.
const MOST_CONNECTIONS: usize = 512;

/// Accepts until `stop`, then waits until what is under way has ended. `header_timeout` is asked for every connection.
pub async fn accept(
    mut listener: TcpListener,
    app: Router,
    header_timeout: impl Fn() -> Duration,
    stop: CancellationToken,
) {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let next = async {
            // Never closed, so there is always one to come.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            // axum's: it waits a moment when the process has no more file descriptors.
            let (stream, peer) = axum::serve::Listener::accept(&mut listener).await;
            (place, stream, peer)
        };
        let (place, stream, peer) = tokio::select! {
            accepted = next => accepted,
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
            let _place = place;
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}
