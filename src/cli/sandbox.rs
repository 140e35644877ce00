//! `sandbox`: only the stand-in panel.

use std::net::SocketAddr;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{Failure, format::print, options::runtime, serve::stop_on_signal};

/// Options of `sandbox`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The panel forgets everything when it ends. Beside the panel's own routes it has
  POST /__sandbox/faults   make it misbehave: {\"fault\":\"latency\",\"ms\":500,\"times\":3,\"path\":\"/api/v1/node/list\"};
                           faults: latency, cut (the work is done, the answer is lost), lie (success, nothing done), unauthorized,
                           status, database, html, half_json, empty, huge, hold_before and hold_after
  POST /__sandbox/release  let go what is held
  GET, POST /__sandbox/agents   what every node runs; take one off line: {\"node\":1,\"online\":false}
  GET  /__sandbox/calls    how often each path was called
  POST /__sandbox/reset    put the small world back")]
pub struct Options {
    /// Where it listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:6365")]
    addr: SocketAddr,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    if !options.addr.ip().is_loopback() {
        return Err(Failure::Usage(format!(
            "the sandbox has well-known passwords and listens on loopback only, not on {}",
            options.addr
        )));
    }
    runtime()?.block_on(async {
        let running = flvx_sandbox::Sandbox::start(flvx_sandbox::Options {
            addr: options.addr,
            ..flvx_sandbox::Options::default()
        })
        .await
        .map_err(|error| Failure::Failed(Some(format!("{} cannot be listened on: {error}", options.addr))))?;
        let admin = flvx_sandbox::world::ADMIN;
        print(&format!(
            "sandbox panel: http://{} (administrator {admin}, password {admin})\nCtrl-C ends it.",
            running.addr
        ))?;
        let stop = CancellationToken::new();
        stop_on_signal(stop.clone());
        stop.cancelled().await;
        Ok(())
    })
}
