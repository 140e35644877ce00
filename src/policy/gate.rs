//! How dangerous a call really is, and whether it may run.

use flvx_panel::{
    Secret,
    spec::{Danger, Route, When},
};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use super::{Demand, Demands};
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
                let text = match value {
                    Value::String(text) => Value::from(text.trim()).to_string(),
                    other => other.to_string(),
                };
                values.contains(&text.as_str())
            }
            When::HasKey(keys) => value.as_object().is_some_and(|map| has_any(map, keys)),
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
                && has_any(request, keys)
            {
                danger = (rule.to, Some(rule.reason));
            }
        }
    }
    danger
}

/// The panel cuts blanks off texts and names, and then means the same: a blank must not lower what a call is.
fn has_any(map: &Map<String, Value>, keys: &[&str]) -> bool {
    map.keys().any(|key| keys.contains(&key.trim()))
}

/// What a call has to show.
#[derive(Debug, Clone)]
pub struct Gate {
    word: Option<Secret>,
    demands: Demands,
}

/// What the gate makes of what a call shows.
#[derive(Debug)]
pub enum Shown<'a> {
    /// Nothing is demanded.
    Free,
    /// It is the operator's word.
    Word,
    /// It may be the token of a preview, which has to be looked at; `human`: a person's approval is demanded as well.
    Token {
        /// What was given.
        token: &'a Secret,
        /// Whether a person must have approved it.
        human: bool,
    },
}

/// What a gated call is, for sentences: `this call is critical with these arguments (…)`.
#[derive(Debug, Clone, Copy)]
pub struct Gated<'a> {
    /// Danger of the call with its arguments.
    pub danger: Danger,
    /// Why it is more than the tool's own.
    pub why: Option<&'a str>,
    /// The call that previews it, in words; `None`: the caller has none.
    pub preview: Option<&'a str>,
}

impl Gate {
    /// A gate that opens for this word; without one it stays shut.
    pub fn new(word: Option<Secret>, demands: Demands) -> Self {
        Self { word, demands }
    }

    /// Whether gated calls can run at all.
    pub fn can_open(&self) -> bool {
        self.word.is_some()
    }

    /// What each danger demands.
    pub fn demands(&self) -> &Demands {
        &self.demands
    }

    /// What a call of this danger demands; `None`: it cannot run on this gateway.
    pub fn demand(&self, danger: Danger) -> Option<Demand> {
        match self.demands.of(danger) {
            Demand::Nothing => Some(Demand::Nothing),
            Demand::Off => None,
            demand => self.can_open().then_some(demand),
        }
    }

    /// Looks at what a call shows. The texts name no way round.
    ///
    /// # Errors
    /// Gated calls are off, or nothing that could open the gate is shown.
    pub fn look<'a>(&self, gated: Gated<'_>, given: Option<&'a Secret>) -> Result<Shown<'a>, ToolError> {
        let Gated { danger, why, preview } = gated;
        let reason =
            why.map(|why| format!(" with these arguments ({})", why.trim_end_matches('.'))).unwrap_or_default();
        let call = format!("this call is {}{reason}", danger.word());
        let Some(demand) = self.demand(danger) else {
            return Err(ToolError::new(
                ErrorKind::ConfirmationUnavailable,
                format!(
                    "{call}, and {} calls are switched off on this gateway",
                    if self.can_open() { "such" } else { "confirmed" }
                ),
                "Tell the operator what you want to do and why; only they can switch confirmed calls on.",
            ));
        };
        if demand == Demand::Nothing {
            return Ok(Shown::Free);
        }
        let Some(given) = given else {
            return Err(ToolError::new(
                ErrorKind::ConfirmationRequired,
                format!("{call} and needs a confirmation"),
                match preview.filter(|_| demand != Demand::Word) {
                    None => "Show the operator exactly what will change and ask for their word; they give it as confirm_token.".to_owned(),
                    Some(preview) => {
                        let person = if demand == Demand::Human { "; a person must approve it as well" } else { "" };
                        format!("Call {preview}, show the operator what it says, then call again with its confirm_token{person}.")
                    }
                },
            ));
        };
        if self.is_word(given) {
            return Ok(Shown::Word);
        }
        if demand == Demand::Word {
            return Err(ToolError::new(
                ErrorKind::ConfirmationRejected,
                format!("{call}; only the operator's own word opens it, and the confirm_token is not that"),
                "Do not guess. Ask the operator.",
            ));
        }
        Ok(Shown::Token { token: given, human: demand == Demand::Human })
    }

    /// Whether a text is the operator's word, in constant time. Lengths differ without a comparison; that tells only the length.
    fn is_word(&self, given: &Secret) -> bool {
        self.word.as_ref().is_some_and(|word| bool::from(word.expose().as_bytes().ct_eq(given.expose().as_bytes())))
    }
}
