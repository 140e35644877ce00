//! What came of a change that nobody knows the outcome of: found out by reading, and written down. Nothing is sent for it, but
//! the calls of an undo that were never sent (`resume.rs`).

use flvx_panel::spec::{Cost, Route};
use serde_json::{Map, Value};

use super::{
    Arguments,
    call::Inner,
    change::{Carried, Done, States, tell},
    earlier::{Asked, broken_off},
    journal::settlement,
    subject::Subject,
};
use crate::{
    recipes::{Before, State, Verified},
    result::{CallOutput, ErrorKind, Outcome, ToolError},
    store::{LedgerRow, StoreError, now_ms},
};

/// What was found out.
pub(super) struct Found {
    pub carried: Carried,
    /// It is written down already.
    pub written: bool,
}

impl From<Carried> for Found {
    fn from(carried: Carried) -> Self {
        Self { carried, written: false }
    }
}

impl Inner {
    /// Nobody knows what came of it: reads, and writes down what that shows. `None`: it is known meanwhile.
    pub(super) async fn find_out(&self, asked: &Asked<'_>, row: LedgerRow) -> Result<Option<CallOutput>, StoreError> {
        let mut output = row.result.as_deref().and_then(CallOutput::from_json).unwrap_or_else(|| broken_off(&row));
        output.trace_id.clone_from(&row.trace_id);
        let credential = match self.credential(&asked.caller.principal, &asked.key.credential, asked.subject).await {
            Ok(credential) => credential,
            Err(refused) => {
                let why = refused.error.map(|error| error.message).unwrap_or_default();
                note(&mut output, format!("what came of it could not be read: {why}"));
                return Ok(Some(output));
            }
        };
        let Found { carried: Carried { output: mut found, steps, .. }, written } = match asked.subject {
            Subject::Call { route, request } => {
                let before = row.before.as_deref().and_then(|before| serde_json::from_str::<Value>(before).ok());
                let Some(before) = before.and_then(|before| Before::from_record(&before).ok()) else {
                    note(
                        &mut output,
                        "what was there before the call is not known, so reading does not tell".to_owned(),
                    );
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
                // A panel that has answered, with whatever, is not at it any more.
                let may_come = output.panel_code.is_none() && self.may_still_come(&row, route, request);
                judge(proof, may_come, &row, &mut output);
                Carried { output, steps, states: States::default() }.into()
            }
            Subject::Undo(plan) => self.resume(asked, plan, &row, &credential, output).await,
        };
        found.trace_id.clone_from(&row.trace_id);
        // How it may be taken back is worth writing down even while nobody knows whether it happened: a person may settle it.
        let lacks_steps = row.undo.as_deref().is_none_or(|undo| undo == "[]") && !steps.is_empty();
        let worth = found.outcome != Some(Outcome::Unknown) || lacks_steps;
        if !written && worth && !self.store().ledger_settle(row.trace_id.clone(), settlement(&found, &steps)).await? {
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

/// What reading says of one call. `may_come`: the panel may still be at it.
fn judge(proof: Verified, may_come: bool, row: &LedgerRow, output: &mut CallOutput) {
    let failed = proof.items.iter().filter(|item| item.state == State::Failed).count();
    match proof.verified {
        Some(true) => {
            output.error = None;
            output.outcome = Some(Outcome::Done);
            tell(proof, output);
            output.warnings.push(format!(
                "nothing was sent now: an earlier call with this idempotency_key (trace_id {}) broke off, and reading shows that it is done",
                row.trace_id
            ));
        }
        Some(false) if may_come => {
            output.verified = Some(false);
            still_at_it(output);
        }
        // Something has changed, so it may be called neither done nor without effect.
        Some(false) if proof.moved || (failed > 0 && failed < proof.items.len()) => {
            let done = proof.items.iter().filter(|item| item.state == State::Done).count();
            output.error = None;
            output.outcome = Some(Outcome::Done);
            // Where some of several items are done it becomes `partial`, with the items one by one.
            tell(proof, output);
            if let Some(error) = &mut output.error {
                error.message = if error.kind == ErrorKind::PartialFailure {
                    format!("the call broke off, and reading shows {done} items done and {failed} not")
                } else {
                    "the call broke off, and reading shows neither the state before it nor what was asked for"
                        .to_owned()
                };
            }
        }
        Some(false) => {
            output.warnings.extend(proof.warnings);
            output.verified = Some(false);
            did_not_happen(output);
        }
        None => {
            for warning in proof.warnings {
                note(output, warning);
            }
        }
    }
}

/// Adds a warning that an earlier repeat may have left already.
pub(super) fn note(output: &mut CallOutput, warning: String) {
    if !output.warnings.contains(&warning) {
        output.warnings.push(warning);
    }
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
