//! An undo that broke off between or in its calls. What the call that was under way has done is found out by reading; then the
//! calls that were never sent are made, so that a change is not left half taken back. A call of which nobody knows whether it
//! happened is not sent again, and nothing after it either.

use std::sync::Arc;

use flvx_panel::client::Credential;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Arguments,
    call::Inner,
    change::{Carried, Done},
    earlier::{did_not_happen, still_at_it},
    journal::{Journal, unavailable},
    undo::{Step, UndoPlan},
};
use crate::{
    access::Principal,
    recipes::Before,
    result::CallOutput,
    store::{LedgerRow, Stage},
    trace::TraceId,
};

/// How far an undo came, as its journal wrote it down.
#[derive(Deserialize)]
struct Reached {
    place: usize,
    steps: Vec<Step>,
    before: Value,
}

impl Inner {
    /// Finds out what came of an undo and carries it on. `output`: what is known of it.
    pub(super) async fn resume(
        &self,
        principal: &Arc<Principal>,
        plan: &UndoPlan,
        row: &LedgerRow,
        credential: &Credential,
        mut output: CallOutput,
    ) -> Carried {
        let reached = row.before.as_deref().and_then(|text| serde_json::from_str::<Reached>(text).ok());
        let known = reached.and_then(|reached| {
            let before = Before::from_record(&reached.before).ok()?;
            let (route, request) = plan.call(reached.place)?;
            Some((reached.place, reached.steps, before, route, request.clone()))
        });
        let Some((place, mut steps, before, route, request)) = known else {
            output.warnings.push("how far the undo came is not known, so reading does not tell".to_owned());
            return output.into();
        };
        let arguments = Arguments { request, ..Arguments::default() };
        let saved = row.saved.clone();
        let done = Done { client: self.client(), credential, route, arguments: &arguments, before: &before, saved };
        let proof = done.read_back(None).await;
        let from = match proof.verified {
            Some(true) => {
                steps.push(done.step(None, &proof));
                place + 1
            }
            Some(false) if self.may_still_come(row, route, &arguments.request) => {
                still_at_it(&mut output);
                return output.into();
            }
            // Nothing of the undo has happened, so its key is free again.
            Some(false) if place == 0 && plan.ready().is_ok() => {
                did_not_happen(&mut output);
                return output.into();
            }
            Some(false) => place,
            None => {
                output.warnings.extend(proof.warnings);
                let left = plan.after(place);
                if !left.is_empty() {
                    output.warnings.push(format!("not sent yet, in this order: {}", left.join(", ")));
                }
                return Carried { output, steps, ..Carried::default() };
            }
        };
        // Of two repeats at once only one carries it on.
        if row.stage == Stage::Settled {
            match self.store().ledger_reopen(row.trace_id.clone()).await {
                Ok(true) => {}
                Ok(false) => return output.into(),
                Err(error) => {
                    output.warnings.push(unavailable(error).message);
                    return output.into();
                }
            }
        }
        let trace = TraceId::from_record(&row.trace_id);
        let journal = Journal::new(self.store().clone(), trace, Arc::clone(principal), row.key.panel.clone());
        let mut carried = plan.clone().run(self, credential, &journal, from, steps).await;
        // The row is settled by whoever asked.
        journal.leave();
        let earlier = format!("an earlier call with this idempotency_key (trace_id {}) broke off", row.trace_id);
        carried.output.warnings.push(if plan.is_last(from.saturating_sub(1)) {
            format!("nothing was sent now: {earlier}, and reading shows that it is done")
        } else {
            format!("{earlier}; what reading shows was done was not sent again, the rest was sent now")
        });
        carried
    }
}
