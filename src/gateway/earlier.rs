//! An earlier call with the same key: its result comes back, it is still running, or nobody knows what came of it, which is
//! then found out by reading (`find_out.rs`).

use std::time::{Duration, Instant};

use flvx_panel::spec::{Cost, Route};
use serde_json::{Map, Value};

use super::{
    Arguments, Caller,
    call::Inner,
    change::{Carried, Done, States, tell},
    journal::{settlement, unavailable},
    subject::Subject,
};
use crate::{
    recipes::Before,
    result::{CallOutput, ErrorKind, Outcome, ToolError},
    store::{LedgerKey, LedgerRow, Settlement, Stage, StoreError, millis, now_ms},
};

/// How long a call waits for another one with the same key before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(25);

/// What is asked for under a key.
pub(super) struct Asked<'a> {
    pub caller: &'a Caller,
    pub key: &'a LedgerKey,
    pub digest: [u8; 32],
    pub subject: &'a Subject,
}

impl Inner {
    /// The answer that an earlier call gives to this one; `None`: the key is free.
    pub(super) async fn earlier(&self, asked: &Asked<'_>) -> Option<CallOutput> {
        match self.look_earlier(asked).await {
            Ok(answer) => answer,
            Err(error) => Some(CallOutput::rejected(unavailable(error))),
        }
    }

