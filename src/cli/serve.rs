//! `serve`: MCP over stdio or HTTP until the client goes away or a signal comes.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{
    Failure,
    options::{ServeOptions, runtime},
    policy::callers,
    reload,
};
use crate::{
    audit::{Event, prune_daily},
    config::Transport,
    gateway::Gateway,
    store::{Store, millis, now_ms},
    transport::{serve_http, serve_stdio},
};

/// How often old changes are looked for.
const DAY: Duration = Duration::from_secs(24 * 3_600);

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
    tracing::info!(
        panel = started.gateway.client().base(),
        sandbox = started.sandbox.is_some(),
        tools = started.gateway.registry().iter().count(),
        "starting"
    );
    begin_record(&started.gateway).await;
    if let Some(keep) = started.gateway.config().history {
        tokio::spawn(forget_daily(started.gateway.store().clone(), keep));
    }
    if !started.gateway.gate().can_open() {
        tracing::info!("dangerous and critical tools are off (MCP_CONFIRM_TOKEN is not set)");
    }
    let stop = CancellationToken::new();
    stop_on_signal(stop.clone());
    reload::on_signal(Arc::clone(&started.gateway));
    let outcome = serve_until(&started.gateway, stop).await;
    end_record(&started.gateway).await;
    outcome
}

async fn serve_until(gateway: &Arc<Gateway>, stop: CancellationToken) -> Result<(), Failure> {
    let config = gateway.config();
    match config.transport {
        Transport::Stdio => serve_stdio(Arc::clone(gateway), stop).await.map_err(|error| Failure::Failed(Some(error))),
        Transport::Http => {
            let policy = gateway.policy();
            let address = policy.address(&config.http_addr).map_err(Failure::Usage)?;
            let running =
                serve_http(Arc::clone(gateway), address, stop).await.map_err(|error| Failure::Failed(Some(error)))?;
            if let Some(words) = callers(&policy, address) {
                tracing::warn!("{words}");
            }
            tracing::info!(url = format!("http://{}/mcp", running.address), health = config.health_path, "listening");
            running.finished().await.map_err(|error| Failure::Failed(Some(error)))
        }
    }
}

/// Records the start, and keeps the record as long as the operator wants it.
async fn begin_record(gateway: &Gateway) {
    let config = gateway.config();
    let audit = gateway.audit();
    if !audit.is_on() {
        // As an error, so that a quiet log tells it too.
        tracing::error!("CALLS ARE NOT RECORDED (MCP_AUDIT_ENABLED=false): nobody will be able to tell who did what");
        return;
    }
    let start = Event::new(Event::START)
        .with("version", env!("CARGO_PKG_VERSION"))
        .with("panel", gateway.client().base())
        .with("transport", if config.transport == Transport::Stdio { "stdio" } else { "http" });
    // Told by the record itself when it fails: reads go on, changes are refused.
    let _ = audit.event(start).await;
    if let Some(keep) = config.audit_retention {
        tokio::spawn(prune_daily(gateway.store().clone(), audit.clone(), keep));
    }
}

/// Forgets changes that are older than the operator wants to remember them: now, and once a day.
async fn forget_daily(store: Store, keep: Duration) {
    loop {
        match store.ledger_forget(now_ms().saturating_sub(millis(keep))).await {
            Ok(0) => {}
            Ok(changes) => tracing::info!(changes, "old changes were forgotten (MCP_HISTORY_DAYS)"),
            Err(error) => tracing::warn!(%error, "old changes could not be forgotten"),
        }
        tokio::time::sleep(DAY).await;
    }
}

/// Writes what still waits and records the end in good order.
async fn end_record(gateway: &Gateway) {
    gateway.audit().flush().await;
    let _ = gateway.audit().event(Event::new(Event::STOP)).await;
    gateway.audit().flush().await;
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
