//! What a change would do, seen before it is made: its targets by name, the values that it changes, what hangs on them,
//! what surprises, and whether it can be taken back. Reads only.
//!
//! A preview and the [`fingerprint`] taken when the change is applied come from the same reads, and a preview makes each of them
//! once, so equal fingerprints mean that the person who agreed saw the state that is changed now. Nothing in a preview is a
//! secret; names and texts are as the panel gave them, and cleaning them is left to the gateway.

mod changes;
mod fields;
mod fingerprint;
mod gather;
mod reader;
mod shown;
mod words;

use std::collections::BTreeSet;

use flvx_manifest::model::{Lossless, Undo};
use flvx_panel::{
    client::{Credential, PanelClient},
    generated,
    spec::Route,
};
use serde::Serialize;
use serde_json::{Map, Value};

use self::gather::{Found, Gathered, Group};
use super::{
    Before, Merged, Recipe, RecipeError,
    merge::merge_read,
    place::{self, Scope},
    reads::Panel,
};

/// Names of dependents that are told.
const FIRST: usize = 10;
/// Targets that are shown one by one; an import can have thousands.
const MOST: usize = 100;

/// What a change would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Previewed {
    /// One English sentence of ours, with names in quotes.
    pub summary: String,
    /// What is changed or made.
    pub targets: Vec<Target>,
    /// Keys that were asked for and are not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Value>,
    /// Values that become other ones; what stays the same is not in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What hangs on the targets; sorts of which there is none are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependents: Vec<Dependents>,
    /// What will surprise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traps: Vec<String>,
    /// How long it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// Whether it can be taken back.
    pub undo: Takeback,
    /// Arguments that would be filled in with their stored values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub filled: Vec<String>,
    /// What the caller should know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What a person types to approve. It names what the caller may perhaps not list, so it is for the person.
    #[serde(skip)]
    pub confirm_phrase: String,
    /// The same, where it says nothing that the caller may not know.
    #[serde(rename = "confirm_phrase", skip_serializing_if = "Option::is_none")]
    pub told_phrase: Option<String>,
    #[serde(skip)]
    fingerprint: [u8; 32],
}

impl Previewed {
    /// SHA-256 of the state that was seen: equal on a panel where only counters moved, another after a change that matters.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }
}

/// One thing that is changed or made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Target {
    /// What a person calls such a thing.
    pub kind: String,
    /// What identifies its row; absent when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its row as lists show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Map<String, Value>>,
}

/// What becomes of one target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Position in `targets`; absent when it belongs to none of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<usize>,
    /// Its values.
    pub fields: Vec<FieldChange>,
}

/// One value that becomes another.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FieldChange {
    /// Field of the row, or the argument where no row shows it.
    pub field: String,
    /// What it is; absent: there is none, or it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it becomes; absent: it goes with its row, or the panel computes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Secrets only: whether it becomes another one; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<bool>,
    /// What else is to be known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Things of one sort that hang on the targets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dependents {
    /// What they are, in the plural.
    pub label: String,
    /// How many there are.
    pub count: usize,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<Named>,
}

/// A row by its key and name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// What identifies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Value>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Whether and how a change can be taken back.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Takeback {
    /// There is an inverse call.
    pub possible: bool,
    /// Tool of the inverse call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// All of the old state comes back.
    pub lossless: bool,
    /// What does not come back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loses: Vec<String>,
    /// Why there is no inverse call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Said of an undo with a call that is not offered. It names no tool: what is not offered does not exist.
const NOT_YOURS: &str = "taking it back needs calls that you may not make; somebody with more rights can";

impl Takeback {
    fn of(seen: &Gathered<'_>) -> Self {
        let Some(undo) = undo_of(seen.recipe, &seen.hidden) else { return Self::default() };
        let created = undo.created.iter().map(|created| &created.tool);
        let mut tools = undo.tool.iter().chain(created).chain(undo.then.iter().map(|then| &then.tool));
        if !tools.all(|tool| seen.lists(tool)) {
            return Self { reason: Some(NOT_YOURS.to_owned()), ..Self::default() };
        }
        Self {
            possible: undo.tool.is_some(),
            by: undo.tool.clone(),
            lossless: undo.lossless == Some(Lossless::Full),
            loses: undo.loses.clone(),
            reason: undo.none.clone(),
        }
    }
}

/// How the change would be taken back. An account that was refused a read of the same kind cannot make the read of `save` either.
fn undo_of<'r>(recipe: &'r Recipe, hidden: &BTreeSet<&'static str>) -> Option<&'r Undo> {
    let undo = recipe.undo.as_ref()?;
    let (Some(save), Some(other)) = (&recipe.save, undo.without_save.as_deref()) else { return Some(undo) };
    let role = |tool: &str| generated::route(tool).map(|route| route.role);
    let refused = hidden.iter().any(|tool| role(tool) == role(&save.read));
    Some(if refused { other } else { undo })
}

