//! Every change by its idempotency key: the same key and request give the first result again, another request under the key is
//! refused, and of two calls at once one runs.
//!
//! Kept in memory for the life of the process; the key's life is `MCP_IDEMPOTENCY_TTL_SECONDS`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::result::{CallOutput, ErrorKind, Outcome, ToolError};

/// Most keys kept; beyond that the oldest settled ones go first.
const MOST_KEYS: usize = 10_000;

/// Principal, credential name, tool and key: who may meet whose result.
type Name = (String, String, &'static str, String);

/// The keys and what came of them.
#[derive(Debug)]
pub struct Ledger {
    entries: Arc<Mutex<HashMap<Name, Entry>>>,
    life: Duration,
}

#[derive(Debug, Clone)]
struct Entry {
    digest: [u8; 32],
    since: Instant,
    result: Option<Arc<CallOutput>>,
}

/// What a key means for a call.
#[derive(Debug)]
pub enum Begin {
    /// It is new: run the call and settle the ticket.
    Run(Ticket),
    /// It was run before: this is the result.
    Replay(Arc<CallOutput>),
    /// The key was used for another request.
    Conflict,
    /// A call with this key and request is running.
    InProgress,
}

/// The right to run a call. Dropped unsettled (a crash of the task), it leaves the key `unknown`.
#[derive(Debug)]
pub struct Ticket {
    entries: Arc<Mutex<HashMap<Name, Entry>>>,
    name: Option<Name>,
}

impl Ledger {
    /// An empty ledger whose keys live this long after they are settled.
    pub fn new(life: Duration) -> Self {
        Self { entries: Arc::default(), life }
    }

    /// Looks a key up and takes it if it is free.
    pub fn begin(&self, principal: &str, credential: &str, tool: &'static str, key: &str, digest: [u8; 32]) -> Begin {
        let name = (principal.to_owned(), credential.to_owned(), tool, key.to_owned());
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST_KEYS {
            let life = self.life;
            entries.retain(|_, entry| entry.result.is_none() || entry.since.elapsed() < life);
            while entries.len() >= MOST_KEYS {
                let oldest = entries
                    .iter()
                    .filter(|(_, entry)| entry.result.is_some())
                    .min_by_key(|(_, entry)| entry.since)
                    .map(|(name, _)| name.clone());
                let Some(oldest) = oldest else { break };
                entries.remove(&oldest);
            }
        }
        if let Some(entry) = entries.get(&name) {
            match &entry.result {
                None if entry.digest == digest => return Begin::InProgress,
                Some(_) if entry.since.elapsed() >= self.life => {}
                Some(result) if entry.digest == digest => return Begin::Replay(Arc::clone(result)),
                _ => return Begin::Conflict,
            }
        }
        entries.insert(name.clone(), Entry { digest, since: Instant::now(), result: None });
        Begin::Run(Ticket { entries: Arc::clone(&self.entries), name: Some(name) })
    }
}

impl Ticket {
    /// Writes down what came of the call. A call that had no effect frees its key, so that it can be tried again.
    pub fn settle(mut self, output: &CallOutput) {
        let Some(name) = self.name.take() else { return };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        match output.outcome {
            Some(Outcome::Done | Outcome::Partial | Outcome::Unknown | Outcome::Replayed) => {
                if let Some(entry) = entries.get_mut(&name) {
                    entry.since = Instant::now();
                    entry.result = Some(Arc::new(output.clone()));
                }
            }
            Some(Outcome::Rejected | Outcome::NotSent) | None => {
                entries.remove(&name);
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        let lost = CallOutput {
            outcome: Some(Outcome::Unknown),
            ..CallOutput::failed(ToolError::new(
                ErrorKind::Internal,
                "the call with this key broke off inside the gateway",
                "The change may or may not have happened; read the state before anything else.",
            ))
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(&name) {
            entry.since = Instant::now();
            entry.result = Some(Arc::new(lost));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    fn done() -> CallOutput {
        CallOutput { outcome: Some(Outcome::Done), ..CallOutput::default() }
    }

    fn run(ledger: &Ledger, key: &str, digest: u8) -> Ticket {
        match ledger.begin("local", "default", "node.create", key, [digest; 32]) {
            Begin::Run(ticket) => ticket,
            other => panic!("expected the call to run, got {other:?}"),
        }
    }

    #[test]
    fn a_settled_key_replays_for_the_same_request_and_conflicts_for_another() {
        let ledger = Ledger::new(Duration::from_secs(60));
        run(&ledger, "key-0001", 1).settle(&done());
        assert!(matches!(ledger.begin("local", "default", "node.create", "key-0001", [1; 32]), Begin::Replay(_)));
        assert!(matches!(ledger.begin("local", "default", "node.create", "key-0001", [2; 32]), Begin::Conflict));
        assert!(matches!(ledger.begin("other", "default", "node.create", "key-0001", [2; 32]), Begin::Run(_)));
    }

    #[test]
    fn a_running_key_is_in_progress_and_a_lost_one_is_unknown() {
        let ledger = Ledger::new(Duration::from_secs(60));
        let ticket = run(&ledger, "key-0001", 1);
        assert!(matches!(ledger.begin("local", "default", "node.create", "key-0001", [1; 32]), Begin::InProgress));
        drop(ticket);
        match ledger.begin("local", "default", "node.create", "key-0001", [1; 32]) {
            Begin::Replay(result) => assert_eq!(result.outcome, Some(Outcome::Unknown)),
            other => panic!("expected the lost call's result, got {other:?}"),
        }
    }

    #[test]
    fn a_call_without_effect_frees_its_key() {
        let ledger = Ledger::new(Duration::from_secs(60));
        run(&ledger, "key-0001", 1).settle(&CallOutput { outcome: Some(Outcome::Rejected), ..CallOutput::default() });
        run(&ledger, "key-0001", 2).settle(&done());
    }

    #[test]
    fn a_key_can_be_used_anew_after_its_life() {
        let ledger = Ledger::new(Duration::ZERO);
        run(&ledger, "key-0001", 1).settle(&done());
        run(&ledger, "key-0001", 2).settle(&done());
    }
}
