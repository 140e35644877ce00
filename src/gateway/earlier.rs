//! An earlier call with the same key: its result comes back, it is still running, or nobody knows what came of it, which is
//! then found out by reading (`find_out.rs`).

use std::time::{Duration, Instant};

use super::{
    Caller,
    call::Inner,
    journal::{settlement, unavailable},
    subject::Subject,
};
use crate::{
    audit::Record,
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
    /// The record of this call, as far as it is filled in.
    pub record: Option<&'a Record>,
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
            if self.is_over(&row) {
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
                    if !self.store().ledger_take_over(&row).await? {
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
    pub(super) fn is_over(&self, row: &LedgerRow) -> bool {
        let life = millis(self.config().idempotency_ttl);
        let known = row.stage == Stage::Settled && row.outcome.as_deref() != Some(Outcome::Unknown.word());
        known && row.settled_ms.is_some_and(|settled| now_ms().saturating_sub(settled) >= life)
    }

    /// Sets the key of a change free whose process was gone before anything was sent.
    pub(super) async fn free(&self, row: LedgerRow) -> Result<(), StoreError> {
        let settlement = Settlement { outcome: Outcome::NotSent.word().to_owned(), ..Settlement::default() };
        self.store().ledger_settle(row.trace_id, settlement).await.map(drop)
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
pub(super) fn broken_off(row: &LedgerRow) -> CallOutput {
    let error = ToolError::new(
        ErrorKind::NoAnswer,
        "the gateway ended while the call was under way",
        "The change may or may not have happened. Read the state; do not repeat the call with a new idempotency_key before that.",
    );
    CallOutput { outcome: Some(Outcome::Unknown), trace_id: row.trace_id.clone(), ..CallOutput::failed(error) }
}
