//! How dangerous a call really is, and whether it may run.

use flvx_panel::{
    Secret,
    spec::{Danger, Route, When},
};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use crate::result::{ErrorKind, ToolError};

/// The danger of a call with these arguments, and why it is more than the tool's own.
pub fn effective_danger(route: &Route, request: &Map<String, Value>) -> (Danger, Option<&'static str>) {
    let mut danger = (route.danger, None);
    for rule in route.escalate {
        let Some(value) = request.get(rule.field) else { continue };
        let holds = match rule.when {
            When::Given => !value.is_null(),
            When::LongerThan(most) => value.as_array().is_some_and(|items| items.len() as u64 > most),
            When::OneOf(values) => {
                let text = value.to_string();
                values.contains(&text.as_str())
            }
            When::HasKey(keys) => value.as_object().is_some_and(|map| keys.iter().any(|key| map.contains_key(*key))),
        };
        if holds && rule.to > danger.0 {
            danger = (rule.to, Some(rule.reason));
        }
    }
    // A body with free keys is looked at as a whole: the rule then names the key itself.
    if route.request.kind == flvx_panel::spec::Kind::Map {
        for rule in route.escalate {
            if let When::HasKey(keys) = rule.when
                && rule.to > danger.0
                && keys.iter().any(|key| request.contains_key(*key))
            {
                danger = (rule.to, Some(rule.reason));
            }
        }
    }
    danger
}

/// The operator's word. Calls that are `dangerous` or `critical` run only with it.
#[derive(Debug, Clone)]
pub struct Gate {
    word: Option<Secret>,
}

impl Gate {
    /// A gate that opens for this word; without one it stays shut.
    pub fn new(word: Option<Secret>) -> Self {
        Self { word }
    }

    /// Whether gated calls can run at all.
    pub fn can_open(&self) -> bool {
        self.word.is_some()
    }

    /// Lets a call through or says why not. The texts name no way round.
    ///
    /// # Errors
    /// Gated calls are off, the confirmation is missing, or it is wrong.
    pub fn pass(&self, danger: Danger, why: Option<&str>, given: Option<&Secret>) -> Result<(), ToolError> {
        if danger < Danger::Dangerous {
            return Ok(());
        }
        let word = if danger == Danger::Critical { "critical" } else { "dangerous" };
        let reason =
            why.map(|why| format!(" with these arguments ({})", why.trim_end_matches('.'))).unwrap_or_default();
        let Some(expected) = &self.word else {
            return Err(ToolError::new(
                ErrorKind::ConfirmationUnavailable,
                format!("this call is {word}{reason}, and confirmed calls are switched off on this gateway"),
                "Tell the operator what you want to do and why; only they can switch confirmed calls on.",
            ));
        };
        let Some(given) = given else {
            return Err(ToolError::new(
                ErrorKind::ConfirmationRequired,
                format!("this call is {word}{reason} and needs the operator's confirmation"),
                "Show the operator exactly what will change and ask for their confirmation; they give it as confirm_token.",
            ));
        };
        // Lengths differ without a comparison; that tells only the length.
        if bool::from(expected.expose().as_bytes().ct_eq(given.expose().as_bytes())) {
            return Ok(());
        }
        Err(ToolError::new(
            ErrorKind::ConfirmationRejected,
            "the confirm_token is not the operator's",
            "Do not guess. Ask the operator.",
        ))
    }
}
