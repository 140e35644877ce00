//! The inverse of a change, written down as the calls that take it back. It is made of what was read before and after, and
//! it may be kept in a record for ever: it holds no secret. What only the saved file knows stays a place (`$saved…`) until
//! [`InverseCall::whole`] fills it.

mod build;
mod call;

use flvx_panel::spec::Route;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use call::{InverseCall, Ready, UndoError, in_parts};

use super::{Before, Recipe, Verified};

/// What is known of a change that was made.
#[derive(Clone, Copy)]
pub struct Happened<'a> {
    /// The request as it was sent.
    pub request: &'a Map<String, Value>,
    /// The state before it.
    pub before: &'a Before,
    /// `data` of the panel's answer, if there was one.
    pub data: Option<&'a Value>,
    /// What reading back showed.
    pub verified: &'a Verified,
    /// Whether what [`super::saved`] gave is kept somewhere.
    pub saved: bool,
}

/// How a change is taken back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Inverse {
    /// The inverse calls, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<InverseCall>,
    /// Calls that follow them, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<InverseCall>,
    /// Everything comes back.
    #[serde(default)]
    pub lossless: bool,
    /// What does not, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loses: Vec<String>,
    /// Why there are no calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<String>,
    /// There are none because there is nothing to take back, which hinders nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nothing: bool,
    /// Some of the calls need the saved file.
    #[serde(default)]
    pub needs_saved: bool,
}

impl Inverse {
    fn none(reason: impl Into<String>) -> Self {
        Self { none: Some(reason.into()), ..Self::default() }
    }
}

/// The inverse of a change. It never fails: where there is none, it says why.
pub fn inverse(route: &'static Route, happened: &Happened<'_>) -> Inverse {
    let recipe = match Recipe::of(route) {
        Ok(recipe) => recipe,
        Err(error) => return Inverse::none(error.own_words()),
    };
    let Some(undo) = &recipe.undo else { return Inverse::none("the manifest says nothing about it") };
    match (&undo.without_save, recipe.save.is_some() && !happened.saved) {
        (Some(other), true) => build::build(route, recipe, other, happened),
        (None, true) if undo.none.is_none() => {
            Inverse::none("what was there before was not saved, and without that there is nothing to go back to")
        }
        _ => build::build(route, recipe, undo, happened),
    }
}
