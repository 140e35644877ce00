//! The calls of an undo, made one after another.

use flvx_panel::{client::Credential, spec::Route};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Step, UndoPlan, told};
use crate::{
    gateway::{
        Arguments,
        call::Inner,
        change::{Carried, States, carry_out},
        journal::Journal,
        subject::redacted,
    },
    result::{CallOutput, ErrorKind, Outcome},
};

/// How far an undo came: what is known of the calls that were made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SoFar {
    /// How they are taken back.
    pub steps: Vec<Step>,
    /// What reading them back showed, one by one.
    #[serde(default)]
    pub verified: Vec<Option<bool>>,
    /// What the caller should know of them.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// What is written down before each of several calls is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reached {
    /// The call at this place of the plan is next.
    pub place: usize,
    /// What is known of those before it.
    #[serde(flatten)]
    pub so_far: SoFar,
    /// What was read before it.
    pub before: Value,
    /// Id of the state saved before it.
    #[serde(default)]
    pub saved: Option<String>,
}

impl UndoPlan {
    /// Makes the calls, one after another, until one is not done. `from`: so many were done before, of which that is known.
    pub(in crate::gateway) async fn run(
        self,
        inner: &Inner,
        credential: &Credential,
        journal: &Journal,
        from: usize,
        mut so_far: SoFar,
    ) -> Carried {
        let mut told: Vec<Value> = self
            .calls
            .iter()
            .take(from)
            .map(|(route, _)| json!({ "tool": route.tool, "outcome": Outcome::Done.word() }))
            .collect();
        let mut output = CallOutput::default();
        so_far.verified.resize(from, None);
        let total = self.calls.len();
        let mut done = told.len();
        let mut left = Vec::new();
        for (place, (route, request)) in self.calls.into_iter().enumerate().skip(from) {
            if output.outcome.is_some() {
                left.push(left_over(route, redacted(route, &request)));
                continue;
            }
            journal.reached(place, &so_far);
            let asked = redacted(route, &request);
            let arguments = Arguments { request, ..Arguments::default() };
            let carried = Box::pin(carry_out(inner.client(), credential, route, arguments, journal)).await;
            let single = carried.output;
            so_far.warnings.extend(single.warnings.iter().map(|warning| format!("{}: {warning}", route.tool)));
            output.differences.extend(single.differences.iter().cloned());
            so_far.verified.push(single.verified);
            told.push(json!({
                "tool": route.tool,
                "outcome": single.outcome.map(Outcome::word),
                "verified": single.verified,
                "error": single.error.as_ref().map(|error| error.message.as_str()),
            }));
            so_far.steps.extend(carried.steps);
            match single.outcome {
                Some(Outcome::Done) if single.error.is_none() => done += 1,
                outcome => {
                    output.panel_code = single.panel_code;
                    output.panel_msg = single.panel_msg;
                    output.error = single.error;
                    output.outcome = outcome;
                    left.push(left_over(route, not_done(route, asked, &single.items)));
                    output.items = single.items;
                }
            }
        }
        output.warnings = std::mem::take(&mut so_far.warnings);
        let verified = &so_far.verified;
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
        Carried { output, steps: so_far.steps, states: States::default() }
    }
}

/// The request of a batch with only those items that reading does not show to be done.
fn not_done(route: &Route, mut request: Value, items: &[Value]) -> Value {
    let is_done = |item: &Value| {
        let key = item.get("id").unwrap_or(item);
        items.iter().any(|told| told.get("key") == Some(key) && told.get("state") == Some(&json!("done")))
    };
    if let Some(asked) = route.batch.and_then(|batch| request.get_mut(batch.field)).and_then(Value::as_array_mut) {
        asked.retain(|item| !is_done(item));
    }
    request
}

/// A call that was not made.
fn left_over(route: &Route, request: Value) -> Value {
    json!({ "tool": route.tool, "request": told(request) })
}
