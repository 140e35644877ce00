//! Everything that a preview reads: the rows that are changed, the present values that no row of them shows, and the rows
//! that hang on them.

use std::collections::{BTreeMap, BTreeSet};

use flvx_manifest::model::{Expect, Read};
use flvx_panel::spec::{Field, Route};
use serde_json::{Map, Value};

use super::{
    reader::{Reader, applies, key_of},
    shown,
};
use crate::recipes::{
    Recipe, RecipeError, merge,
    place::{self, Held, Item, Scope},
    reads::{self, Panel},
};

/// What was read.
pub(super) struct Gathered<'a> {
    pub route: &'static Route,
    pub recipe: &'static Recipe,
    pub request: &'a Map<String, Value>,
    /// Rows that are changed, by the read that shows them.
    pub groups: Vec<Group>,
    /// Argument -> its present value, where a read of its own shows it.
    pub present: BTreeMap<&'static str, Option<Value>>,
    /// Name of what is made whatever there is.
    pub made_name: Option<String>,
    /// What hangs on the targets.
    pub hanging: Vec<Hanging>,
    /// Tools that this account may not call.
    pub hidden: BTreeSet<&'static str>,
    /// Tools that the caller may list; `None`: all. It changes what is told, never what is read.
    pub offered: Option<&'a BTreeSet<&'static str>>,
}

/// Rows of one read of targets.
pub(super) struct Group {
    pub read: &'static Read,
    pub shape: Option<&'static Field>,
    /// The list argument whose items the rows belong to.
    pub list: Option<&'static str>,
    pub found: Vec<Found>,
}

impl Group {
    /// What an item of the list argument is.
    pub fn item_shape(&self, route: &Route) -> Option<&'static Field> {
        merge::field(route, self.list?)?.items
    }
}

/// One row that is meant, or the lack of it.
pub(super) struct Found {
    /// Item of the list argument that it belongs to.
    pub item: Option<Value>,
    pub row: Option<Value>,
    /// Its name, once looked up.
    pub name: Option<String>,
}

/// Rows that hang on the targets.
pub(super) struct Hanging {
    pub read: &'static Read,
    pub rows: Vec<Value>,
    /// They are meant by a value that moves by itself, so they come and go by themselves too.
    pub volatile: bool,
}

/// Reads all that the fingerprint needs, which is all but names.
pub(super) async fn gather<'a>(
    panel: Panel<'a>,
    route: &'static Route,
    recipe: &'static Recipe,
    request: &'a Map<String, Value>,
) -> Result<(Gathered<'a>, Reader<'a>), RecipeError> {
    let mut reader = Reader::new(panel);
    let (groups, present, hanging, hidden) = (Vec::new(), BTreeMap::new(), Vec::new(), BTreeSet::new());
    let mut seen =
        Gathered { route, recipe, request, groups, present, hanging, hidden, made_name: None, offered: None };
    let preview = recipe.preview.as_ref();
    let further = preview.into_iter().flat_map(|preview| &preview.targets);
    for read in recipe.target.iter().chain(further).filter(|read| applies(read, request)) {
        let scope = Scope { request, before: &[], data: None, item: None };
        let rows = reader.rows(read, &scope).await?;
        seen.groups.push(group(read, &rows, request));
    }
    let before = seen.rows();
    let scope = Scope { request, before: &before, data: None, item: None };
    let of_merge = recipe.merge.iter().flat_map(|merge| merge.from.iter());
    let of_preview = preview.into_iter().flat_map(|preview| preview.from.iter());
    for (name, read) in of_merge.chain(of_preview).filter(|(_, read)| applies(read, request)) {
        let rows = reader.rows(read, &scope).await?;
        let value = merge::taken(read, &reads::pick(read, &rows, &scope), merge::field(route, name));
        seen.present.insert(name, value);
    }
    for read in preview.into_iter().flat_map(|preview| &preview.dependents).filter(|read| applies(read, request)) {
        if let Some(rows) = reader.rows_if_allowed(read, &scope, &mut seen.hidden).await? {
            let rows = distinct(read, reads::pick_by(read, &rows, |value| meant(value, &scope, &seen.hanging)));
            let shape = reads::row_shape(read);
            let volatile = read.matches.keys().any(|path| shown::volatile_at(shape, path));
            seen.hanging.push(Hanging { read, rows, volatile });
        }
    }
    Ok((seen, reader))
}

