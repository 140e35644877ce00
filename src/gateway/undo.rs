//! Taking a change back: the inverse that was written down when it was made, run as a change of its own, with its own preview,
//! gate, record and inverse.

mod outlook;
mod run;

pub use outlook::Outlook;
pub use run::{Reached, SoFar};

use flvx_panel::{
    client::Credential,
    generated,
    spec::{Danger, Role, Route},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use outlook::{not_now, steps};

use super::{
    Caller,
    call::Inner,
    journal::unavailable,
    subject::{Seen, redacted},
};
use crate::{
    access::AuditSight,
    policy::effective_danger,
    recipes::{self, Inverse, Ready, RecipeError},
    result::{ErrorKind, ToolError},
    store::LedgerRow,
};

/// Canonical name of the tool.
pub const TOOL: &str = "ops.undo";

/// Said to whoever may have made a change and may not make the calls that take it back.
const NOT_YOURS: &str = "taking this change back needs tools that you do not have here";

/// Longest request that is told, in bytes of JSON.
const MOST_TOLD: usize = 2_000;

/// How one panel call is taken back, and the file that it may need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The inverse.
    pub inverse: Inverse,
    /// Id of the state saved before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saved: Option<String>,
}

/// The calls that take a change back, ready to be sent.
#[derive(Clone)]
pub struct UndoPlan {
    /// Name of the change.
    pub trace_id: String,
    /// Its tool.
    tool: String,
    /// None of them when it could not be found out what they all are.
    calls: Vec<Ready>,
    /// That of the most dangerous of them, before it was cut into parts.
    danger: Danger,
    /// Whom the panel asks for.
    role: Option<Role>,
    loses: Vec<String>,
    lossless: bool,
    blocked: Option<ToolError>,
}

/// Requests may hold secrets of the saved file, so they are not shown.
impl std::fmt::Debug for UndoPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UndoPlan")
            .field("trace_id", &self.trace_id)
            .field("calls", &self.calls.len())
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// What takes a change back. Whether that is possible now says [`UndoPlan::ready`]: a repeat of an undo that was made is
    /// answered although there is nothing left to be taken back.
    ///
    /// # Errors
    /// There is no such change (for this caller).
    pub(super) async fn plan_undo(&self, caller: &Caller, trace_id: &str) -> Result<UndoPlan, ToolError> {
        let row = self.store().ledger_row(trace_id.to_owned()).await.map_err(unavailable)?;
        let rights = &caller.principal.rights;
        let mine = |row: &LedgerRow| {
            row.key.panel == self.client().base()
                && (row.key.principal == caller.principal.name || rights.sight == AuditSight::All)
        };
        let Some(row) = row.filter(mine) else {
            return Err(ToolError::new(
                ErrorKind::InvalidArguments,
                "`request.trace_id`: no change of that name is on record",
                "ops.history lists the changes that are. A repeat has a trace_id of its own; its warnings name the change's.",
            ));
        };
        let mut plan = UndoPlan {
            trace_id: row.trace_id.clone(),
            tool: row.key.tool.clone(),
            calls: Vec::new(),
            danger: Danger::Write,
            role: None,
            loses: Vec::new(),
            lossless: true,
            blocked: None,
        };
        let filled = self.fill(&mut plan, caller, &row).await;
        plan.blocked = not_now(&row, self.store().is_alive(&row.owner)).map(none).or(filled.err());
        Ok(plan)
    }

    /// The calls, last step first.
    async fn fill(&self, plan: &mut UndoPlan, caller: &Caller, row: &LedgerRow) -> Result<(), ToolError> {
        let steps = steps(row);
        let outlook = Outlook::of(&steps).map_err(none)?;
        plan.role = outlook.tools.iter().find_map(|tool| generated::route(tool)).map(|route| route.role);
        (plan.lossless, plan.loses) = (outlook.lossless, outlook.loses);
        let mut calls = Vec::new();
        for step in steps.iter().rev() {
            let saved = match &step.saved {
                Some(id) if step.inverse.needs_saved => Some(self.saved_state(id).await?),
                _ => None,
            };
            for call in step.inverse.calls.iter().chain(&step.inverse.then) {
                let whole = call.whole(saved.as_ref()).map_err(|error| none(error.to_string()))?;
                let Some(whole) = whole else { continue };
                plan.danger = plan.danger.max(effective_danger(whole.0, &whole.1).0);
                calls.extend(recipes::in_parts(whole));
            }
        }
        if calls.is_empty() {
            let left = if plan.loses.is_empty() { "it left nothing behind".to_owned() } else { plan.loses.join(" ") };
            return Err(none(left));
        }
        plan.calls = calls;
        let offer = self.offer(&caller.principal);
        if plan.calls.iter().any(|(route, _)| !offer.has_name(route.tool)) {
            return Err(ToolError::new(ErrorKind::Forbidden, NOT_YOURS, "Ask the operator to take it back."));
        }
        Ok(())
    }

    async fn saved_state(&self, id: &str) -> Result<Value, ToolError> {
        let gone = || none(format!("the state that was saved before it (saved file {id}) is not there any more"));
        let saved = self.store().saved(id).await.map_err(unavailable)?.ok_or_else(gone)?;
        let content = self.store().read_saved(&saved).await.map_err(|error| {
            tracing::error!(%error, "a saved state cannot be read");
            none(format!("the state that was saved before it (saved file {id}) cannot be read, or was changed"))
        })?;
        serde_json::from_slice(&content).map_err(|_| gone())
    }
}

