//! The line of a change: what came of the key before, the gate, the intent, the work, its settlement.

use std::sync::Arc;

use flvx_panel::client::Credential;

use super::{
    Arguments, Caller,
    call::Inner,
    change::{Carried, carry_out},
    confirm::{Opened, Showing, used},
    earlier::Asked,
    journal::{Journal, unavailable},
    open::{Open, record_result},
    subject::Subject,
    undo::{SoFar, none as no_inverse},
};
use crate::{
    result::{CallOutput, ErrorKind, Outcome, ToolError},
    store::{Begun, Intent, LedgerKey, Stage, millis},
    trace::TraceId,
};

impl Inner {
    /// Makes a change: once for each idempotency key, and to its end even when the caller goes away. `arguments.request` is
    /// in the subject already.
    pub(super) async fn mutate(
        self: &Arc<Self>,
        caller: &Caller,
        subject: Subject,
        arguments: &Arguments,
        trace: &TraceId,
        open: &mut Open<'_>,
    ) -> CallOutput {
        let Some(key) = arguments.idempotency_key.clone() else {
            return CallOutput::rejected(ToolError::new(
                ErrorKind::IdempotencyKeyRequired,
                "this tool changes something and needs an idempotency_key",
                "Make one up for this change (a UUID) and use the same one if you have to repeat the call.",
            ));
        };
        let credential_name = self.credential_name(caller, arguments, subject.role());
        let ledger_key = LedgerKey {
            panel: self.client().base().to_owned(),
            principal: caller.principal.name.clone(),
            credential: credential_name.clone(),
            tool: subject.tool().to_owned(),
            key,
        };
        let digest = self.digest(&subject);
        // A repeat sends nothing, so it needs no confirmation, and its token may be used up by the first call.
        let mut tries = 0;
        loop {
            let record = open.record();
            let asked = Asked { caller, key: &ledger_key, digest, subject: &subject, record };
            if let Some(output) = Box::pin(self.earlier(&asked)).await {
                return output;
            }
            if let Err(error) = subject.ready() {
                return CallOutput::rejected(error);
            }
            let shown = match self.look(caller, &subject, arguments.confirm_token.as_ref()) {
                Ok(shown) => shown,
                Err(error) => return CallOutput::rejected(error),
            };
            let showing = Showing { caller, subject: &subject, digest, credential_name: &credential_name };
            let opened = match Box::pin(self.open_gate(shown, &showing)).await {
                Ok(opened) => opened,
                // The token is used, or the state changed, because the same call with the same key runs elsewhere meanwhile.
                Err(_) if tries < 5 && self.is_taken(&ledger_key).await => {
                    tries += 1;
                    continue;
                }
                Err(output) => return *output,
            };
            open.with(|record| record.opened(&opened));
            let credential = match self.credential(&caller.principal, &credential_name, &subject).await {
                Ok(credential) => credential,
                Err(output) => return *output,
            };
            let intent = Intent {
                key: ledger_key.clone(),
                digest,
                trace_id: trace.as_str().to_owned(),
                arguments: subject.arguments(),
                undoes: subject.undoes(),
                confirmation: Opened::hash(&opened),
            };
            match self.store().ledger_begin(intent, millis(self.config().idempotency_ttl)).await {
                Ok(Begun::New) => return self.run_to_its_end(caller, subject, credential, trace, open).await,
                // Another call took the key between the look and the step.
                Ok(Begun::Taken(_)) if tries < 5 => tries += 1,
                Ok(Begun::Taken(_)) => {
                    return CallOutput::rejected(ToolError {
                        retry_after_ms: Some(1_000),
                        ..ToolError::new(
                            ErrorKind::InProgress,
                            "calls with this idempotency_key overtake each other",
                            "Wait, then repeat the same call.",
                        )
                    });
                }
                Ok(Begun::ConfirmationUsed(by)) => {
                    // The call that used it may be the same one, with the same key.
                    if tries < 5 && self.is_taken(&ledger_key).await {
                        tries += 1;
                        continue;
                    }
                    return CallOutput::rejected(used(&by, self.previewer(caller, &subject)));
                }
                Ok(Begun::TakenBack(by)) => match self.taken_back(&ledger_key, by, tries).await {
                    None => tries += 1,
                    Some(error) => return CallOutput::rejected(error),
                },
                Err(error) => return CallOutput::rejected(unavailable(error)),
            }
        }
    }

