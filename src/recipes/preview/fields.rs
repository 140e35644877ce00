//! Which fields of one target become another value: its arguments held against its row, what the call sets by itself, and
//! the values of a thing that is made. A secret is only ever said to change.

use std::borrow::Cow;

use flvx_panel::spec::{Field, Kind};
use serde_json::{Map, Value};

use super::{
    FieldChange,
    gather::{Found, Gathered, Group, Making},
    shown::{self, Both},
};
use crate::recipes::{
    compare::same,
    merge::field,
    place,
    redact::{REDACTED, is_secret_in, shown, shown_object},
};

/// What is compared for one target, or for the call as a whole.
pub(super) struct Fields<'a> {
    pub seen: &'a Gathered<'a>,
    pub sent: &'a Map<String, Value>,
    /// What is sent as it is shown; it may have more.
    pub told: &'a Map<String, Value>,
    pub group: Option<&'a Group>,
    pub found: Option<&'a Found>,
}

/// One argument that speaks of a target.
struct Argument<'a> {
    name: &'a str,
    value: Both<'a>,
    field: Option<&'static Field>,
}

impl Fields<'_> {
    /// Values of a row that become other ones.
    pub fn changed(&self, row: &Value) -> Vec<FieldChange> {
        let shape = self.group.and_then(|group| group.shape);
        let told = shown(row, shape);
        let mut changed = Vec::new();
        for Argument { name, value, field } in self.arguments() {
            let Some(column) = self.column(name, shape) else { continue };
            let elsewhere = self.seen.present.contains_key(name) || self.unread(name).is_some();
            if elsewhere || self.recomputed(&column) || self.stays(name) {
                continue;
            }
            match value.is {
                Value::Object(after) if column.is_empty() => changed.extend(by_key(after, Some(row), shape, field)),
                _ => {
                    let secret = is_marked([shown::field_at(shape, &column), field]);
                    let before = Both::at(row, &told, &column);
                    changed.extend(pair(column, before, value, secret));
                }
            }
        }
        if self.seen.route.request.kind == Kind::Map {
            changed.extend(by_key(self.sent, Some(row), shape, Some(self.seen.route.request)));
        }
        let Some((group, found)) = self.group.zip(self.found) else { return changed };
        let scope = self.seen.scope(group, found);
        for (path, value) in self.seen.recipe.preview.iter().flat_map(|preview| preview.sets.iter()) {
            let Some(after) = place::resolve(value, &scope) else { continue };
            let field = shown::field_at(shape, path);
            let told_after = shown(&after, field);
            let after = Both::new(&after, Some(&told_after));
            changed.extend(pair(path.to_owned(), Both::at(row, &told, path), after, is_marked([field, None])));
        }
        changed
    }

    /// Values of a thing that is made: those that are given, and the defaults of the others.
    pub fn made(&self) -> Vec<FieldChange> {
        let shape = self.group.or_else(|| self.seen.groups.first()).and_then(|group| group.shape);
        let entry = self.seen.recipe.request.as_ref();
        let of_item = self.found.is_some_and(|found| found.item.as_ref().is_some_and(Value::is_object));
        let mut made = Vec::new();
        for Argument { name, value, field } in self.arguments() {
            let column = self.column(name, shape).filter(|column| !column.is_empty());
            if self.stays(name) || of_item && column.is_none() {
                continue;
            }
            let row_field = column.as_deref().and_then(|column| shown::field_at(shape, column));
            made.push(FieldChange {
                field: column.unwrap_or_else(|| name.to_owned()),
                after: Some(told(value, is_marked([field, row_field]))),
                note: self.unread(name).map(str::to_owned),
                ..FieldChange::default()
            });
        }
        let list = self.group.and_then(|group| group.list);
        for (name, field) in entry.iter().flat_map(|request| request.fields.iter()) {
            if self.sent.contains_key(name) || field.ignored || Some(name) == list {
                continue;
            }
            let note = match (&field.default, &field.default_doc) {
                (Some(_), _) => "left out; this is the panel's own value".to_owned(),
                (None, Some(doc)) => format!("left out: {doc}"),
                (None, None) => continue,
            };
            let column = self.column(name, shape).filter(|column| !column.is_empty());
            if of_item && column.is_none() {
                continue;
            }
            let after = field.default.clone().map(|value| if field.secret { Value::from(REDACTED) } else { value });
            made.push(FieldChange {
                field: column.unwrap_or_else(|| name.to_owned()),
                after,
                note: Some(note),
                ..FieldChange::default()
            });
        }
        made
    }

    /// Values as the request gives them, for a row that the caller may not list.
    pub fn given(&self) -> Vec<FieldChange> {
        let route = self.seen.route;
        if route.request.kind == Kind::Map {
            let change = |field: &String| FieldChange {
                field: field.clone(),
                after: Some(self.as_told(field)),
                ..FieldChange::default()
            };
            return self.sent.keys().map(change).collect();
        }
        let shape = self.group.and_then(|group| group.shape);
        let mut given = Vec::new();
        for Argument { name, value, field } in self.arguments() {
            let column = self.column(name, shape).filter(|column| !column.is_empty());
            let path = column.clone().unwrap_or_else(|| name.to_owned());
            let condition = self.group.is_some_and(|group| group.read.matches.keys().any(|key| key == path));
            let elsewhere = self.seen.present.contains_key(name) || self.unread(name).is_some();
            if condition || elsewhere || self.stays(name) {
                continue;
            }
            let row_field = column.as_deref().and_then(|column| shown::field_at(shape, column));
            let after = told(value, is_marked([field, row_field]));
            given.push(FieldChange { field: path, after: Some(after), ..FieldChange::default() });
        }
        given
    }

    /// Arguments whose present value no row of the target shows.
    pub fn whole(&self) -> Vec<FieldChange> {
        let mut changed = Vec::new();
        if self.seen.makes() == Making::Always {
            return changed;
        }
        for (name, before) in &self.seen.present {
            if !self.seen.lists_present(name) {
                changed.extend(self.unlisted(name));
                continue;
            }
            let (Some(after), field) = (self.sent.get(*name), field(self.seen.route, name)) else { continue };
            // The read may know of secrets that the argument does not, and the other way round.
            let stored = self.seen.present_field(name).or(field);
            match after {
                Value::Object(after) => changed.extend(by_key(after, before.as_ref(), stored, field)),
                after => {
                    let told = before.as_ref().map(|before| shown(before, stored));
                    let before = before.as_ref().map(|before| Both::new(before, told.as_ref()));
                    let after = Both::new(after, self.told.get(*name));
                    changed.extend(pair((*name).to_owned(), before, after, is_marked([stored, field])));
                }
            }
        }
        for (name, note) in self.seen.recipe.preview.iter().flat_map(|preview| preview.unread.iter()) {
            if !self.seen.request.contains_key(name) {
                continue;
            }
            changed.push(FieldChange {
                field: name.to_owned(),
                after: Some(self.as_told(name)),
                note: Some(note.to_owned()),
                ..FieldChange::default()
            });
        }
        changed
    }

    /// An argument whose present value the caller may not list; one that was filled in with it is not told.
    fn unlisted(&self, name: &str) -> Option<FieldChange> {
        let after = Both::new(self.seen.request.get(name)?, self.told.get(name));
        let secret = is_marked([field(self.seen.route, name), self.seen.present_field(name)]);
        Some(FieldChange {
            field: name.to_owned(),
            after: Some(told(after, secret)),
            note: Some("its present value is not shown: the caller may not list it".to_owned()),
            ..FieldChange::default()
        })
    }

    /// An argument of the whole call as it is shown.
    fn as_told(&self, name: &str) -> Value {
        self.told.get(name).cloned().unwrap_or_else(|| Value::from(REDACTED))
    }

    /// The arguments that speak of this target: those of its item, then those of the whole call.
    fn arguments(&self) -> Vec<Argument<'_>> {
        let route = self.seen.route;
        if route.request.kind == Kind::Map {
            return Vec::new();
        }
        let list = self.group.and_then(|group| group.list);
        let item = self.found.and_then(|found| found.item.as_ref()).and_then(Value::as_object);
        let shape = self.group.and_then(|group| group.item_shape(route));
        let told = item.map(|item| shown_object(item, shape)).unwrap_or_default();
        let of_item = item.into_iter().flatten().map(|(name, value)| {
            let field = shape.and_then(|shape| shape.fields.iter().find(|field| field.name == name));
            let told = told.get(name).cloned().unwrap_or_else(|| Value::from(REDACTED));
            Argument { name, value: Both { is: value, told: Cow::Owned(told) }, field }
        });
        let of_call = self.sent.iter().filter(|(name, _)| Some(name.as_str()) != list).map(|(name, value)| Argument {
            name,
            value: Both::new(value, self.told.get(name)),
            field: field(route, name),
        });
        of_item.chain(of_call).collect()
    }

    /// The row field that shows an argument.
    fn column(&self, name: &str, shape: Option<&Field>) -> Option<String> {
        let said = self.seen.recipe.preview.as_ref().and_then(|preview| preview.compare.get(name));
        let same_name = || {
            let shape = shape.filter(|shape| shape.kind == Kind::Object)?;
            shape.fields.iter().find(|field| field.name == name).map(|field| field.name.to_owned())
        };
        said.cloned().or_else(same_name)
    }

    /// The panel makes a value of its own of it, whatever is asked for.
    fn recomputed(&self, column: &str) -> bool {
        let preview = self.seen.recipe.preview.as_ref();
        preview.and_then(|preview| preview.recomputed.get(column)).is_some_and(|recomputed| recomputed.by.is_empty())
    }

    /// The row keeps its own value, whatever is given.
    fn stays(&self, name: &str) -> bool {
        self.seen.recipe.preview.iter().any(|preview| preview.keeps.iter().any(|kept| kept == name))
    }

    fn unread(&self, name: &str) -> Option<&str> {
        self.seen.recipe.preview.as_ref()?.unread.get(name).map(String::as_str)
    }
}

