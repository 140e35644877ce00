//! The log: standard error only, so that standard output stays MCP's or the command's.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use super::stderr;
use crate::config::{Config, LogFormat};

/// Starts logging as configured. rmcp tells several lines a call at `info`, so it is held to warnings unless debugging; and never
/// more than that, because below it prints whole requests, passwords and all.
pub fn start(config: &Config) {
    let level = config.log_level;
    let library = if level >= LevelFilter::DEBUG { LevelFilter::INFO } else { level.min(LevelFilter::WARN) };
    // The record of calls has its own switch (MCP_AUDIT_ENABLED); a quiet log must not silence it.
    let audit = if config.audit_enabled { LevelFilter::INFO } else { LevelFilter::OFF };
    let filter = Targets::new().with_default(level).with_targets([
        ("audit", audit),
        ("rmcp", library),
        ("hyper_util", LevelFilter::WARN),
        ("reqwest", LevelFilter::WARN),
        ("rustls", LevelFilter::WARN),
    ]);
    let registry = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(stderr::writer(config.log_format == LogFormat::Json));
    match config.log_format {
        LogFormat::Text => registry.with(lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))).init(),
        LogFormat::Json => {
            registry.with(lines.json().flatten_event(true).with_current_span(false).with_span_list(false)).init()
        }
    }
}
