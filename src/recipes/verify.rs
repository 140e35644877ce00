//! The proof of a change: reads what became of it and holds that against what was asked for.
//!
//! `verified: true` is only said of what was seen: rows that have the values asked for, rows that were there and are gone,
//! a row that is new. What cannot be told apart from a panel that did nothing stays `None`, with the reason.

mod created;
mod difference;
mod rows;

use std::fmt;

use flvx_manifest::model::{Expect, Read, Verify};
use flvx_panel::{
    client::{Credential, PanelClient},
    spec::{Field, Route},
};
use serde::Serialize;
use serde_json::{Map, Value};

pub use difference::Difference;

use super::{
    Before, Recipe,
    place::{Item, Scope},
    reads::{self, Panel},
    redact::redacted,
};

/// What became of one item of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is as it was asked for.
    Done,
    /// It is not.
    Failed,
    /// Reading does not tell.
    Unknown,
}

/// One item of a batch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemState {
    /// What identifies the item, from the request.
    pub key: Value,
    /// What became of it.
    pub state: State,
    /// Why reading does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// What the reading back showed. Holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Verified {
    /// The change is there (or not); `None`: reading does not tell, and `warnings` says why.
    pub verified: Option<bool>,
    /// What is other than it was asked for.
    pub differences: Vec<Difference>,
    /// Id of the row that was made.
    pub new_id: Option<Value>,
    /// The items of a list argument one by one.
    pub items: Vec<ItemState>,
    /// What the caller should know.
    pub warnings: Vec<String>,
    /// Arguments that the caller gave and that reading does not show.
    pub not_compared: Vec<String>,
    /// What the read cannot show even when it agrees, in the manifest's words.
    pub limits: Option<String>,
    /// Something of what was asked for is other than it was before the call, whether or not it is as it was asked for. While
    /// it is `false`, a proof that failed means that the call had no effect.
    #[serde(skip)]
    pub moved: bool,
    /// Several new rows fit, and which one the change made cannot be told.
    #[serde(skip)]
    pub(super) several: bool,
    /// The rows that were found, without their secrets; of a create only the new one. For [`super::inverse`], not for clients.
    #[serde(skip)]
    pub(super) after: Found,
}

/// Rows for the inverse. What is secret by its name alone may be among them, so `Debug` only counts them.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Found(pub(super) Vec<Value>);

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.0.len())
    }
}

impl Verified {
    /// The rows that were found, without their secrets.
    pub fn after(&self) -> &[Value] {
        &self.after.0
    }

    fn inconclusive(why: String) -> Self {
        Self { warnings: vec![why], ..Self::default() }
    }
}

/// Reads back and compares. `request` is what was sent, with what the merge filled in; `answer_data` is the `data` of
/// the panel's answer, if there was one. It never fails: what cannot be told is told so.
pub async fn verify(
    client: &PanelClient,
    credential: &Credential,
    route: &'static Route,
    request: &Map<String, Value>,
    before: &Before,
    answer_data: Option<&Value>,
) -> Verified {
    let recipe = match Recipe::of(route) {
        Ok(recipe) => recipe,
        Err(error) => return Verified::inconclusive(error.own_words()),
    };
    if let Some(reason) = recipe.verify.as_ref().and_then(|verify| verify.impossible.as_deref()) {
        return Verified::inconclusive(format!("not verified, because reading cannot prove it: {reason}"));
    }
    let (Some(verify), Some(read)) = (recipe.proof(), recipe.proof_read()) else { return Verified::default() };
    let scope = Scope { request, before: &before.target, data: answer_data, item: None };
    let rows = match (Panel { client, credential }).rows(read, &scope).await {
        Ok(rows) => rows,
        Err(error) => {
            return Verified::inconclusive(format!("the change could not be read back: {}", error.own_words()));
        }
    };
    let proof = ProofOf { route, verify, read, row: reads::row_shape(read), scope, before, rows: &rows };
    let mut verified = match verify.expect {
        Some(Expect::Created) => created::prove(&proof),
        Some(Expect::Present | Expect::Absent) | None => rows::prove(&proof),
    };
    verified.not_compared = not_compared(recipe, before, &verified.not_compared);
    verified.limits.clone_from(&verify.limits);
    rows::without_effect(&proof, &mut verified);
    verified
}

/// Arguments of the caller that the proof does not look at, and those parts of the others that no row shows.
fn not_compared(recipe: &Recipe, before: &Before, unseen: &[String]) -> Vec<String> {
    let of_caller = |path: &&String| {
        let argument = path.split(['.', '[']).next();
        before.given.iter().any(|name| Some(name.as_str()) == argument)
    };
    let parts = unseen.iter().filter(of_caller);
    let whole = recipe.proven_fields().map(|proven| before.given.iter().filter(move |name| !proven.contains(*name)));
    whole.into_iter().flatten().chain(parts).cloned().collect()
}

/// Everything that one proof looks at.
struct ProofOf<'a> {
    route: &'static Route,
    verify: &'a Verify,
    read: &'a Read,
    /// Shape of a row.
    row: Option<&'static Field>,
    scope: Scope<'a>,
    before: &'a Before,
    /// All rows of the read, after the change.
    rows: &'a [Value],
}

impl<'a> ProofOf<'a> {
    /// The scopes to be looked at: one for each item of the list that `match` speaks of, else the one of the whole call.
    fn scopes(&self) -> Vec<Scope<'a>> {
        let list = self.list();
        let items = list.and_then(|list| Some((list, self.scope.request.get(list)?.as_array()?)));
        match items {
            Some((list, items)) => {
                items.iter().map(|value| Scope { item: Some(Item { list, value }), ..self.scope }).collect()
            }
            None => vec![self.scope],
        }
    }

    /// Rows as they may be kept.
    fn kept<'v>(&self, rows: impl IntoIterator<Item = &'v Value>) -> Vec<Value> {
        rows.into_iter().map(|row| redacted(row, self.row)).collect()
    }

    /// The list argument whose items `match` speaks of.
    fn list(&self) -> Option<&'a str> {
        self.read.matches.iter().find_map(|(_, value)| super::place::list_of(value))
    }
}
