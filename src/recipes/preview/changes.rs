//! Before and after of every field that the call really changes, with what the merge fills in and what the panel sets or
//! computes by itself.

use std::collections::BTreeSet;

use flvx_manifest::model::Expect;
use serde_json::{Map, Value};

use super::{
    Change, FieldChange, Target,
    fields::Fields,
    gather::{Found, Gathered, Group, Making},
    reader::key_of,
    shown::{self, Both},
};
use crate::recipes::{
    place::{self, Scope},
    reads,
    redact::{shown, shown_object},
};

/// What happens to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Deletes,
    Creates,
    Changes,
}

/// What the call comes to.
#[derive(Default)]
pub(super) struct Outcome {
    pub targets: Vec<Target>,
    /// What happens to each of them.
    pub doing: Vec<Doing>,
    /// Which of them are told only as the request says them.
    pub unlisted: Vec<bool>,
    pub missing: Vec<Value>,
    pub changes: Vec<Change>,
    pub warnings: Vec<String>,
}

/// `sent` is the request with what the merge fills in. In what follows `told` is the same as it is shown.
pub(super) fn outcome(seen: &Gathered<'_>, sent: &Map<String, Value>) -> Outcome {
    let mut outcome = Outcome::default();
    let making = seen.makes();
    let told = &shown_object(sent, Some(seen.route.request));
    for group in &seen.groups {
        match making {
            Making::Always if !seen.lists(&group.read.read) => {}
            Making::Always => twins(group, &mut outcome),
            _ if !seen.lists(&group.read.read) => {
                group.found.iter().for_each(|found| unlisted(seen, told, group, found, making, &mut outcome));
            }
            _ => group.found.iter().for_each(|found| target(seen, sent, told, group, found, making, &mut outcome)),
        }
    }
    if making == Making::Always {
        let fields = Fields { seen, sent, told, group: None, found: None };
        outcome.add(made(seen, None), Doing::Creates, fields.made());
    }
    // What belongs to the call as a whole stands with its first target, where there is only one sort of them.
    let whole = Fields { seen, sent, told, group: None, found: None }.whole();
    let one_sort = seen.recipe.target.is_some() && outcome.doing.first() == Some(&Doing::Changes);
    match outcome.changes.first_mut().filter(|change| one_sort && change.target == Some(0)) {
        Some(first) => first.fields.extend(whole),
        None if whole.is_empty() => {}
        None => outcome.changes.push(Change { target: one_sort.then_some(0), fields: whole }),
    }
    computed(seen, &mut outcome);
    said_nothing(seen, &mut outcome);
    outcome
}

impl Outcome {
    fn add(&mut self, target: Target, doing: Doing, fields: Vec<FieldChange>) {
        if !fields.is_empty() {
            self.changes.push(Change { target: Some(self.targets.len()), fields });
        }
        self.targets.push(target);
        self.doing.push(doing);
        self.unlisted.push(false);
    }
}

/// Rows that look like the one that is made: most panels' names are not unique.
fn twins(group: &Group, outcome: &mut Outcome) {
    let keys: Vec<String> = group
        .found
        .iter()
        .filter_map(|found| key_of(group.read, found.row.as_ref()?))
        .map(|key| format!("{} {key}", reads::row_key(group.read)))
        .collect();
    if !keys.is_empty() {
        let kind = group.read.kind.as_deref().unwrap_or("row");
        outcome.warnings.push(format!("there already is such a {kind}: {}", keys.join(", ")));
    }
}

fn target(
    seen: &Gathered<'_>,
    sent: &Map<String, Value>,
    told: &Map<String, Value>,
    group: &Group,
    found: &Found,
    making: Making,
    outcome: &mut Outcome,
) {
    let fields = Fields { seen, sent, told, group: Some(group), found: Some(found) };
    let Some(row) = &found.row else {
        match making {
            Making::WhereNothingIs => {
                outcome.add(made(seen, Some((group, found))), Doing::Creates, fields.made());
            }
            _ => outcome.missing.push(sought(seen, told, group, found)),
        }
        return;
    };
    let show = reads::route(group.read).map(|route| route.show).unwrap_or_default();
    let target = Target {
        kind: group.read.kind.clone().unwrap_or_else(|| "row".to_owned()),
        key: key_of(group.read, row),
        name: found.name.clone(),
        current: shown::row(row, show, group.shape),
    };
    let expect = seen.recipe.verify.as_ref().and_then(|verify| verify.expect);
    match expect {
        Some(Expect::Absent) => {
            let current = target.current.clone().unwrap_or_default().into_iter();
            let gone = current.map(|(field, value)| FieldChange { field, before: Some(value), ..Default::default() });
            outcome.add(target, Doing::Deletes, gone.collect());
        }
        _ => outcome.add(target, Doing::Changes, fields.changed(row)),
    }
}

