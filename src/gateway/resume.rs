//! An undo that broke off between or in its calls. What the call that was under way has done is found out by reading; then the
//! calls that were never sent, and the one that reading shows was without effect, are made, so that a change is not left half
//! taken back. A call of which nobody knows whether it happened is not sent again, and nothing after it either.

use std::sync::Arc;

use flvx_panel::client::Credential;

use super::{
    Arguments,
    call::Inner,
    change::{Carried, Done},
    earlier::Asked,
    find_out::{Found, did_not_happen, note, still_at_it},
    journal::{Journal, unavailable},
    undo::{Reached, Step, UndoPlan},
};
use crate::{
    recipes::Before,
    result::{CallOutput, ToolError},
    store::{LedgerRow, Stage},
    trace::TraceId,
};

impl Inner {
    /// Finds out what came of an undo and carries it on. `output`: what is known of it.
    pub(super) async fn resume(
        &self,
        asked: &Asked<'_>,
        plan: &UndoPlan,
        row: &LedgerRow,
        credential: &Credential,
        mut output: CallOutput,
    ) -> Found {
        let reached = row.before.as_deref().and_then(|text| serde_json::from_str::<Reached>(text).ok());
        let known = reached.and_then(|reached| {
            let before = Before::from_record(&reached.before).ok()?;
            let (route, request) = plan.call(reached.place)?;
            let request = request.clone();
            Some((reached, before, route, request))
        });
        let Some((Reached { place, mut so_far, saved, .. }, before, route, request)) = known else {
            note(&mut output, "how far the undo came is not known, so reading does not tell".to_owned());
            return Carried::from(output).into();
        };
        let arguments = Arguments { request, ..Arguments::default() };
        let done = Done { client: self.client(), credential, route, arguments: &arguments, before: &before, saved };
        let proof = done.read_back(None).await;
        let from = match proof.verified {
            Some(true) => {
                so_far.steps.push(done.step(None, &proof));
                so_far.verified.resize(place, None);
                so_far.verified.push(Some(true));
                place + 1
            }
            Some(false) if self.may_still_come(row, route, &arguments.request) => {
                still_at_it(&mut output);
                return Carried::from(output).into();
            }
            Some(false) if proof.moved => {
                note(
                    &mut output,
                    format!("{}: reading shows neither the state before it nor what was asked for", route.tool),
                );
                return self.left(plan, place, output, so_far.steps);
            }
            // Nothing of the undo has happened, so its key is free again.
            Some(false) if place == 0 => {
                did_not_happen(&mut output);
                return Carried::from(output).into();
            }
            Some(false) => place,
            None => {
                for warning in proof.warnings {
                    note(&mut output, warning);
                }
                return self.left(plan, place, output, so_far.steps);
            }
        };
        if !plan.is_last(from.saturating_sub(1))
            && let Err(error) = self.may_go_on(asked, plan)
        {
            note(&mut output, format!("it is not carried on: {}", error.message));
            return self.left(plan, from.saturating_sub(1), output, so_far.steps);
        }
        // Of two repeats at once only one carries it on.
        if row.stage == Stage::Settled {
            match self.store().ledger_reopen(row.trace_id.clone()).await {
                Ok(true) => {}
                Ok(false) => return Carried::from(output).into(),
                Err(error) => {
                    note(&mut output, unavailable(error).message);
                    return Carried::from(output).into();
                }
            }
        }
        let principal = Arc::clone(&asked.caller.principal);
        let trace = TraceId::from_record(&row.trace_id);
        let journal = Journal::new(self.store().clone(), trace, principal, row.key.panel.clone())
            .announcing(self.audit().clone(), asked.record.cloned())
            .sent();
        let mut carried = plan.clone().run(self, credential, &journal, from, so_far).await;
        let earlier = format!("an earlier call with this idempotency_key (trace_id {}) broke off", row.trace_id);
        carried.output.warnings.push(if plan.is_last(from.saturating_sub(1)) {
            format!("nothing was sent now: {earlier}, and reading shows that it is done")
        } else {
            format!("{earlier}; what reading shows was done was not sent again, the rest was sent now")
        });
        carried.output.trace_id.clone_from(&row.trace_id);
        journal.settle(&mut carried.output, &carried.steps).await;
        Found { carried, written: true }
    }

    /// Its confirmation was used up by the call that broke off; what that call may do it must still be allowed to do.
    fn may_go_on(&self, asked: &Asked<'_>, plan: &UndoPlan) -> Result<(), ToolError> {
        plan.ready()?;
        let danger = plan.danger();
        if !asked.caller.principal.rights.admits(danger) || self.gate().demand(danger).is_none() {
            return Err(super::confirm::beyond(danger, None));
        }
        Ok(())
    }

    /// Nobody knows what came of the call at a place; what comes after it was not sent.
    fn left(&self, plan: &UndoPlan, place: usize, mut output: CallOutput, steps: Vec<Step>) -> Found {
        let left = plan.after(place);
        if !left.is_empty() {
            note(&mut output, format!("not sent yet, in this order: {}", left.join(", ")));
        }
        Carried { output, steps, ..Carried::default() }.into()
    }
}
