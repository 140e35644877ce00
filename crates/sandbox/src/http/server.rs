//! The panel over TCP. The listener hands each connection a switch; a reply that is to be lost turns it, and from then
//! on the connection refuses to write, so that the client sees it close without a byte.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::request::Response;
use crate::Panel;

/// A TCP listener whose connections can be cut.
pub(crate) struct CuttingListener(pub(crate) TcpListener);

/// A connection that can be cut.
pub(crate) struct CuttableStream {
    stream: TcpStream,
    cut: Arc<AtomicBool>,
}

/// Where a connection came from, and its switch.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    ip: IpAddr,
    cut: Arc<AtomicBool>,
}

impl Listener for CuttingListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, addr)) = self.0.accept().await {
                // small answers must not wait for the client's acknowledgement
                let _ = stream.set_nodelay(true);
                return (CuttableStream { stream, cut: Arc::default() }, addr);
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, CuttingListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, CuttingListener>) -> Self {
        Self { ip: stream.remote_addr().ip(), cut: Arc::clone(&stream.io().cut) }
    }
}

impl CuttableStream {
    fn check(&self) -> io::Result<()> {
        if self.cut.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Serves a panel until `stop` resolves.
pub(crate) async fn serve(
    panel: Panel,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app = axum::Router::new().fallback(
        async move |ConnectInfo(peer): ConnectInfo<Peer>, request: http::Request<Body>| {
            Ok::<_, Infallible>(respond(&panel, &peer, request).await)
        },
    );
    axum::serve(CuttingListener(listener), app.into_make_service_with_connect_info::<Peer>())
        .with_graceful_shutdown(stop)
        .await
}

async fn respond(panel: &Panel, peer: &Peer, request: http::Request<Body>) -> http::Response<Body> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        // the client went away in the middle of its request: nobody reads the answer
        peer.cut.store(true, Ordering::Release);
        return http::Response::new(Body::empty());
    };
    let target = head.uri.path_and_query().map_or("/", |p| p.as_str());
    let response = panel.request_from(peer.ip, head.method, target, head.headers, body).await;
    if response.cut {
        peer.cut.store(true, Ordering::Release);
    }
    finish(response)
}

fn finish(response: Response) -> http::Response<Body> {
    let mut out = http::Response::new(Body::from(response.body));
    if let Ok(status) = http::StatusCode::from_u16(response.status) {
        *out.status_mut() = status;
    }
    *out.headers_mut() = response.headers;
    out
}