/// A target whose row the caller may not list: what the request says of it, and whether there is one.
fn unlisted(
    seen: &Gathered<'_>,
    told: &Map<String, Value>,
    group: &Group,
    found: &Found,
    making: Making,
    outcome: &mut Outcome,
) {
    let asked = sought(seen, told, group, found);
    let fields = Fields { seen, sent: seen.request, told, group: Some(group), found: Some(found) };
    let (target, doing, fields) = match (&found.row, making) {
        (None, Making::WhereNothingIs) => {
            let target = Target { name: None, ..made(seen, Some((group, found))) };
            (target, Doing::Creates, fields.made())
        }
        (None, _) => return outcome.missing.push(asked),
        (Some(_), _) => {
            let target = Target {
                kind: group.read.kind.clone().unwrap_or_else(|| "row".to_owned()),
                key: Some(asked).filter(|asked| asked.as_object().is_none_or(|values| !values.is_empty())),
                name: None,
                current: None,
            };
            match seen.recipe.verify.as_ref().and_then(|verify| verify.expect) {
                Some(Expect::Absent) => (target, Doing::Deletes, Vec::new()),
                _ => (target, Doing::Changes, fields.given()),
            }
        }
    };
    // How many rows one condition of the request means is not told.
    let known = outcome.targets.iter().zip(&outcome.unlisted).any(|(known, unlisted)| *unlisted && *known == target);
    if known && doing != Doing::Creates {
        return;
    }
    outcome.add(target, doing, fields);
    if let Some(last) = outcome.unlisted.last_mut() {
        *last = true;
    }
}

/// The thing that is made.
fn made(seen: &Gathered<'_>, place_of: Option<(&Group, &Found)>) -> Target {
    let makes = seen.recipe.preview.as_ref().and_then(|preview| preview.makes.as_ref());
    let group = place_of.map(|(group, _)| group).or_else(|| seen.groups.first());
    let kind = group.and_then(|group| group.read.kind.clone()).or_else(|| makes.map(|makes| makes.kind.clone()));
    let scope = match place_of {
        Some((group, found)) => seen.scope(group, found),
        None => Scope { request: seen.request, before: &[], data: None, item: None },
    };
    // A row's name column is mostly filled from the argument of the same name.
    let column = group.and_then(|group| group.read.name.as_deref());
    let argument =
        || column.and_then(|column| scope.item.map_or(seen.request.get(column), |item| item.value.get(column)));
    let name = makes
        .and_then(|makes| place::resolve(makes.name.as_ref()?, &scope))
        .or_else(|| argument().cloned())
        .and_then(|name| shown::text(&name, ""));
    Target {
        kind: kind.unwrap_or_else(|| "row".to_owned()),
        key: None,
        name: place_of.map_or(seen.made_name.clone(), |(_, found)| found.name.clone()).or(name),
        current: None,
    }
}

/// What was looked for, in the request as it is shown: a value where one condition says it, an object where several do.
fn sought(seen: &Gathered<'_>, told: &Map<String, Value>, group: &Group, found: &Found) -> Value {
    let item = found.item.as_ref().map(|item| shown(item, group.item_shape(seen.route)));
    let bound = group.list.zip(item.as_ref()).map(|(list, value)| place::Item { list, value });
    let scope = Scope { request: told, before: &[], data: None, item: bound };
    let conditions = if group.read.matches.is_empty() { &group.read.request } else { &group.read.matches };
    let resolved =
        conditions.iter().filter_map(|(name, value)| Some((name.to_owned(), place::resolve(value, &scope)?)));
    let values: Map<String, Value> = resolved.collect();
    match values.len() {
        1 => values.into_iter().next().map(|(_, value)| value).unwrap_or_default(),
        _ => Value::Object(values),
    }
}

/// Values that the panel computes anew when others change.
fn computed(seen: &Gathered<'_>, outcome: &mut Outcome) {
    let Some(preview) = &seen.recipe.preview else { return };
    for (path, recomputed) in preview.recomputed.iter() {
        let column = |name: &String| preview.compare.get(name).unwrap_or(name).clone();
        let columns: BTreeSet<String> = recomputed.by.iter().map(column).collect();
        for (position, target) in outcome.targets.iter().enumerate() {
            if outcome.doing.get(position) != Some(&Doing::Changes) || outcome.unlisted.get(position) == Some(&true) {
                continue;
            }
            let change = outcome.changes.iter_mut().find(|change| change.target == Some(position));
            let moved = change.as_ref().is_some_and(|change| {
                change.fields.iter().any(|field| columns.contains(&field.field) || recomputed.by.contains(&field.field))
            });
            if !moved && !recomputed.by.is_empty() {
                continue;
            }
            let rows = seen.groups.iter().flat_map(|group| group.found.iter().map(move |found| (group, found)));
            let row = rows
                .filter_map(|(group, found)| Some((group, found.row.as_ref()?)))
                .find(|(group, row)| key_of(group.read, row) == target.key);
            let field = FieldChange {
                field: path.to_owned(),
                before: row.and_then(|(group, row)| {
                    let told = shown(row, group.shape);
                    Both::at(row, &told, path).map(|value| value.told.into_owned())
                }),
                note: Some(recomputed.note.clone()),
                ..FieldChange::default()
            };
            match change {
                Some(change) => change.fields.push(field),
                None => outcome.changes.push(Change { target: Some(position), fields: vec![field] }),
            }
        }
    }
}

/// A call that changes no stored value is told, unless what it does is not to be seen in stored values.
fn said_nothing(seen: &Gathered<'_>, outcome: &mut Outcome) {
    let acts = seen.recipe.preview.as_ref().is_some_and(|preview| preview.does.is_some());
    let unproven = seen.recipe.proof().is_none();
    if outcome.targets.is_empty() && !outcome.missing.is_empty() {
        outcome.warnings.push("nothing would change: nothing of what was asked for is there".to_owned());
    } else if outcome.unlisted.contains(&true) {
        // Whether its values are as they were asked for is not told.
    } else if outcome.changes.is_empty() && !outcome.targets.is_empty() && !(acts && unproven) {
        outcome.warnings.push("no stored value would change: every one is already as it was asked for".to_owned());
    }
}
