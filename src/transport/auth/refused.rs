//! Failed proofs, told without being a way to fill a disk: the first ones of a minute, and how many there were besides.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::audit::{Audit, Event};

/// How many are told in a minute.
const TOLD_A_MINUTE: u64 = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// One failed proof. Nothing of the token itself is in it.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Where it came from.
    pub peer: Option<SocketAddr>,
    /// Why it was refused; for the operator, never for the client.
    pub reason: String,
    /// How many more there were since the last one that was told.
    pub untold: u64,
}

/// Whoever wants to know of failed proofs.
pub trait Watch: std::fmt::Debug + Send + Sync {
    /// Somebody was not let in.
    fn refused(&self, refusal: &Refusal);
}

/// Tells them in the log, and in the record of calls.
#[derive(Debug, Clone)]
pub struct ToRecord(pub Audit);

impl Watch for ToRecord {
    fn refused(&self, refusal: &Refusal) {
        let event = Event::new(Event::AUTH_REFUSED)
            .with("peer", refusal.peer.map(|peer| peer.to_string()).unwrap_or_default())
            .with("reason", refusal.reason.as_str())
            .with("untold", refusal.untold);
        self.0.note(event);
        tracing::warn!(
            target: "audit",
            peer = refusal.peer.map(|peer| peer.to_string()),
            reason = refusal.reason,
            untold = refusal.untold,
            "not let in"
        );
    }
}

/// Hands on what may be told.
#[derive(Debug, Default)]
pub struct Throttle {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    told: u64,
    untold: u64,
}

impl Throttle {
    /// The number of untold ones to tell along with one more; `None`: this one stays untold too.
    pub fn next(&self) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.since.is_none_or(|since| since.elapsed() >= MINUTE) {
            state.since = Some(Instant::now());
            state.told = 0;
        }
        if state.told >= TOLD_A_MINUTE {
            state.untold += 1;
            return None;
        }
        state.told += 1;
        Some(std::mem::take(&mut state.untold))
    }
}
