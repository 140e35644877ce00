//! Taking a change back: the inverse that was written down when it was made, run as a change of its own, with its own preview,
//! gate, record and inverse.

use flvx_panel::{
    client::Credential,
    generated,
    spec::{Danger, Route},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Arguments, Caller,
    call::Inner,
    change::{Carried, States, carry_out},
    journal::{Journal, unavailable},
    subject::{Seen, redacted},
};
use crate::{
    access::AuditSight,
    policy::effective_danger,
    recipes::{self, Inverse, InverseCall, RecipeError},
    result::{CallOutput, ErrorKind, Outcome, ToolError},
    store::{LedgerRow, Stage},
};

/// Canonical name of the tool.
pub const TOOL: &str = "ops.undo";

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

/// One call, ready to be sent. Its request may hold secrets of the saved file.
type Ready = (&'static Route, Map<String, Value>);

/// The calls that take a change back, ready to be sent.
#[derive(Clone)]
pub struct UndoPlan {
    /// Name of the change.
    pub trace_id: String,
    /// Its tool.
    tool: String,
    calls: Vec<Ready>,
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
            loses: Vec::new(),
            lossless: true,
            blocked: None,
        };
        let filled = self.fill(&mut plan, caller, &row).await;
        plan.blocked = ready(&row).and(filled).err();
        Ok(plan)
    }

    /// The calls, last step first.
    async fn fill(&self, plan: &mut UndoPlan, caller: &Caller, row: &LedgerRow) -> Result<(), ToolError> {
        let steps: Vec<Step> = row.undo.as_deref().and_then(|undo| serde_json::from_str(undo).ok()).unwrap_or_default();
        if steps.is_empty() {
            return Err(none("how it is taken back was not written down before it broke off"));
        }
        for step in steps.iter().rev() {
            plan.lossless &= step.inverse.lossless;
            plan.loses.extend(step.inverse.loses.iter().cloned());
            if let Some(reason) = &step.inverse.none {
                return Err(none(reason.clone()));
            }
            let saved = match &step.saved {
                Some(id) if step.inverse.needs_saved => Some(self.saved_state(id).await?),
                _ => None,
            };
            for call in step.inverse.calls.iter().chain(&step.inverse.then) {
                plan.calls.extend(resolved(call, saved.as_ref())?);
            }
        }
        if plan.calls.is_empty() {
            let why = if plan.loses.is_empty() { "it left nothing behind".to_owned() } else { plan.loses.join(" ") };
            return Err(none(why));
        }
        let offer = self.offer(&caller.principal);
        if plan.calls.iter().any(|(route, _)| !offer.has_name(route.tool)) {
            return Err(ToolError::new(
                ErrorKind::Forbidden,
                "taking this change back needs tools that you do not have here",
                "Ask the operator to take it back.",
            ));
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

/// Whether a change is in a state to be taken back.
fn ready(row: &LedgerRow) -> Result<(), ToolError> {
    if let Some(by) = &row.undone_by {
        return Err(none(format!("it was taken back already, by {by}; to have it again take that one back")));
    }
    match (row.stage, row.outcome.as_deref()) {
        (Stage::Settled, Some("done" | "partial" | "replayed")) => Ok(()),
        (Stage::Settled, Some("unknown")) | (Stage::Sending, _) => Err(none(
            "nobody knows yet whether it happened; repeat that call with its idempotency_key first, which settles it by reading",
        )),
        (Stage::Intent, _) => Err(none("it has not been sent yet")),
        _ => Err(none("it had no effect")),
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

fn resolved(call: &InverseCall, saved: Option<&Value>) -> Result<Vec<Ready>, ToolError> {
    let requests = call.resolve(saved).map_err(|error| none(error.to_string()))?;
    let route = generated::route(&call.tool).ok_or_else(|| none(format!("there is no tool {} any more", call.tool)))?;
    Ok(requests.into_iter().map(|request| (route, request)).collect())
}

impl UndoPlan {
    /// The most dangerous of its calls.
    pub fn danger(&self) -> Danger {
        let dangers = self.calls.iter().map(|(route, request)| effective_danger(route, request).0);
        dangers.max().unwrap_or(Danger::Write)
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
        let mut phrase = String::new();
        for (place, (route, request)) in self.calls.iter().enumerate() {
            let seen = recipes::preview(inner.client(), credential, route, request, Some(offered)).await?;
            fingerprints.push(seen.fingerprint());
            // What a later call acts on is often made by an earlier one, so its preview cannot see it yet.
            let not_yet = place > 0 && !seen.missing.is_empty();
            sentences.push(if not_yet { format!("then {}", route.tool) } else { seen.summary.clone() });
            if phrase.is_empty() {
                phrase.clone_from(&seen.confirm_phrase);
            }
            calls.push(json!({ "tool": route.tool, "request": told(redacted(route, request)), "preview": seen }));
        }
        let summary = format!("takes back {} ({}): {}", self.tool, self.trace_id, sentences.join("; "));
        let told = json!({
            "summary": summary,
            "undoes": { "trace_id": self.trace_id, "tool": self.tool },
            "lossless": self.lossless,
            "loses": self.loses,
            "calls": calls,
            "confirm_phrase": phrase,
        });
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

    /// Makes the calls, one after another, until one is not done. `from`: so many were done before, and `steps` is how those
    /// are taken back.
    pub(super) async fn run(
        self,
        inner: &Inner,
        credential: &Credential,
        journal: &Journal,
        from: usize,
        mut steps: Vec<Step>,
    ) -> Carried {
        let mut told: Vec<Value> = self
            .calls
            .iter()
            .take(from)
            .map(|(route, _)| json!({ "tool": route.tool, "outcome": Outcome::Done.word() }))
            .collect();
        let mut output = CallOutput::default();
        let mut verified = vec![Some(true); from];
        let total = self.calls.len();
        let mut done = told.len();
        let mut left = Vec::new();
        for (place, (route, request)) in self.calls.into_iter().enumerate().skip(from) {
            if output.outcome.is_some() {
                left.push(left_over(route, redacted(route, &request)));
                continue;
            }
            journal.reached(place, &steps);
            let asked = redacted(route, &request);
            let arguments = Arguments { request, ..Arguments::default() };
            let carried = Box::pin(carry_out(inner.client(), credential, route, arguments, journal)).await;
            let single = carried.output;
            output.warnings.extend(single.warnings.iter().map(|warning| format!("{}: {warning}", route.tool)));
            output.differences.extend(single.differences.iter().cloned());
            verified.push(single.verified);
            told.push(json!({
                "tool": route.tool,
                "outcome": single.outcome.map(Outcome::word),
                "verified": single.verified,
                "error": single.error.as_ref().map(|error| error.message.as_str()),
            }));
            steps.extend(carried.steps);
            match single.outcome {
                Some(Outcome::Done) if single.error.is_none() => done += 1,
                outcome => {
                    output.panel_code = single.panel_code;
                    output.panel_msg = single.panel_msg;
                    output.error = single.error;
                    output.outcome = outcome;
                    left.push(left_over(route, asked));
                }
            }
        }
        output.verified = if verified.contains(&Some(false)) {
            Some(false)
        } else {
            (verified.len() == total && verified.iter().all(Option::is_some)).then_some(true)
        };
        // What the panel took and reading does not show has still been sent.
        let sent = done > 0 || matches!(output.outcome, Some(Outcome::Partial | Outcome::Done));
        output.outcome = Some(match output.outcome {
            None => Outcome::Done,
            Some(Outcome::Unknown) => Outcome::Unknown,
            Some(Outcome::Done) if total == 1 => Outcome::Done,
            Some(_) if sent => Outcome::Partial,
            Some(outcome) => outcome,
        });
        if let (Some(Outcome::Partial), Some(error)) = (output.outcome, &mut output.error) {
            error.message = format!("{done} of {total} calls were done, then: {}", error.message);
            error.kind = ErrorKind::PartialFailure;
            error.hint = "What was done stays done, and this undo is used up. When the reason is gone make the calls in data.left yourself, in that order.".to_owned();
        }
        if !self.loses.is_empty() {
            output.warnings.push(format!("not everything came back: {}", self.loses.join(" ")));
        }
        let undoes = json!({ "trace_id": self.trace_id, "tool": self.tool });
        let mut data = Map::from_iter([("undoes".to_owned(), undoes), ("calls".to_owned(), told.into())]);
        if matches!(output.outcome, Some(Outcome::Partial | Outcome::Unknown)) {
            data.insert("left".to_owned(), left.into());
        }
        output.data = Some(Value::Object(data).to_string().into());
        Carried { output, steps, states: States::default() }
    }
}

/// A call that was not made.
fn left_over(route: &Route, request: Value) -> Value {
    json!({ "tool": route.tool, "request": told(request) })
}

/// A request as it is told. A document of rows is too much.
fn told(request: Value) -> Value {
    if request.to_string().len() <= MOST_TOLD { request } else { Value::Null }
}

fn manifest(what: &str) -> RecipeError {
    RecipeError::Manifest { tool: TOOL.to_owned(), what: what.to_owned() }
}
