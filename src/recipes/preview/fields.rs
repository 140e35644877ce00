//! Which fields of one target become another value: its arguments held against its row, what the call sets by itself, and
//! the values of a thing that is made. A secret is only ever said to change.

use flvx_panel::spec::{Field, Kind};
use serde_json::{Map, Value};

use super::{
    FieldChange,
    gather::{Found, Gathered, Group, Making},
    shown::{self, REDACTED, shown},
};
use crate::recipes::{compare::same, merge::field, place};

/// What is compared for one target, or for the call as a whole.
pub(super) struct Fields<'a> {
    pub seen: &'a Gathered<'a>,
    pub sent: &'a Map<String, Value>,
    pub group: Option<&'a Group>,
    pub found: Option<&'a Found>,
}

impl Fields<'_> {
    /// Values of a row that become other ones.
    pub fn changed(&self, row: &Value) -> Vec<FieldChange> {
        let shape = self.group.and_then(|group| group.shape);
        let mut changed = Vec::new();
        for (name, value, field) in self.arguments() {
            let Some(column) = self.column(&name, shape) else { continue };
            let elsewhere = self.seen.present.contains_key(name.as_str()) || self.unread(&name).is_some();
            if elsewhere || self.recomputed(&column) || self.stays(&name) {
                continue;
            }
            let before = place::walk(row, &column).0.first().copied();
            match (&value, before) {
                (Value::Object(after), before) if column.is_empty() => {
                    changed.extend(by_key(after, before, shape, field));
                }
                _ => {
                    let row_field = shown::field_at(shape, &column);
                    changed.extend(pair(column, before, &value, row_field, field));
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
            let before = place::walk(row, path).0.first().copied();
            changed.extend(pair(path.to_owned(), before, &after, shown::field_at(shape, path), None));
        }
        changed
    }

    /// Values of a thing that is made: those that are given, and the defaults of the others.
    pub fn made(&self) -> Vec<FieldChange> {
        let shape = self.group.or_else(|| self.seen.groups.first()).and_then(|group| group.shape);
        let entry = self.seen.recipe.request.as_ref();
        let of_item = self.found.is_some_and(|found| found.item.as_ref().is_some_and(Value::is_object));
        let mut made = Vec::new();
        for (name, value, field) in self.arguments() {
            let column = self.column(&name, shape).filter(|column| !column.is_empty());
            if self.stays(&name) || of_item && column.is_none() {
                continue;
            }
            let row_field = column.as_deref().and_then(|column| shown::field_at(shape, column));
            let mut change = FieldChange { field: column.unwrap_or(name.clone()), ..FieldChange::default() };
            let secret = [field, row_field].into_iter().flatten().any(|field| field.secret);
            change.after = Some(if secret { Value::from(REDACTED) } else { shown(&value, field) });
            change.note = self.unread(&name).map(str::to_owned);
            made.push(change);
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
            let Value::Object(given) = shown(&Value::Object(self.sent.clone()), Some(route.request)) else {
                return Vec::new();
            };
            let change = |(field, value)| FieldChange { field, after: Some(value), ..FieldChange::default() };
            return given.into_iter().map(change).collect();
        }
        let shape = self.group.and_then(|group| group.shape);
        let mut given = Vec::new();
        for (name, value, field) in self.arguments() {
            let column = self.column(&name, shape).filter(|column| !column.is_empty());
            let path = column.clone().unwrap_or_else(|| name.clone());
            let condition = self.group.is_some_and(|group| group.read.matches.keys().any(|key| key == path));
            let elsewhere = self.seen.present.contains_key(name.as_str()) || self.unread(&name).is_some();
            if condition || elsewhere || self.stays(&name) {
                continue;
            }
            let row_field = column.as_deref().and_then(|column| shown::field_at(shape, column));
            let secret = [field, row_field].into_iter().flatten().any(|field| field.secret);
            let after = if secret { Value::from(REDACTED) } else { shown(&value, field.or(row_field)) };
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
            match (after, before) {
                (Value::Object(after), before) => changed.extend(by_key(after, before.as_ref(), field, field)),
                (after, before) => {
                    changed.extend(pair((*name).to_owned(), before.as_ref(), after, field, field));
                }
            }
        }
        for (name, note) in self.seen.recipe.preview.iter().flat_map(|preview| preview.unread.iter()) {
            let (Some(after), field) = (self.seen.request.get(name), field(self.seen.route, name)) else { continue };
            changed.push(FieldChange {
                field: name.to_owned(),
                after: Some(shown(after, field)),
                note: Some(note.to_owned()),
                ..FieldChange::default()
            });
        }
        changed
    }

    /// An argument whose present value the caller may not list; one that was filled in with it is not told.
    fn unlisted(&self, name: &str) -> Option<FieldChange> {
        let (after, field) = (self.seen.request.get(name)?, field(self.seen.route, name));
        let secret = field.is_some_and(|field| field.secret);
        Some(FieldChange {
            field: name.to_owned(),
            after: Some(if secret { Value::from(REDACTED) } else { shown(after, field) }),
            note: Some("its present value is not shown: the caller may not list it".to_owned()),
            ..FieldChange::default()
        })
    }

    /// The arguments that speak of this target: those of its item, then those of the whole call.
    fn arguments(&self) -> Vec<(String, Value, Option<&'static Field>)> {
        let route = self.seen.route;
        if route.request.kind == Kind::Map {
            return Vec::new();
        }
        let list = self.group.and_then(|group| group.list);
        let item = self.found.and_then(|found| found.item.as_ref()).and_then(Value::as_object);
        let shape = list.and_then(|list| field(route, list)).and_then(|field| field.items);
        let of_item = item.into_iter().flatten().map(|(name, value)| {
            let field = shape.and_then(|shape| shape.fields.iter().find(|field| field.name == name));
            (name.clone(), value.clone(), field)
        });
        let of_call = self
            .sent
            .iter()
            .filter(|(name, _)| Some(name.as_str()) != list)
            .map(|(name, value)| (name.clone(), value.clone(), field(route, name)));
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

/// Every key of an object that becomes another value; keys that are not given stay.
fn by_key(
    after: &Map<String, Value>,
    before: Option<&Value>,
    row: Option<&Field>,
    request: Option<&Field>,
) -> Vec<FieldChange> {
    let below = |field: Option<&Field>, key: &str| -> (bool, Option<&'static Field>) {
        let Some(field) = field else { return (false, None) };
        let secret = field.secret_keys.iter().any(|secret| secret.eq_ignore_ascii_case(key.trim()));
        let inner = match field.kind {
            Kind::Map => field.items,
            _ => field.fields.iter().find(|field| field.name == key),
        };
        (secret, inner)
    };
    let pairs = after.iter().filter_map(|(key, after)| {
        let before = before.and_then(|before| before.get(key.trim()));
        let ((secret_row, row), (secret_request, request)) = (below(row, key), below(request, key));
        let change = pair(key.trim().to_owned(), before, after, row, request)?;
        Some(if secret_row || secret_request { hide(change) } else { change })
    });
    pairs.collect()
}

/// One value that becomes another; `None` when it stays.
fn pair(
    name: String,
    before: Option<&Value>,
    after: &Value,
    row: Option<&Field>,
    request: Option<&Field>,
) -> Option<FieldChange> {
    if same(after, before) {
        return None;
    }
    let change = FieldChange {
        field: name,
        before: before.map(|before| shown(before, row)),
        after: Some(shown(after, request.or(row))),
        ..FieldChange::default()
    };
    let secret = [row, request].into_iter().flatten().any(|field| field.secret);
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
        assert_eq!(pair("a".to_owned(), Some(&json!(1.0)), &json!(1), None, None), None);
        assert_eq!(pair("a".to_owned(), None, &json!(""), None, None), None);
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
    fn a_key_that_is_not_there_yet_has_no_before() {
        let after = json!({"n": "1"});
        let changes = by_key(after.as_object().unwrap(), Some(&json!({})), Some(&SETTINGS), Some(&SETTINGS));
        assert_eq!((&changes[0].before, &changes[0].after), (&None, &Some(json!("1"))));
    }
}
