//! One change in the ledger, from its intent to its settlement. Each step is on disk before the next one is taken.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use flvx_panel::spec::Route;
use serde_json::{Value, json};

use super::{
    Desk,
    undo::{Reached, SoFar, Step},
};
use crate::{
    access::Principal,
    audit::{Audit, Record},
    result::{CallOutput, ErrorKind, Outcome, ToolError},
    store::{NewSaved, SavedKind, Settlement, Store, StoreError},
    trace::TraceId,
};

/// Largest `data` that is kept for a repeat, in bytes.
const MOST_DATA: usize = 64 << 10;

/// How long to wait before a result is written down again after that failed.
const AGAIN: Duration = Duration::from_secs(2);

/// The right to run one change, and the hand that writes down how far it came. Dropped unsettled (a crash of the task), it
/// leaves the change `unknown`, or free again when the panel cannot have it.
#[derive(Debug)]
pub struct Journal {
    store: Store,
    trace: TraceId,
    principal: Arc<Principal>,
    panel: String,
    announces: Option<(Audit, Record)>,
    reached: Mutex<Option<(usize, SoFar)>>,
    started: Instant,
    sent: AtomicBool,
    settled: bool,
}

impl Journal {
    /// For a change whose intent is on disk.
    pub fn new(store: Store, trace: TraceId, principal: Arc<Principal>, panel: String) -> Self {
        Self {
            store,
            trace,
            principal,
            panel,
            announces: None,
            reached: Mutex::default(),
            started: Instant::now(),
            sent: AtomicBool::new(false),
            settled: false,
        }
    }

    /// The same, for a change of which the panel had something already.
    pub fn sent(self) -> Self {
        self.sent.store(true, Ordering::Relaxed);
        self
    }

    /// The same, and the record of calls is told of the change before anything is sent.
    pub fn announcing(mut self, audit: Audit, record: Option<Record>) -> Self {
        self.announces = record.map(|record| (audit, record));
        self
    }

    /// Name of the change.
    pub fn trace(&self) -> &TraceId {
        &self.trace
    }

    /// Where the answers of the change are turned into results.
    pub fn desk(&self) -> Desk<'_> {
        Desk { store: &self.store, panel: &self.panel, principal: &self.principal, trace_id: self.trace.as_str() }
    }

    /// Of several calls the one at this place is next. Is written down with it, and what is known of those before it.
    pub(super) fn reached(&self, place: usize, so_far: &SoFar) {
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some((place, so_far.clone()));
    }

    /// Notes that from now on the panel may have the request.
    ///
    /// # Errors
    /// It is not on disk, so nothing may be sent.
    pub async fn sending(&self, before: &Value, saved: Option<String>) -> Result<(), ToolError> {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let before = match reached {
            Some((place, so_far)) => json!(Reached { place, so_far, before: before.clone(), saved: saved.clone() }),
            None => before.clone(),
        };
        self.sent.store(true, Ordering::Relaxed);
        let ledger = self.store.ledger_sending(self.trace.as_str().to_owned(), before.to_string(), saved);
        let Some((audit, record)) = &self.announces else { return ledger.await.map_err(unavailable) };
        // Together they share one transaction.
        let (ledger, intent) = tokio::join!(ledger, audit.intent(record));
        intent.map_err(|error| error.refusal())?;
        ledger.map_err(unavailable)
    }

    /// Keeps a state that holds secrets in a file. Gives its id.
    ///
    /// # Errors
    /// It is not on disk, so nothing may be sent.
    pub async fn keep(&self, route: &Route, document: &Value) -> Result<String, StoreError> {
        let new = NewSaved {
            kind: SavedKind::Before,
            trace_id: self.trace.as_str().to_owned(),
            panel: self.panel.clone(),
            principal: self.principal.name.clone(),
            tool: route.tool.to_owned(),
            note: format!("state before {}", route.tool),
        };
        Ok(self.store.keep(new, document.to_string().into_bytes()).await?.id)
    }

    /// Writes down what came of it. Tells the caller when that did not work; the change itself has happened all the same.
    pub async fn settle(mut self, output: &mut CallOutput, steps: &[Step]) {
        self.settled = true;
        let settlement = settlement(output, steps);
        let trace = self.trace.as_str().to_owned();
        if let Err(error) = self.store.ledger_settle(trace.clone(), settlement.clone()).await {
            tracing::error!(trace_id = trace, %error, "the result of a change could not be written down; it is tried again");
            output.warnings.push("the result could not be written down yet; until it is, a repeat with this idempotency_key is answered with in_progress".to_owned());
            tokio::spawn(settle_later(self.store.clone(), trace, settlement));
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let (outcome, hint) = if self.sent.load(Ordering::Relaxed) {
            (
                Outcome::Unknown,
                "The change may or may not have happened; repeat the call with the same idempotency_key to find out.",
            )
        } else {
            (Outcome::NotSent, "Nothing was sent, and the idempotency_key is free again.")
        };
        let error = ToolError::new(ErrorKind::Internal, "the call broke off inside the gateway", hint);
        let mut lost = CallOutput { outcome: Some(outcome), ..CallOutput::failed(error) };
        self.trace.as_str().clone_into(&mut lost.trace_id);
        let (store, trace) = (self.store.clone(), self.trace.as_str().to_owned());
        // Its own record went down with the task.
        if let Some((audit, record)) = self.announces.take() {
            audit.refused(record, "broke_off", self.started.elapsed());
        }
        // Without a runtime the process is ending; the next one sees that this one is gone.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let settlement = settlement(&lost, &[]);
                if let Err(error) = store.ledger_settle(trace.clone(), settlement.clone()).await {
                    tracing::error!(trace_id = trace, %error, "a change that broke off could not be noted; it is tried again");
                    settle_later(store, trace, settlement).await;
                }
            });
        }
    }
}

