//! `serve`: MCP over stdio or HTTP until the client goes away or a signal comes.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{
    Failure,
    options::{ServeOptions, runtime},
};
use crate::{
    config::Transport,
    transport::{serve_http, serve_stdio},
};

/// Runs the command.
pub fn run(options: &ServeOptions) -> Result<(), Failure> {
    let runtime = runtime()?;
    let outcome = runtime.block_on(serve(options));
    // A thread that still waits for a line on standard input must not hold the program up.
    runtime.shutdown_background();
    outcome
}

async fn serve(options: &ServeOptions) -> Result<(), Failure> {
    let started = options.panel.start(options.environment()).await?;
    let config = started.gateway.config();
    tracing::info!(
        panel = started.gateway.client().base(),
        sandbox = started.sandbox.is_some(),
        tools = started.gateway.registry().iter().count(),
        "starting"
    );
    if !config.audit_enabled {
        tracing::warn!("calls are not recorded (MCP_AUDIT_ENABLED=false)");
    }
    if !started.gateway.gate_can_open() {
        tracing::info!("dangerous and critical tools are off (MCP_CONFIRM_TOKEN is not set)");
    }
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone());
    match config.transport {
        Transport::Stdio => {
            serve_stdio(Arc::clone(&started.gateway), stop).await.map_err(|error| Failure::Failed(Some(error)))
        }
        Transport::Http => {
            let address = config.http_addr.unauthenticated().map_err(Failure::Usage)?;
            let running = serve_http(Arc::clone(&started.gateway), address, stop)
                .await
                .map_err(|error| Failure::Failed(Some(error)))?;
            tracing::warn!("clients are NOT authenticated: every program on this machine can use this gateway");
            tracing::info!(url = format!("http://{}/mcp", running.address), health = config.health_path, "listening");
            running.finished().await.map_err(|error| Failure::Failed(Some(error)))
        }
    }
}

/// Cancels the token at SIGINT or SIGTERM.
pub fn stop_on_signal(stop: CancellationToken) {
    tokio::spawn(async move {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
                (Ok(mut interrupt), Ok(mut terminate)) => {
                    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                }
                _ => return,
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            return;
        }
        tracing::info!("stopping");
        stop.cancel();
    });
}