    async fn look_earlier(&self, asked: &Asked<'_>) -> Result<Option<CallOutput>, StoreError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let Some(row) = self.store().ledger_taken(asked.key.clone()).await? else { return Ok(None) };
            let unknown = row.outcome.as_deref() == Some(Outcome::Unknown.word());
            let over = row.stage == Stage::Settled && !unknown && self.is_over(&row);
            if over {
                return Ok(None);
            }
            if row.digest != asked.digest {
                return Ok(Some(CallOutput::rejected(ToolError::new(
                    ErrorKind::IdempotencyConflict,
                    "this idempotency_key was used for another request of this tool",
                    "Use a new key for a new change; use the old key only to repeat exactly the same call.",
                ))));
            }
            match row.stage {
                Stage::Settled if unknown => match self.find_out(asked, row).await? {
                    Some(output) => return Ok(Some(output)),
                    // Another call has found it out meanwhile.
                    None => continue,
                },
                Stage::Settled => return Ok(Some(replay(&row))),
                Stage::Intent | Stage::Sending if !self.store().is_alive(&row.owner) => {
                    if !self.store().ledger_take_over(row.trace_id.clone(), row.owner.clone()).await? {
                        continue;
                    }
                    match row.stage {
                        // Is on record before anything is read, and so outlives whatever happens to this call.
                        Stage::Sending => {
                            let settlement = settlement(&broken_off(&row), &[]);
                            self.store().ledger_settle(row.trace_id, settlement).await?;
                        }
                        // The process was gone before anything was sent: the key is free again.
                        _ => self.free(row).await?,
                    }
                }
                Stage::Intent | Stage::Sending if Instant::now() >= until => {
                    return Ok(Some(CallOutput::rejected(ToolError {
                        retry_after_ms: Some(1_000),
                        ..ToolError::new(
                            ErrorKind::InProgress,
                            "a call with this idempotency_key is still running",
                            "Wait, then repeat the same call with the same key to get its result.",
                        )
                    })));
                }
                Stage::Intent | Stage::Sending => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Whether a settled key can be used anew.
    fn is_over(&self, row: &LedgerRow) -> bool {
        let life = millis(self.config().idempotency_ttl);
        row.settled_ms.is_some_and(|settled| now_ms().saturating_sub(settled) >= life)
    }

    /// Sets the key of a change free whose process was gone before anything was sent.
    pub(super) async fn free(&self, row: LedgerRow) -> Result<(), StoreError> {
        let settlement = Settlement { outcome: Outcome::NotSent.word().to_owned(), ..Settlement::default() };
        self.store().ledger_settle(row.trace_id, settlement).await.map(drop)
    }

    /// Nobody knows what came of it: reads, and writes down what that shows. `None`: it is known meanwhile.
    async fn find_out(&self, asked: &Asked<'_>, row: LedgerRow) -> Result<Option<CallOutput>, StoreError> {
        let credential = match self.credential(&asked.caller.principal, &asked.key.credential, asked.subject).await {
            Ok(credential) => credential,
            Err(output) => return Ok(Some(*output)),
        };
        let mut output = row.result.as_deref().and_then(CallOutput::from_json).unwrap_or_else(|| broken_off(&row));
        let Carried { output: mut found, steps, .. } = match asked.subject {
            Subject::Call { route, request } => {
                let before = row.before.as_deref().and_then(|before| serde_json::from_str::<Value>(before).ok());
                let Some(before) = before.and_then(|before| Before::from_record(&before).ok()) else {
                    output
                        .warnings
                        .push("what was there before the call is not known, so reading does not tell".to_owned());
                    return Ok(Some(output));
                };
                let arguments = Arguments { request: request.clone(), ..Arguments::default() };
                let done = Done {
                    client: self.client(),
                    credential: &credential,
                    route,
                    arguments: &arguments,
                    before: &before,
                    saved: row.saved.clone(),
                };
                let proof = done.read_back(None).await;
                let steps = vec![done.step(None, &proof)];
                let failed = proof.items.iter().filter(|item| item.state == crate::recipes::State::Failed).count();
                match proof.verified {
                    Some(true) => {
                        output.error = None;
                        output.outcome = Some(Outcome::Done);
                        tell(proof, &mut output);
                        output.warnings.push(format!(
                            "nothing was sent now: an earlier call with this idempotency_key (trace_id {}) broke off, and reading shows that it is done",
                            row.trace_id
                        ));
                    }
                    // A panel that has answered, with whatever, is not at it any more.
                    Some(false) if output.panel_code.is_none() && self.may_still_come(&row, route, request) => {
                        output.verified = Some(false);
                        still_at_it(&mut output);
                    }
                    Some(false) if failed > 0 && failed < proof.items.len() => {
                        let done = proof.items.iter().filter(|item| item.state == crate::recipes::State::Done).count();
                        output.error = None;
                        output.outcome = Some(Outcome::Done);
                        // Becomes `partial`, with the items one by one.
                        tell(proof, &mut output);
                        if let Some(error) = &mut output.error {
                            error.message =
                                format!("the call broke off, and reading shows {done} items done and {failed} not");
                        }
                    }
                    Some(false) => {
                        output.verified = Some(false);
                        did_not_happen(&mut output);
                    }
                    None => output.warnings.extend(proof.warnings),
                }
                Carried { output, steps, states: States::default() }
            }
            Subject::Undo(plan) => self.resume(&asked.caller.principal, plan, &row, &credential, output).await,
        };
        found.trace_id.clone_from(&row.trace_id);
        if found.outcome != Some(Outcome::Unknown)
            && !self.store().ledger_settle(row.trace_id.clone(), settlement(&found, &steps)).await?
        {
            return Ok(None);
        }
        if matches!(found.outcome, Some(Outcome::Done)) {
            found.outcome = Some(Outcome::Replayed);
        }
        Ok(Some(found))
    }

    /// Whether the panel may still be working on it: it goes on after its answer is cut off.
    pub(super) fn may_still_come(&self, row: &LedgerRow, route: &Route, request: &Map<String, Value>) -> bool {
        let items =
            route.batch.and_then(|batch| request.get(batch.field)).and_then(Value::as_array).map_or(1, Vec::len);
        let longest = match route.cost {
            // Its database lets a write wait for 5 s.
            Cost::Fast => 7_000,
            Cost::Slow => i64::from(route.timeout_s) * 1_000 + 30_000,
            // Each further item is three commands to a node at most, of 12 s each.
            Cost::FanOut => {
                let further = i64::try_from(items).unwrap_or(i64::MAX).saturating_sub(1).saturating_mul(36_000);
                (i64::from(route.timeout_s) * 1_000 + 30_000).saturating_add(further)
            }
        };
        row.sent_ms.is_some_and(|sent| now_ms().saturating_sub(sent) < longest)
    }
}

/// The first call's result for a repeat.
fn replay(row: &LedgerRow) -> CallOutput {
    let Some(mut output) = row.result.as_deref().and_then(CallOutput::from_json) else {
        return CallOutput::failed(ToolError::new(
            ErrorKind::Internal,
            "the result of the first call with this idempotency_key cannot be read",
            "Read the state to see what is true now.",
        ));
    };
    output.warnings.push(format!(
        "nothing was sent: this idempotency_key was used before (trace_id {}), and this is that call's result",
        row.trace_id
    ));
    output.outcome = Some(Outcome::Replayed);
    output
}

/// What is known of a change whose process is gone.
fn broken_off(row: &LedgerRow) -> CallOutput {
    let error = ToolError::new(
        ErrorKind::NoAnswer,
        "the gateway ended while the call was under way",
        "The change may or may not have happened. Read the state; do not repeat the call with a new idempotency_key before that.",
    );
    CallOutput { outcome: Some(Outcome::Unknown), trace_id: row.trace_id.clone(), ..CallOutput::failed(error) }
}

/// Reading does not show it yet.
pub(super) fn still_at_it(output: &mut CallOutput) {
    if let Some(error) = &mut output.error {
        error.retry_after_ms = Some(5_000);
        error.hint = "Reading does not show the change, but the panel may still be at it. Repeat exactly this call in a while; nothing is sent twice.".to_owned();
    }
}

/// Reading shows that the call had no effect.
pub(super) fn did_not_happen(output: &mut CallOutput) {
    output.outcome = Some(Outcome::Rejected);
    output.error = Some(
        ToolError::new(
            ErrorKind::NotVerified,
            "an earlier call with this idempotency_key broke off, and reading shows that it did not take effect",
            "Nothing was sent now. The key is free again: repeat the call to make the change.",
        )
        .keyed("did_not_happen"),
    );
}
