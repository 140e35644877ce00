//! Whether a change can be taken back, as far as its row in the ledger tells.

use super::{NOT_YOURS, Step};
use crate::{
    gateway::{Caller, call::Inner},
    store::{LedgerRow, Stage},
};

impl Inner {
    /// Whether a caller can take a change back, as far as the record tells: the saved state is not looked into. `None`: it had
    /// no effect.
    pub(in crate::gateway) fn prospect(&self, caller: &Caller, row: &LedgerRow) -> Option<Result<Outlook, String>> {
        row.undo.as_ref()?;
        if let Some(reason) = not_now(row, self.store().is_alive(&row.owner)) {
            return Some(Err(reason));
        }
        let offer = self.offer(&caller.principal);
        Some(Outlook::of(&steps(row)).and_then(|outlook| {
            let mine = outlook.tools.iter().all(|tool| offer.has_name(tool));
            if mine { Ok(outlook) } else { Err(NOT_YOURS.to_owned()) }
        }))
    }
}

/// What was written down of how a change is taken back, in the order in which it was made.
pub(super) fn steps(row: &LedgerRow) -> Vec<Step> {
    row.undo.as_deref().and_then(|undo| serde_json::from_str(undo).ok()).unwrap_or_default()
}

/// What the steps of a change say together of its undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// Everything comes back.
    pub lossless: bool,
    /// What does not, one sentence each.
    pub loses: Vec<String>,
    /// Tools of the calls, in the order in which they are made.
    pub(super) tools: Vec<String>,
}

impl Outlook {
    /// Fails with the reason when there is no way back, or nothing to take back. A step that left nothing behind hinders none
    /// of the others.
    pub(super) fn of(steps: &[Step]) -> Result<Self, String> {
        if steps.is_empty() {
            return Err("how it is taken back was not written down before it broke off".to_owned());
        }
        let mut outlook = Self { lossless: true, loses: Vec::new(), tools: Vec::new() };
        let mut nothing = None;
        for Step { inverse, .. } in steps.iter().rev() {
            match &inverse.none {
                Some(reason) if inverse.nothing => nothing = Some(reason.clone()),
                Some(reason) => return Err(reason.clone()),
                None => {
                    outlook.lossless &= inverse.lossless;
                    outlook.loses.extend(inverse.loses.iter().cloned());
                    outlook.tools.extend(inverse.calls.iter().chain(&inverse.then).map(|call| call.tool.clone()));
                }
            }
        }
        match outlook.tools.is_empty() {
            true => Err(nothing.unwrap_or_else(|| "there is nothing to take back".to_owned())),
            false => Ok(outlook),
        }
    }
}

/// Why a change is in no state to be taken back, if it is in none. `alive`: the process that made it still runs.
pub(super) fn not_now(row: &LedgerRow, alive: bool) -> Option<String> {
    if let Some(by) = &row.undone_by {
        return Some(format!("it was taken back already, by {by}; to have it again take that one back"));
    }
    let reason = match (row.stage, row.outcome.as_deref()) {
        (Stage::Settled, Some("done" | "partial" | "replayed")) => return None,
        (Stage::Intent | Stage::Sending, _) if alive => "it is being made now; wait until it has ended",
        (Stage::Settled, Some("unknown")) | (Stage::Sending, _) => {
            "nobody knows yet whether it happened; repeat that call with its idempotency_key first, which settles it by reading"
        }
        (Stage::Intent, _) => "it has not been sent yet",
        _ => "it had no effect",
    };
    Some(reason.to_owned())
}