    /// Another call takes the same change back, or did, or perhaps did. `None`: it is worth another look.
    async fn taken_back(&self, key: &LedgerKey, by: String, tries: u32) -> Option<ToolError> {
        // It may be the same call, with the same key.
        if tries == 0 && self.is_taken(key).await {
            return None;
        }
        let row = match self.store().ledger_row(by.clone()).await {
            Ok(row) => row?,
            Err(error) => return Some(unavailable(error)),
        };
        if row.stage == Stage::Intent && !self.store().is_alive(&row.owner) {
            // Its process was gone before anything was sent.
            let freed = match self.store().ledger_take_over(&row).await {
                Ok(true) => self.free(row).await,
                other => other.map(drop),
            };
            return match freed {
                Ok(()) if tries < 5 => None,
                Ok(()) => Some(being_taken_back(&by)),
                Err(error) => Some(unavailable(error)),
            };
        }
        // One that is carried on after it broke off keeps the outcome `unknown` until it has ended.
        let runs = row.stage != Stage::Settled && self.store().is_alive(&row.owner);
        Some(match row.outcome.as_deref() {
            _ if runs => being_taken_back(&by),
            None | Some("unknown") => no_inverse(format!(
                "it was sent already, by {by}, and nobody knows yet what came of that; repeat that call with its idempotency_key first, which settles it by reading"
            )),
            Some(_) => no_inverse(format!("it was taken back already, by {by}; to have it again take that one back")),
        })
    }

    /// In a task of its own: a client that hangs up must not leave a half-known change behind.
    async fn run_to_its_end(
        self: &Arc<Self>,
        caller: &Caller,
        subject: Subject,
        credential: Credential,
        trace: &TraceId,
        open: &mut Open<'_>,
    ) -> CallOutput {
        let (record, started) = (open.take(), open.started);
        let journal = Journal::new(
            self.store().clone(),
            trace.clone(),
            Arc::clone(&caller.principal),
            self.client().base().to_owned(),
        )
        .announcing(self.audit().clone(), record.clone());
        let (inner, tool) = (Arc::clone(self), subject.tool());
        let task = tokio::spawn(async move {
            let Carried { mut output, steps, states } = match subject {
                Subject::Call { route, request } => {
                    let arguments = Arguments { request, ..Arguments::default() };
                    Box::pin(carry_out(inner.client(), &credential, route, arguments, &journal)).await
                }
                Subject::Undo(plan) => plan.run(&inner, &credential, &journal, 0, SoFar::default()).await,
            };
            journal.trace().as_str().clone_into(&mut output.trace_id);
            journal.settle(&mut output, &steps).await;
            if let Some(mut record) = record {
                states.note(&mut record, inner.audit());
                record_result(inner.audit(), record, &mut output, started.elapsed()).await;
            }
            output
        });
        task.await.unwrap_or_else(|error| {
            tracing::error!(tool, %error, "a change broke off inside the gateway");
            let error = ToolError::new(
                ErrorKind::Internal,
                "the call broke off inside the gateway",
                "The change may or may not have happened; repeat the call with the same idempotency_key to find out.",
            );
            CallOutput { outcome: Some(Outcome::Unknown), ..CallOutput::failed(error) }
        })
    }

    async fn is_taken(&self, key: &LedgerKey) -> bool {
        matches!(self.store().ledger_taken(key.clone()).await, Ok(Some(row)) if !self.is_over(&row))
    }

    /// Keyed digest of a request: it can be held against another one, and says nothing of what is in it.
    pub(super) fn digest(&self, subject: &Subject) -> [u8; 32] {
        self.store().mac("request", &[subject.tool().as_bytes(), subject.canonical().as_bytes()])
    }
}

/// Another call takes the same change back now.
fn being_taken_back(by: &str) -> ToolError {
    ToolError {
        retry_after_ms: Some(1_000),
        ..ToolError::new(
            ErrorKind::InProgress,
            format!("the call {by} takes this change back now"),
            "Wait, then read the state or ops.history; do not take it back twice.",
        )
    }
}
