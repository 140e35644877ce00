//! SIGHUP: the file of records is opened anew, and the policy file is read again while everything runs on. A good one takes the old one's place for every later request,
//! also of open sessions; a bad one changes nothing and is told loudly.

use std::sync::Arc;

use super::policy;
use crate::{
    access::{GATEWAY, Via},
    audit::Event,
    config::{Policy, Transport},
    gateway::Gateway,
};

/// Waits for the signal as long as the program runs.
pub fn on_signal(gateway: Arc<Gateway>) {
    #[cfg(unix)]
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
        while hangups.recv().await.is_some() {
            reopen(&gateway);
            let outcome = reload(&gateway);
            let event = Event::new(Event::RELOAD).by(GATEWAY, Some(Via::Command.word()));
            // Told by the record itself when it fails.
            let _ = gateway.audit().event(event.with("policy", outcome)).await;
        }
    });
    #[cfg(not(unix))]
    drop(gateway);
}

/// For whoever has moved the file of records away.
fn reopen(gateway: &Gateway) {
    if gateway.config().audit_jsonl.is_none() {
        return;
    }
    match gateway.audit().reopen() {
        Ok(()) => tracing::info!("the file of records was opened anew"),
        Err(error) => tracing::error!(error, "lines go on into the old file"),
    }
}

/// Gives the word for the record.
fn reload(gateway: &Gateway) -> &'static str {
    let Some(path) = gateway.config().policy_file.as_deref() else {
        tracing::warn!(
            "SIGHUP: there is no policy file to read again (MCP_POLICY_FILE); settings of the environment need a restart"
        );
        return "none";
    };
    match gateway.reload() {
        Ok((old, new)) => {
            tracing::info!(policy = %path.display(), principals = new.roster.iter().count(), "the policy was read again and is in force");
            for what in needs_restart(&old, &new) {
                tracing::warn!("{what} changed in the policy; that takes effect with a restart");
            }
            warn_of_callers(gateway, &new);
            "in force"
        }
        Err(error) => {
            tracing::error!("the policy was NOT changed, the last good one stays in force: {error}");
            "refused; the last good one stays"
        }
    }
}

/// Tells who can come in over HTTP from now on, as the start does.
fn warn_of_callers(gateway: &Gateway, new: &Policy) {
    let config = gateway.config();
    if config.transport != Transport::Http {
        return;
    }
    if new.shuts_out_all() {
        tracing::warn!(
            "nobody can come in over http now: no token and no `jwt` is in the policy, and anonymous callers are not let in; the next start would be refused"
        );
    } else if let Ok(address) = new.address(&config.http_addr)
        && let Some(words) = policy::callers(new, address)
    {
        tracing::warn!("{words}");
    }
}

/// What a running server cannot take over.
fn needs_restart(old: &Policy, new: &Policy) -> Vec<&'static str> {
    let mut list = Vec::new();
    if old.http.public_url != new.http.public_url {
        list.push("http.public_url (the hosts and origins that requests may name)");
    }
    list
}
