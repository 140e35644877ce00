//! The recipes of one route, parsed from its manifest entry when first asked for and kept.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{LazyLock, Mutex, PoisonError},
};

use flvx_manifest::model::{Expect, Merge, Omitted, Preview, Read, Request, Save, Undo, Unique, Verify};
use flvx_panel::spec::Route;
use serde::Deserialize;
use serde_json::Value;

use super::{RecipeError, place};

/// Recipes of one route; all of them are absent on a read.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Recipe {
    /// What the route takes: its defaults are in no table.
    #[serde(default)]
    pub request: Option<Request>,
    /// The thing that is changed and how its state is read.
    #[serde(default)]
    pub target: Option<Read>,
    /// What is shown before it runs.
    #[serde(default)]
    pub preview: Option<Preview>,
    /// How what the caller left out is filled in.
    #[serde(default)]
    pub merge: Option<Merge>,
    /// How it is proven to have happened.
    #[serde(default)]
    pub verify: Option<Verify>,
    /// What is kept in a file before it runs, for `undo`.
    #[serde(default)]
    pub save: Option<Save>,
    /// How it is taken back.
    #[serde(default)]
    pub undo: Option<Undo>,
}

static PARSED: LazyLock<Mutex<HashMap<&'static str, &'static Recipe>>> = LazyLock::new(Mutex::default);

impl Recipe {
    /// The recipes of a route.
    ///
    /// # Errors
    /// The entry cannot be read, which the build rules out.
    pub fn of(route: &'static Route) -> Result<&'static Self, RecipeError> {
        let mut parsed = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recipe) = parsed.get(route.entry) {
            return Ok(recipe);
        }
        let recipe: Self = serde_json::from_str(route.entry)
            .map_err(|error| RecipeError::Manifest { tool: route.tool.to_owned(), what: error.to_string() })?;
        // There are as many as the manifest has routes, and they are wanted as long as the program runs.
        let recipe: &'static Self = Box::leak(Box::new(recipe));
        parsed.insert(route.entry, recipe);
        Ok(recipe)
    }

    /// How the change is proven, unless it cannot be.
    pub(super) fn proof(&self) -> Option<&Verify> {
        self.verify.as_ref().filter(|verify| verify.impossible.is_none())
    }

    /// The read that proves the change.
    pub(super) fn proof_read(&self) -> Option<&Read> {
        self.proof()?.read.as_deref().or(self.target.as_ref())
    }

    /// The target's rows are needed before the change.
    pub(super) fn needs_target(&self) -> bool {
        let proven_by_target = self.proof().is_some_and(|verify| verify.read.is_none() || mentions_before(verify));
        let taken_back = self.undo.as_ref().is_some_and(undo_looks_at_target)
            || self.save.as_ref().is_some_and(save_looks_at_target);
        self.target.is_some() && (self.merge.is_some() || proven_by_target || taken_back)
    }

    /// The change makes a row that is only known by not having been there.
    pub(super) fn expects_new_row(&self) -> bool {
        self.proof().is_some_and(|verify| verify.expect == Some(Expect::Created))
    }

    /// The panel keeps the stored value of this field when it is left out.
    pub(super) fn keeps(&self, field: &str) -> bool {
        let fields = self.request.as_ref().map(|request| &request.fields);
        fields.and_then(|fields| fields.get(field)).is_some_and(|field| field.omitted == Some(Omitted::Keep))
    }

    /// Request fields that the proof looks at; `None`: all of them.
    pub(super) fn proven_fields(&self) -> Option<BTreeSet<String>> {
        let mut fields = BTreeSet::new();
        let (Some(verify), Some(read)) = (self.proof(), self.proof_read()) else { return Some(fields) };
        for (_, value) in read.request.iter().chain(read.matches.iter()).chain(verify.equals.iter()) {
            if !place::request_fields(value, &mut fields) {
                return None;
            }
        }
        Some(fields)
    }
}

fn undo_looks_at_target(undo: &Undo) -> bool {
    let before = |value: &Value| place::mentions(value, "$before");
    let of_then = undo.then.iter().flat_map(|then| then.request.iter());
    let of_saved = undo.then.iter().map(|then| &then.saved).chain([&undo.saved]);
    let of_rows = of_saved.flat_map(Unique::iter).flat_map(|(_, rows)| rows).flat_map(Unique::iter);
    let of_old = undo.old.iter().flat_map(|read| read.request.iter().chain(read.matches.iter()));
    undo.each
        || undo.created.is_some()
        || !undo.rows.is_empty()
        || undo.then.iter().any(|then| !then.rows.is_empty())
        || undo.request.iter().chain(of_then).chain(of_rows).chain(of_old).any(|(_, value)| before(value))
        || undo.given.iter().chain(&undo.keys).any(before)
        || undo.without_save.as_deref().is_some_and(undo_looks_at_target)
}

fn save_looks_at_target(save: &Save) -> bool {
    let of_rows = save.keep.iter().flat_map(|(_, rows)| rows).flat_map(Unique::iter);
    save.request.iter().chain(of_rows).any(|(_, value)| place::mentions(value, "$before"))
}

fn mentions_before(verify: &Verify) -> bool {
    let of_read = verify.read.iter().flat_map(|read| read.request.iter().chain(read.matches.iter()));
    verify.equals.iter().chain(of_read).any(|(_, value): (&str, &Value)| place::mentions(value, "$before"))
}
