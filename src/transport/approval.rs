//! Asks the person behind the client to approve a call that waits for one, where the client can show a form: as an input
//! request of the call's result (2026-07-28), or as a request of the server (older revisions).
//!
//! The form shows what would happen and asks for the target's name. What comes back decides the question in the store; the
//! call is then made again and finds it decided. The state that travels with an input request is only the question's id: it
//! says nothing, and is looked up together with the caller.

use std::{borrow::Cow, time::Duration};

use rmcp::{
    RoleServer,
    model::{
        CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
        InputRequest, InputRequests, InputRequiredResult, ProtocolVersion, StringSchema,
    },
    service::RequestContext,
};
use serde_json::Value;

use crate::{
    clean::clean_text,
    gateway::{Caller, Gateway},
    result::{Awaits, CallOutput},
    store::Decision,
};

/// Name of the form among the input requests.
const FORM: &str = "approve";
/// Name of its one field.
const FIELD: &str = "name";
/// How long a person has to answer a form that is open.
const PATIENCE: Duration = Duration::from_secs(180);

/// Whether the client can show a form for this request.
pub fn can_ask(context: &RequestContext<RoleServer>) -> bool {
    let elicitation = context.client_capabilities().and_then(|capabilities| capabilities.elicitation);
    // An empty object is the older way to say `form`.
    elicitation.is_some_and(|elicitation| elicitation.form.is_some() || elicitation.url.is_none())
}

/// Whether the client speaks the revision in which results ask for input.
pub fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

/// The result that asks.
pub fn input_required(awaits: &Awaits) -> InputRequiredResult {
    let mut requests = InputRequests::new();
    requests.insert(FORM.to_owned(), InputRequest::Elicitation(ElicitRequest::new(form(awaits))));
    InputRequiredResult::new(Some(requests), Some(awaits.approval.clone()))
}

/// Takes the answer to an earlier input request, if the call brings one. Gives whether it did.
pub async fn take_answer(gateway: &Gateway, caller: &Caller, request: &CallToolRequestParams) -> bool {
    let (Some(id), Some(responses)) = (&request.request_state, &request.input_responses) else { return false };
    let answer = responses.get(FORM).and_then(|answer| serde_json::to_value(answer).ok());
    let Some(answer) = answer.and_then(|answer| serde_json::from_value::<ElicitResult>(answer).ok()) else {
        return false;
    };
    decide(gateway, caller, id, answer).await;
    true
}

/// Asks now, and waits for the answer. Gives whether there was one.
pub async fn ask(gateway: &Gateway, caller: &Caller, context: &RequestContext<RoleServer>, awaits: &Awaits) -> bool {
    match context.peer.create_elicitation_with_timeout(form(awaits), Some(PATIENCE)).await {
        Ok(answer) => {
            decide(gateway, caller, &awaits.approval, answer).await;
            true
        }
        Err(error) => {
            tracing::debug!(%error, "the client did not answer the form");
            false
        }
    }
}

/// Says in the result that a form was answered and still nothing is decided.
pub fn tell_undecided(output: &mut CallOutput) {
    if output.awaits.is_some() {
        output.warnings.push(
            "the form was closed, or answered with something else than the name that it asks for, so nothing is decided"
                .to_owned(),
        );
    }
}

async fn decide(gateway: &Gateway, caller: &Caller, id: &str, answer: ElicitResult) {
    let decision = match answer.action {
        ElicitationAction::Accept => Decision::Approved,
        ElicitationAction::Decline => Decision::Denied,
        // Closed without an answer: the question stays.
        _ => return,
    };
    let typed = answer.content.as_ref().and_then(|content| content.get(FIELD)).and_then(Value::as_str);
    gateway.decide_by_form(caller, id, decision, typed.unwrap_or_default()).await;
}

fn form(awaits: &Awaits) -> ElicitRequestParams {
    let phrase = clean_text(&awaits.phrase).into_owned();
    let field = StringSchema::new().title("Name").description(Cow::from(format!("Type {phrase} to approve")));
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: format!(
            "The agent wants to do this through the FLVX gateway: {}. To let it, type exactly: {phrase}",
            clean_text(&awaits.summary).trim_end_matches('.')
        ),
        requested_schema: ElicitationSchema::builder().required_string_property(FIELD, |_| field).build_unchecked(),
    }
}
