//! One change on its way: read the state before, fill in what an update would reset, call the panel once, read back.

use flvx_panel::{
    client::{Credential, PanelClient},
    spec::Route,
};
use serde_json::{Map, Value};

use super::{Arguments, explain::explain, panel_call::answered, shape::clean_value};
use crate::{
    recipes::{self, RecipeError, State, Verified},
    result::{CallOutput, ErrorKind, Outcome, ToolError},
    trace::TraceId,
};

/// Carries a change out. The request is sent at most once; everything before it only reads.
pub async fn carry_out(
    client: &PanelClient,
    credential: &Credential,
    route: &'static Route,
    mut arguments: Arguments,
    trace_id: &TraceId,
) -> CallOutput {
    let before = match recipes::before(client, credential, route, &arguments.request).await {
        Ok(before) => before,
        Err(error) => return not_begun(route, error),
    };
    let merged = match recipes::merge(client, credential, route, &mut arguments.request, &before).await {
        Ok(merged) => merged,
        Err(error) => return not_begun(route, error),
    };
    let mut output = match client.call(route, credential, &arguments.request, Some(trace_id.on_wire())).await {
        Ok(answer) => {
            let data = answer.data.as_deref().and_then(|data| serde_json::from_slice::<Value>(data).ok());
            let mut output = answered(route, &arguments, answer);
            if output.outcome != Some(Outcome::Rejected) {
                let proof =
                    recipes::verify(client, credential, route, &arguments.request, &before, data.as_ref()).await;
                tell(proof, &mut output);
            }
            output
        }
        Err(error) => explain(route, error),
    };
    if !merged.filled.is_empty() {
        output.warnings.push(format!(
            "filled in with the stored values, because the panel would have reset them: {}",
            merged.filled.join(", ")
        ));
    }
    output.warnings.extend(merged.warnings);
    output
}

/// A change that was given up before anything was sent.
fn not_begun(route: &'static Route, error: RecipeError) -> CallOutput {
    let mut output = match error {
        RecipeError::Read { tool, source } => {
            let mut output = explain(flvx_panel::generated::route(tool).unwrap_or(route), source);
            if let Some(error) = &mut output.error {
                error.message = format!("before the change, {tool} could not be read: {}", error.message);
                error.hint = format!("Nothing was changed. {}", error.hint);
            }
            output
        }
        error @ (RecipeError::NoTarget { .. } | RecipeError::SeveralTargets { .. }) => CallOutput::failed(ToolError {
            key: Some("no_such_target"),
            ..ToolError::new(ErrorKind::InvalidArguments, error.own_words(), "Look the id up first.")
        }),
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
fn tell(proof: Verified, output: &mut CallOutput) {
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
        ToolError { key: Some("batch_partial"), ..ToolError::new(ErrorKind::PartialFailure, message, "See items.") }
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
