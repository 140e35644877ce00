//! One call that changes the panel, on its way: read the state before, save what only a file may hold, fill in what an update
//! would reset, call the panel once, read back, and write down how it is taken back.

use flvx_panel::{
    client::{Credential, PanelClient, RawAnswer},
    spec::Route,
};
use serde_json::{Map, Value};

use super::{
    Arguments, Desk,
    echo::Given,
    explain::explain,
    journal::{Journal, unavailable},
    undo::Step,
};
use crate::{
    audit::{Audit, Record},
    clean::clean_value,
    recipes::{self, Before, Happened, RecipeError, State, Verified},
    result::{CallOutput, ErrorKind, Outcome, ToolError},
};

/// A change that was made, or not.
#[derive(Debug, Default)]
pub struct Carried {
    /// What the caller is told.
    pub output: CallOutput,
    /// How it is taken back, one step a panel call.
    pub steps: Vec<Step>,
    /// What it was about.
    pub states: States,
}

/// What a change was about: for its record.
#[derive(Debug, Default)]
pub struct States {
    targets: Vec<(String, String, Option<String>)>,
    before: Option<String>,
    after: Option<String>,
}

impl States {
    /// Adds to a record what is known only now. Of the states themselves a record has keyed digests.
    pub fn note(&self, record: &mut Record, audit: &Audit) {
        for (kind, key, name) in &self.targets {
            record.target(kind, key, name.as_deref());
        }
        let digest = |state: &Option<String>| state.as_deref().and_then(|state| audit.digest(state));
        record.digests(digest(&self.before), digest(&self.after));
    }
}

impl From<CallOutput> for Carried {
    fn from(output: CallOutput) -> Self {
        Self { output, steps: Vec::new(), states: States::default() }
    }
}

/// Carries a change out. The request is sent at most once; everything before it only reads, and before it is sent the
/// journal says so.
pub async fn carry_out(
    client: &PanelClient,
    credential: &Credential,
    route: &'static Route,
    mut arguments: Arguments,
    journal: &Journal,
) -> Carried {
    let request = &mut arguments.request;
    let before = match recipes::before(client, credential, route, request).await {
        Ok(before) => before,
        Err(error) => return not_begun(Some(route), error).into(),
    };
    let merged = match recipes::merge(client, credential, route, request, &before).await {
        Ok(merged) => merged,
        Err(error) => return not_begun(Some(route), error).into(),
    };
    let saved = match recipes::saved(client, credential, route, request, &before).await {
        Ok(None) => None,
        Ok(Some(document)) => match journal.keep(route, &document).await {
            Ok(id) => Some(id),
            Err(error) => return not_sent(unavailable(error)).into(),
        },
        Err(error) => return not_begun(Some(route), error).into(),
    };
    if let Err(error) = journal.sending(&before.to_record(route), saved.clone()).await {
        return not_sent(error).into();
    }
    let answer = client.call(route, credential, &arguments.request, Some(journal.trace().on_wire())).await;
    let done = Done { client, credential, route, arguments: &arguments, before: &before, saved };
    let mut carried = done.judge(&journal.desk(), answer).await;
    let output = &mut carried.output;
    if !merged.filled.is_empty() {
        output.warnings.push(format!(
            "filled in with the stored values, because the panel would have reset them: {}",
            merged.filled.join(", ")
        ));
    }
    output.warnings.extend(merged.warnings);
    Given::of(route, &arguments.request).cut_out(output);
    carried
}

/// A call that was sent.
pub(super) struct Done<'a> {
    pub client: &'a PanelClient,
    pub credential: &'a Credential,
    pub route: &'static Route,
    pub arguments: &'a Arguments,
    pub before: &'a Before,
    /// Id of the state saved before.
    pub saved: Option<String>,
}