/// Whether one of these fields is a secret as a whole.
fn is_marked(fields: [Option<&Field>; 2]) -> bool {
    fields.into_iter().flatten().any(|field| field.secret)
}

/// A value that is given, as it is shown.
fn told(value: Both<'_>, secret: bool) -> Value {
    if secret { Value::from(REDACTED) } else { value.told.into_owned() }
}

/// Every key of an object that becomes another value; keys that are not given stay.
fn by_key(
    after: &Map<String, Value>,
    before: Option<&Value>,
    row: Option<&Field>,
    request: Option<&Field>,
) -> Vec<FieldChange> {
    let told_after = shown_object(after, request.or(row));
    let told_before = before.map(|before| shown(before, row));
    let pairs = after.iter().filter_map(|(key, value)| {
        let name = key.trim();
        let told = told_before.as_ref().and_then(|told| told.get(name));
        let before = before.and_then(|before| before.get(name)).map(|before| Both::new(before, told));
        let secret = [row, request].into_iter().flatten().any(|field| is_secret_in(after, key, Some(field)));
        pair(name.to_owned(), before, Both::new(value, told_after.get(key)), secret)
    });
    pairs.collect()
}

/// One value that becomes another; `None` when it stays. What is secret on one side is secret on both.
fn pair(name: String, before: Option<Both<'_>>, after: Both<'_>, secret: bool) -> Option<FieldChange> {
    if same(after.is, before.as_ref().map(|before| before.is)) {
        return None;
    }
    let secret = secret || after.is_hidden() || before.as_ref().is_some_and(Both::is_hidden);
    let change = FieldChange {
        field: name,
        before: before.map(|before| before.told.into_owned()),
        after: Some(after.told.into_owned()),
        ..FieldChange::default()
    };
    Some(if secret { hide(change) } else { change })
}