pub(super) fn none(reason: impl Into<String>) -> ToolError {
    let reason: String = reason.into();
    let reason = reason.trim_end_matches('.');
    ToolError::new(
        ErrorKind::NoInverse,
        format!("this change cannot be taken back: {reason}"),
        "Read the state, and make the change that leads where you want to be.",
    )
}

impl UndoPlan {
    /// That of the most dangerous of its calls. A batch counts as a whole, also where it is sent in parts.
    pub fn danger(&self) -> Danger {
        self.danger
    }

    /// Whom the panel asks for.
    pub fn role(&self) -> Option<Role> {
        self.role
    }

    /// Whether it can be made now.
    ///
    /// # Errors
    /// Why not.
    pub fn ready(&self) -> Result<(), ToolError> {
        self.blocked.clone().map_or(Ok(()), Err)
    }

    /// The call at a place of the plan.
    pub(super) fn call(&self, place: usize) -> Option<(&'static Route, &Map<String, Value>)> {
        self.calls.get(place).map(|(route, request)| (*route, request))
    }

    /// Whether a place is that of the last call.
    pub(super) fn is_last(&self, place: usize) -> bool {
        place + 1 >= self.calls.len()
    }

    /// The tools of the calls behind a place.
    pub(super) fn after(&self, place: usize) -> Vec<&'static str> {
        self.calls.iter().skip(place + 1).map(|(route, _)| route.tool).collect()
    }

    /// The routes of its calls.
    pub fn routes(&self) -> Vec<&'static Route> {
        self.calls.iter().map(|(route, _)| *route).collect()
    }

    pub(super) async fn preview(
        &self,
        inner: &Inner,
        credential: &Credential,
        offered: &std::collections::BTreeSet<&'static str>,
    ) -> Result<Seen, RecipeError> {
        let (mut calls, mut fingerprints, mut sentences) = (Vec::new(), Vec::new(), Vec::new());
        let (mut phrase, mut told_phrase) = (String::new(), None);
        for (place, (route, request)) in self.calls.iter().enumerate() {
            let seen = recipes::preview(inner.client(), credential, route, request, Some(offered)).await?;
            fingerprints.push(seen.fingerprint());
            // What a later call acts on is often made by an earlier one, so its preview cannot see it yet.
            let not_yet = place > 0 && !seen.missing.is_empty();
            sentences.push(if not_yet { format!("then {}", route.tool) } else { seen.summary.clone() });
            if phrase.is_empty() {
                phrase.clone_from(&seen.confirm_phrase);
                told_phrase.clone_from(&seen.told_phrase);
            }
            calls.push(json!({ "tool": route.tool, "request": told(redacted(route, request)), "preview": seen }));
        }
        let summary = format!("takes back {} ({}): {}", self.tool, self.trace_id, sentences.join("; "));
        let mut told = json!({
            "summary": summary,
            "undoes": { "trace_id": self.trace_id, "tool": self.tool },
            "lossless": self.lossless,
            "loses": self.loses,
            "calls": calls,
        });
        if let (Some(told), Some(phrase)) = (told.as_object_mut(), told_phrase) {
            told.insert("confirm_phrase".to_owned(), phrase.into());
        }
        let Value::Object(told) = told else { return Err(manifest("a preview is an object")) };
        Ok(Seen { told, summary, phrase, fingerprint: inner.together(&fingerprints), possible: true })
    }

    pub(super) async fn fingerprint(&self, inner: &Inner, credential: &Credential) -> Result<[u8; 32], RecipeError> {
        let mut fingerprints = Vec::new();
        for (route, request) in &self.calls {
            fingerprints.push(recipes::fingerprint(inner.client(), credential, route, request).await?);
        }
        Ok(inner.together(&fingerprints))
    }
}

/// A request as it is told. A document of rows is too much.
fn told(request: Value) -> Value {
    if request.to_string().len() <= MOST_TOLD { request } else { Value::Null }
}

fn manifest(what: &str) -> RecipeError {
    RecipeError::Manifest { tool: TOOL.to_owned(), what: what.to_owned() }
}