impl Done<'_> {
    /// What came of it: by the answer, and by reading back.
    async fn judge(self, desk: &Desk<'_>, answer: Result<RawAnswer, flvx_panel::client::PanelError>) -> Carried {
        match answer {
            Ok(answer) => {
                let data = answer.data.as_deref().and_then(|data| serde_json::from_slice::<Value>(data).ok());
                let mut output = desk.answered(self.route, self.arguments, answer).await;
                if output.outcome == Some(Outcome::Rejected) {
                    return output.into();
                }
                let proof = self.read_back(data.as_ref()).await;
                let (steps, states) = (vec![self.step(data.as_ref(), &proof)], self.states(&proof));
                tell(proof, &mut output);
                Carried { output: self.with_saved(output), steps, states }
            }
            Err(error) => {
                let output = explain(self.route, error);
                if output.outcome == Some(Outcome::Unknown) { self.settle(output).await } else { output.into() }
            }
        }
    }

    /// The answer was lost: what reading shows is the next best thing. Only what is there is believed; what is not there may
    /// still come.
    pub(super) async fn settle(self, mut output: CallOutput) -> Carried {
        let proof = self.read_back(None).await;
        let (steps, states) = (vec![self.step(None, &proof)], self.states(&proof));
        match proof.verified {
            Some(true) => {
                let why = output.error.take().map(|error| error.message).unwrap_or_default();
                output.outcome = Some(Outcome::Done);
                output
                    .warnings
                    .push(format!("the panel's answer was lost ({why}), but reading back shows that it is done"));
                tell(proof, &mut output);
            }
            Some(false) => output.verified = Some(false),
            None => output.warnings.extend(proof.warnings),
        }
        Carried { output: self.with_saved(output), steps, states }
    }

    fn states(&self, proof: &Verified) -> States {
        let text = |rows: &[Value]| (!rows.is_empty()).then(|| Value::from(rows.to_vec()).to_string());
        States {
            targets: recipes::named(self.route, self.before),
            before: text(self.before.rows()),
            after: text(proof.after()),
        }
    }

    /// What reading back shows.
    pub(super) async fn read_back(&self, data: Option<&Value>) -> Verified {
        recipes::verify(self.client, self.credential, self.route, &self.arguments.request, self.before, data).await
    }

    /// How it is taken back.
    pub(super) fn step(&self, data: Option<&Value>, verified: &Verified) -> Step {
        let request = &self.arguments.request;
        let happened = Happened { request, before: self.before, data, verified, saved: self.saved.is_some() };
        Step { inverse: recipes::inverse(self.route, &happened), saved: self.saved.clone() }
    }

    /// Names the file with the state before.
    fn with_saved(&self, mut output: CallOutput) -> CallOutput {
        if let Some(id) = &self.saved {
            output
                .warnings
                .push(format!("the state before is kept on the gateway's machine (saved file {id}); ops.undo uses it"));
        }
        output
    }
}

/// Nothing was sent, because the gateway could not write down that it would be.
fn not_sent(error: ToolError) -> CallOutput {
    CallOutput { outcome: Some(Outcome::NotSent), ..CallOutput::failed(error) }
}

/// A change that was given up before anything was sent. `route`: the one call that it is.
pub fn not_begun(route: Option<&'static Route>, error: RecipeError) -> CallOutput {
    let mut output = match error {
        RecipeError::Read { tool, source } => {
            let read = flvx_panel::generated::route(tool).or(route);
            let mut output = match read {
                Some(read) => explain(read, source),
                None => CallOutput::failed(ToolError::new(ErrorKind::Internal, "a read has no route", "")),
            };
            if let Some(error) = &mut output.error {
                error.message = format!("before the change, {tool} could not be read: {}", error.message);
                error.hint = format!("Nothing was changed. {}", error.hint);
            }
            output
        }
        error @ (RecipeError::NoTarget { .. } | RecipeError::SeveralTargets { .. }) => CallOutput::failed(
            ToolError::new(ErrorKind::InvalidArguments, error.own_words(), "Look the id up first.")
                .keyed("no_such_target"),
        ),
        error => CallOutput::failed(ToolError::new(
            ErrorKind::UnexpectedAnswer,
            error.own_words(),
            "Nothing was changed. The panel version may differ from the manifest.",
        )),
    };
    output.outcome = Some(match output.error.as_ref().map(|error| error.kind) {
        Some(ErrorKind::InvalidArguments) => Outcome::Rejected,
        _ => Outcome::NotSent,
    });
    output
}

/// Writes what reading back showed into the result.
pub(super) fn tell(proof: Verified, output: &mut CallOutput) {
    output.verified = proof.verified;
    // What was found is the panel's text.
    let told = |difference| serde_json::to_value(difference).ok().map(clean_value);
    output.differences = proof.differences.iter().filter_map(told).collect();
    output.warnings.extend(proof.warnings);
    if let Some(limits) = proof.limits.filter(|_| proof.verified == Some(true)) {
        output.warnings.push(format!("reading back does not show everything: {limits}"));
    }
    if let Some(id) = proof.new_id {
        give_id(id, output);
    }
    let failed = proof.items.iter().filter(|item| item.state == State::Failed).count();
    let done = proof.items.iter().filter(|item| item.state == State::Done).count();
    if failed > 0 {
        output.items = proof.items.iter().filter_map(|item| serde_json::to_value(item).ok()).collect();
    }
    if output.error.is_some() || proof.verified != Some(false) {
        return;
    }
    let hint =
        "See differences. Another change at the same time can also be the reason; read the state before anything else.";
    output.error = Some(if failed > 0 && done > 0 {
        output.outcome = Some(Outcome::Partial);
        let message = format!("the panel answered success, but reading back shows {done} items done and {failed} not");
        ToolError::new(ErrorKind::PartialFailure, message, "See items.").keyed("batch_partial")
    } else {
        ToolError::new(
            ErrorKind::NotVerified,
            "the panel answered success, but reading back does not show the change",
            hint,
        )
    });
}

/// Puts the id that was found into `data`, beside what the panel answered.
fn give_id(id: Value, output: &mut CallOutput) {
    let data = output.data.as_deref().map(serde_json::from_slice::<Value>);
    let mut object = match data {
        None => Map::new(),
        Some(Ok(Value::Object(object))) => object,
        // The panel's own words stay what they are.
        Some(_) => {
            output.warnings.push(format!("the new id is {id}"));
            return;
        }
    };
    object.entry("id").or_insert(id);
    output.data = Some(Value::Object(object).to_string().into());
}
