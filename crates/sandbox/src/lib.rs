//! An embedded FLVX panel: the real panel's routes with state and its behaviour, quirks included, held in memory. It is
//! what the demo, the tests and the benchmarks run on. [`Panel`] is called in process; [`Sandbox::start`] puts one on
//! a TCP port.

pub mod agents;
pub mod http;
mod panel;
pub mod peers;
mod routes;
pub mod state;
pub mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use crate::http::faults::{Fault, FaultRule};
pub use crate::http::router::paths;
pub use crate::http::{Request, Response};
pub use crate::panel::Panel;
pub use crate::state::{Clock, Settings, State};

/// How to start a sandbox.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The panel's settings.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Self { addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings: Settings::default() }
    }
}

/// The sandbox as a server.
#[derive(Debug)]
pub struct Sandbox;

impl Sandbox {
    /// Starts a panel with the standard world on a port of its own.
    pub async fn start(options: Options) -> io::Result<Running> {
        Self::serve(Panel::new(options.settings), options.addr).await
    }

    /// Puts a panel of your own on a port.
    pub async fn serve(panel: Panel, addr: SocketAddr) -> io::Result<Running> {
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        panel.publish(&addr.to_string());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = panel.clone();
        let task = tokio::spawn(async move {
            let stop = async {
                // a dropped sender stops the server as well
                let _ = stopped.await;
            };
            http::server::serve(served, listener, stop).await
        });
        Ok(Running { addr, panel, stop: Some(stop), task })
    }
}

/// A running sandbox; it ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The panel itself.
    pub panel: Panel,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    /// The base URL, such as `http://127.0.0.1:16400`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Takes no more connections, lets requests in flight finish, and returns when all is closed.
    pub async fn shutdown(mut self) -> io::Result<()> {
        self.stop.take();
        (&mut self.task).await.map_err(io::Error::other)?
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