/// Writes a result down as soon as that works. When the process ends before, the next one finds out by reading.
async fn settle_later(store: Store, trace: String, settlement: Settlement) {
    loop {
        tokio::time::sleep(AGAIN).await;
        if store.ledger_settle(trace.clone(), settlement.clone()).await.is_ok() {
            tracing::info!(trace_id = trace, "the result of a change is written down now");
            return;
        }
    }
}

/// What is kept of a result. A change that had no effect frees its key, so that it can be tried again.
pub fn settlement(output: &CallOutput, steps: &[Step]) -> Settlement {
    let outcome = output.outcome.unwrap_or(Outcome::Rejected);
    let live = matches!(outcome, Outcome::Done | Outcome::Partial | Outcome::Unknown | Outcome::Replayed);
    let mut kept = output.clone();
    if kept.data.as_ref().is_some_and(|data| data.len() > MOST_DATA) {
        kept.data = None;
        kept.warnings.push("data was too large to be kept for a repeat".to_owned());
    }
    Settlement {
        outcome: outcome.word().to_owned(),
        verified: output.verified,
        result: kept.to_json(),
        undo: live.then(|| serde_json::to_string(steps).unwrap_or_else(|_| "[]".to_owned())),
        saved: steps.iter().find_map(|step| step.saved.clone()),
        live,
    }
}

/// The state cannot be kept, so nothing was sent. The log has the path; the caller does not.
pub fn unavailable(error: StoreError) -> ToolError {
    tracing::error!(%error, "the gateway's state");
    let (message, hint) = match error {
        StoreError::DiskFull(_) => (
            "the disk that holds the gateway's records is full, and a change without a record is not made",
            "Nothing was sent. Tell the operator: room is needed where MCP_STATE_DIR is.",
        ),
        StoreError::Locked => (
            "another process keeps the gateway's records locked",
            "Nothing was sent. Try again in a moment; if it stays, tell the operator.",
        ),
        _ => (
            "the gateway's records cannot be read or written",
            "Nothing was sent. Tell the operator; the gateway's log has the reason.",
        ),
    };
    ToolError { retry_after_ms: Some(5_000), ..ToolError::new(ErrorKind::RecordUnavailable, message, hint) }
}