impl Gathered<'_> {
    /// Whether the caller may list what a tool shows.
    pub fn lists(&self, tool: &str) -> bool {
        self.offered.is_none_or(|offered| offered.contains(tool))
    }

    /// Whether the caller may list what the present value of an argument was read with.
    pub fn lists_present(&self, name: &str) -> bool {
        let of_merge = self.recipe.merge.as_ref().and_then(|merge| merge.from.get(name));
        let of_preview = self.recipe.preview.as_ref().and_then(|preview| preview.from.get(name));
        of_merge.into_iter().chain(of_preview).all(|read| self.lists(&read.read))
    }

    /// The field that shows the present value of an argument.
    pub fn present_field(&self, name: &str) -> Option<&'static Field> {
        let of_merge = self.recipe.merge.as_ref().and_then(|merge| merge.from.get(name));
        let of_preview = self.recipe.preview.as_ref().and_then(|preview| preview.from.get(name));
        let read = of_preview.or(of_merge)?;
        shown::field_at(reads::row_shape(read), read.take.as_deref().unwrap_or_default())
    }

    /// Whether something was looked for among what the caller may not list. That nothing was found is not told either.
    pub fn looked_further(&self) -> bool {
        let dependents = self.recipe.preview.iter().flat_map(|preview| &preview.dependents);
        dependents.filter(|read| applies(read, self.request)).any(|read| !self.lists(&read.read))
    }

    /// Whether the call makes something.
    pub fn makes(&self) -> Making {
        let expect = self.recipe.verify.as_ref().and_then(|verify| verify.expect);
        let preview = self.recipe.preview.as_ref();
        let makes = preview.and_then(|preview| preview.makes.as_ref());
        let has_target = self.recipe.target.is_some() || preview.is_some_and(|preview| !preview.targets.is_empty());
        match (expect, makes) {
            (Some(Expect::Created), _) => Making::Always,
            (_, Some(_)) if !has_target => Making::Always,
            (Some(Expect::Present), _) | (_, Some(_)) => Making::WhereNothingIs,
            _ => Making::Never,
        }
    }

    /// Looks the names of the targets up.
    pub async fn name(&mut self, reader: &mut Reader<'_>) -> Result<(), RecipeError> {
        let Some(preview) = &self.recipe.preview else { return Ok(()) };
        let mut names = Vec::new();
        for group in &self.groups {
            for found in &group.found {
                let own = || shown::text(found.row.as_ref()?, group.read.name.as_deref()?);
                let given = called(&preview.named_by, &self.scope(group, found), reader).await?;
                names.push(given.or_else(own));
            }
        }
        if self.makes() == Making::Always {
            let scope = Scope { request: self.request, before: &[], data: None, item: None };
            self.made_name = called(&preview.named_by, &scope, reader).await?;
        }
        let found = self.groups.iter_mut().flat_map(|group| &mut group.found);
        found.zip(names).for_each(|(found, name)| found.name = name);
        Ok(())
    }
}

/// The name that other rows give a target: those of its user and its tunnel.
async fn called(
    reads: &'static [Read],
    scope: &Scope<'_>,
    reader: &mut Reader<'_>,
) -> Result<Option<String>, RecipeError> {
    let mut parts = Vec::new();
    for read in reads {
        let Some(rows) = reader.rows_if_allowed(read, scope, &mut BTreeSet::new()).await? else { continue };
        let path = read.name.as_deref().unwrap_or_default();
        parts.extend(reads::pick(read, &rows, scope).first().and_then(|row| shown::text(row, path)));
    }
    Ok((!parts.is_empty()).then(|| parts.join(" / ")))
}

/// When a call makes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Making {
    Always,
    WhereNothingIs,
    Never,
}

fn group(read: &'static Read, rows: &[Value], request: &Map<String, Value>) -> Group {
    let list = read.matches.iter().find_map(|(_, value)| place::list_of(value));
    let items = list.map(|list| items_of(request, list));
    let mut found: Vec<Found> = Vec::new();
    let mut add = |item: Option<Value>, picked: Vec<&Value>| {
        if picked.is_empty() && !found.iter().any(|known| known.row.is_none() && known.item == item) {
            found.push(Found { item: item.clone(), row: None, name: None });
        }
        for row in picked {
            if !found.iter().any(|known| known.row.as_ref() == Some(row) && known.item == item) {
                found.push(Found { item: item.clone(), row: Some(row.clone()), name: None });
            }
        }
    };
    let scope = Scope { request, before: &[], data: None, item: None };
    match (list, items) {
        (Some(list), Some(items)) => {
            for value in items {
                let scope = Scope { item: Some(Item { list, value }), ..scope };
                add(Some(value.clone()), reads::pick(read, rows, &scope));
            }
        }
        _ => add(None, reads::pick(read, rows, &scope)),
    }
    Group { read, shape: reads::row_shape(read), list, found }
}

fn items_of<'r>(request: &'r Map<String, Value>, list: &str) -> &'r [Value] {
    request.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// What a condition of a dependents' `match` means: places may also speak of rows that were found before. A place that holds
/// nothing means no row, or the other conditions would pick rows of everybody.
fn meant(value: &Value, scope: &Scope<'_>, hanging: &[Hanging]) -> Held {
    if let Some(path) = place::under(value, "$found") {
        let name = path.split(['.', '[']).next().unwrap_or_default();
        let rest = path.strip_prefix(name).unwrap_or_default().trim_start_matches("[]").trim_start_matches('.');
        let rows = hanging.iter().filter(|hanging| hanging.read.known_as.as_deref() == Some(name));
        let values = rows.flat_map(|hanging| &hanging.rows).flat_map(|row| place::walk(row, rest).0);
        return Held::Many(values.cloned().collect());
    }
    match place::held(value, scope) {
        Held::Nothing => Held::Many(Vec::new()),
        held => held,
    }
}

fn distinct(read: &Read, rows: Vec<&Value>) -> Vec<Value> {
    let mut keys = Vec::new();
    let mut distinct = Vec::new();
    for row in rows {
        let key = key_of(read, row);
        if key.is_none() || !keys.contains(&key) {
            keys.push(key);
            distinct.push(row.clone());
        }
    }
    distinct
}