/// A secret that becomes another one.
fn hide(change: FieldChange) -> FieldChange {
    let hidden = |value: Option<Value>| value.map(|_| Value::from(REDACTED));
    // Without a present value nobody knows whether it becomes another one.
    let changed = change.before.is_some().then_some(true);
    FieldChange { before: hidden(change.before), after: hidden(change.after), changed, ..change }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    static TEXT: Field = Field::new("", Kind::String, "");
    static SETTINGS: Field = Field { items: Some(&TEXT), secret_keys: &["key"], ..Field::new("", Kind::Map, "") };

    #[test]
    fn what_stays_is_no_change() {
        let (float, whole, empty) = (json!(1.0), json!(1), json!(""));
        let both = |value| Both::new(value, Some(value));
        assert_eq!(pair("a".to_owned(), Some(both(&float)), both(&whole), false), None);
        assert_eq!(pair("a".to_owned(), None, both(&empty), false), None);
    }

    #[test]
    fn a_changed_secret_is_only_said_to_change() {
        let (after, before) = (json!({"key": "new-one", "b": "same"}), json!({"key": "old-one", "b": "same"}));
        let changes = by_key(after.as_object().unwrap(), Some(&before), Some(&SETTINGS), Some(&SETTINGS));
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].changed, &changes[0].after), (Some(true), &Some(json!(REDACTED))));
        assert!(!format!("{changes:?}").contains("-one"));
    }

    #[test]
    fn a_name_that_sounds_like_a_secret_hides_both_sides_and_so_does_the_name_beside_a_value() {
        let (after, before) =
            (json!({"smtp_password": "", " bot_token ": "new-one"}), json!({"smtp_password": "old-one"}));
        let changes = by_key(after.as_object().unwrap(), Some(&before), Some(&SETTINGS), Some(&SETTINGS));
        assert_eq!((changes[0].changed, changes[1].changed), (Some(true), None));
        let (after, before) = (json!({"name": "smtp_password", "value": "new-one"}), json!({"value": "old-one"}));
        let beside = by_key(after.as_object().unwrap(), Some(&before), None, None);
        assert_eq!((beside[1].field.as_str(), beside[1].changed), ("value", Some(true)));
        assert!(!format!("{changes:?}{beside:?}").contains("-one"));
    }

    #[test]
    fn a_key_that_is_not_there_yet_has_no_before() {
        let after = json!({"n": "1"});
        let changes = by_key(after.as_object().unwrap(), Some(&json!({})), Some(&SETTINGS), Some(&SETTINGS));
        assert_eq!((&changes[0].before, &changes[0].after), (&None, &Some(json!("1"))));
    }
}
