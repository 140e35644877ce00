//! What is previewed, confirmed, run once and recorded: one call of the panel, or the calls that take an earlier change back.

use std::collections::BTreeSet;

use flvx_panel::{
    client::Credential,
    spec::{Danger, Role, Route},
};
use serde_json::{Map, Value, json};

use super::{
    call::Inner,
    shape::{self, Redactor},
    undo::UndoPlan,
};
use crate::{
    policy::{canonical, effective_danger},
    recipes::{self, RecipeError},
    result::ToolError,
};

/// A change before it is made.
#[derive(Debug)]
pub enum Subject {
    /// One call.
    Call {
        /// Its route.
        route: &'static Route,
        /// The panel's parameters, as the caller gave them.
        request: Map<String, Value>,
    },
    /// The calls that take an earlier change back.
    Undo(UndoPlan),
}

/// What a preview has to say, and the state that it speaks of.
pub struct Seen {
    /// What is shown.
    pub told: Map<String, Value>,
    /// One sentence for a person.
    pub summary: String,
    /// What a person types to approve.
    pub phrase: String,
    /// Digest of the state.
    pub fingerprint: [u8; 32],
    /// There is something to be confirmed.
    pub possible: bool,
}

impl Subject {
    /// Canonical name of the tool.
    pub fn tool(&self) -> &'static str {
        match self {
            Self::Call { route, .. } => route.tool,
            Self::Undo(_) => super::undo::TOOL,
        }
    }

    /// The route, when it is one call.
    pub fn route(&self) -> Option<&'static Route> {
        match self {
            Self::Call { route, .. } => Some(route),
            Self::Undo(_) => None,
        }
    }

    /// Every route that it calls.
    pub fn routes(&self) -> Vec<&'static Route> {
        match self {
            Self::Call { route, .. } => vec![route],
            Self::Undo(plan) => plan.routes(),
        }
    }

    /// Whom the panel asks for.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Call { route, .. } => Some(route.role),
            Self::Undo(plan) => plan.role(),
        }
    }

    /// How dangerous it is with its arguments, and why it is more than the tool's own.
    pub fn danger(&self) -> (Danger, Option<&'static str>) {
        match self {
            Self::Call { route, request } => effective_danger(route, request),
            Self::Undo(plan) => (plan.danger(), None),
        }
    }

    /// The one spelling of the request.
    pub fn canonical(&self) -> String {
        match self {
            Self::Call { request, .. } => canonical(request),
            Self::Undo(plan) => plan.trace_id.clone(),
        }
    }

    /// The request as JSON, without its secrets.
    pub fn arguments(&self) -> String {
        match self {
            Self::Call { route, request } => redacted(route, request).to_string(),
            Self::Undo(plan) => json!({ "trace_id": plan.trace_id }).to_string(),
        }
    }

    /// Whether it can be made now, before anything is read for it.
    ///
    /// # Errors
    /// Why not.
    pub fn ready(&self) -> Result<(), ToolError> {
        match self {
            Self::Call { .. } => Ok(()),
            Self::Undo(plan) => plan.ready(),
        }
    }

    /// Name of the change that is taken back.
    pub fn undoes(&self) -> Option<String> {
        match self {
            Self::Call { .. } => None,
            Self::Undo(plan) => Some(plan.trace_id.clone()),
        }
    }

    /// Looks at the state and says what would happen, as far as tools that are `offered` show it.
    pub(super) async fn preview(
        &self,
        inner: &Inner,
        credential: &Credential,
        offered: &BTreeSet<&'static str>,
    ) -> Result<Seen, RecipeError> {
        match self {
            Self::Call { route, request } => {
                let seen = recipes::preview(inner.client(), credential, route, request, Some(offered)).await?;
                let told = match serde_json::to_value(&seen) {
                    Ok(Value::Object(told)) => told,
                    _ => Map::new(),
                };
                Ok(Seen {
                    told,
                    fingerprint: inner.together(&[seen.fingerprint()]),
                    // A change of things of which none is there has nothing to agree to.
                    possible: seen.missing.is_empty() || !seen.targets.is_empty(),
                    summary: seen.summary,
                    phrase: seen.confirm_phrase,
                })
            }
            Self::Undo(plan) => plan.preview(inner, credential, offered).await,
        }
    }

    /// The digest of the state now; the same as the preview's while nothing has changed.
    pub(super) async fn fingerprint(&self, inner: &Inner, credential: &Credential) -> Result<[u8; 32], RecipeError> {
        match self {
            Self::Call { route, request } => {
                Ok(inner.together(&[recipes::fingerprint(inner.client(), credential, route, request).await?]))
            }
            Self::Undo(plan) => plan.fingerprint(inner, credential).await,
        }
    }
}

/// A request without its secrets.
pub fn redacted(route: &Route, request: &Map<String, Value>) -> Value {
    let text = Value::Object(request.clone()).to_string();
    let hidden = shape::shape_whole(route.request, text.into(), &mut Redactor::default()).ok();
    hidden.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or(Value::Null)
}