/// Shows what the change would do. `request` is what the caller gave, `offered` the tools that he may use (`None`: all).
/// What only other tools show is read for the fingerprint all the same, but is not told, neither by name nor by number; and an
/// undo that needs other tools is none.
///
/// # Errors
/// A read failed. A target that is not there is no error but told in [`Previewed::missing`].
pub async fn preview(
    client: &PanelClient,
    credential: &Credential,
    route: &'static Route,
    request: &Map<String, Value>,
    offered: Option<&BTreeSet<&'static str>>,
) -> Result<Previewed, RecipeError> {
    let recipe = Recipe::of(route)?;
    let panel = Panel { client, credential };
    let (mut seen, mut reader) = gather::gather(panel, route, recipe, request).await?;
    let fingerprint = fingerprint::of(&seen);
    seen.name(&mut reader).await?;

    let before = Before { target: seen.rows(), given: request.keys().cloned().collect(), ..Before::default() };
    let mut sent = request.clone();
    let (merged, mut warnings) = match merge_read(route, &mut sent, &before, &seen.present) {
        Ok(merged) => (merged, Vec::new()),
        Err(error @ (RecipeError::NoTarget { .. } | RecipeError::SeveralTargets { .. })) => {
            sent.clone_from(request);
            (Merged::default(), vec![format!("the call would be refused: {}", error.own_words())])
        }
        Err(error) => return Err(error),
    };
    let mut outcome = changes::outcome(&seen, &sent);
    // What is typed to approve is the same for everybody, but not everybody is told it.
    let confirm_phrase = words::confirm_phrase(route, &outcome.targets);
    if offered.is_some() {
        seen.offered = offered;
        outcome = changes::outcome(&seen, &sent);
    }
    warnings.extend(merged.warnings);
    warnings.extend_from_slice(&outcome.warnings);
    if outcome.unlisted.contains(&true) {
        warnings.push("what it is about is told only as the request says it: the caller may not list it".to_owned());
    }
    if seen.looked_further() {
        warnings.push("what the caller may not list is not shown: things of other kinds may hang on it".to_owned());
    }
    let tools: Vec<&str> = seen.hidden.iter().copied().filter(|tool| seen.lists(tool)).collect();
    if !tools.is_empty() {
        warnings.push(format!("some of what hangs on it is not shown: this account may not call {}", tools.join(", ")));
    }
    let told_phrase = (!outcome.unlisted.contains(&true)).then(|| confirm_phrase.clone());
    let shown = recipe.preview.as_ref();
    let dependents = seen.dependents();
    let summary = words::summary(recipe, &outcome, &dependents);
    if outcome.targets.len() > MOST {
        warnings.push(format!("{} of the targets are not shown one by one", outcome.targets.len() - MOST));
        outcome.targets.truncate(MOST);
        outcome.changes.retain(|change| change.target.is_none_or(|target| target < MOST));
    }
    Ok(Previewed {
        fingerprint,
        summary,
        confirm_phrase,
        told_phrase,
        targets: outcome.targets,
        missing: outcome.missing,
        changes: outcome.changes,
        dependents,
        traps: shown.map(|preview| preview.traps.clone()).unwrap_or_default(),
        duration: shown.and_then(|preview| preview.duration.clone()),
        undo: Takeback::of(&seen),
        filled: merged.filled,
        warnings,
    })
}

/// The fingerprint of the state now, with the reads that it needs and no other; see [`Previewed::fingerprint`].
///
/// # Errors
/// A read failed.
pub async fn fingerprint(
    client: &PanelClient,
    credential: &Credential,
    route: &'static Route,
    request: &Map<String, Value>,
) -> Result<[u8; 32], RecipeError> {
    let (seen, _) = gather::gather(Panel { client, credential }, route, Recipe::of(route)?, request).await?;
    Ok(fingerprint::of(&seen))
}

impl Gathered<'_> {
    /// What hangs on the targets, as it is told.
    fn dependents(&self) -> Vec<Dependents> {
        let listed = self.hanging.iter().filter(|hanging| self.lists(&hanging.read.read));
        let told = listed.filter(|hanging| !hanging.rows.is_empty()).map(|hanging| Dependents {
            label: hanging.read.label.clone().unwrap_or_default(),
            count: hanging.rows.len(),
            first: hanging
                .rows
                .iter()
                .take(FIRST)
                .map(|row| Named {
                    key: reader::key_of(hanging.read, row),
                    name: hanging.read.name.as_deref().and_then(|path| shown::text(row, path)),
                })
                .collect(),
        });
        told.collect()
    }

    fn rows(&self) -> Vec<Value> {
        let mut rows: Vec<Value> = Vec::new();
        for row in self.groups.iter().flat_map(|group| &group.found).filter_map(|found| found.row.as_ref()) {
            if !rows.contains(row) {
                rows.push(row.clone());
            }
        }
        rows
    }

    /// The scope of one row: places into the list of arguments mean the item that it belongs to.
    fn scope<'s>(&'s self, group: &'s Group, found: &'s Found) -> Scope<'s> {
        Scope {
            request: self.request,
            before: found.row.as_slice(),
            data: None,
            item: group.list.zip(found.item.as_ref()).map(|(list, value)| place::Item { list, value }),
        }
    }
}
