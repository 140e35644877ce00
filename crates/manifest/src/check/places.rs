//! Values in recipes: JSON with places (`$request.id`) in it. Each place must exist and be of the right type.

use serde_json::Value;

use crate::{
    finding::Finding,
    fit::{Strictness, kind_in_words, misfits},
    model::{Field, Kind},
    path::{At, Spot},
    shape::{Reached, follow},
    suggest::nearest,
};

/// What a place can start with where the value stands.
#[derive(Clone, Default)]
pub struct Roots<'a> {
    list: Vec<(&'static str, Root<'a>)>,
}

/// One start of places.
#[derive(Clone)]
pub enum Root<'a> {
    /// It is there; `None`: its shape is not known.
    There(Option<&'a Field>),
    /// It is not, for this reason.
    Not(&'static str),
}

impl<'a> Roots<'a> {
    /// The same with one more.
    #[must_use]
    pub fn with(mut self, name: &'static str, root: Root<'a>) -> Self {
        self.list.push((name, root));
        self
    }

    fn get(&self, name: &str) -> Option<&Root<'a>> {
        self.list.iter().find(|(known, _)| *known == name).map(|(_, root)| root)
    }
}

/// What a value is for.
#[derive(Clone, Copy)]
pub struct Want<'a> {
    /// The field that takes it; `None`: any.
    pub field: Option<&'a Field>,
    /// `$request.ids[]` means one of them, not the list.
    pub any_of: bool,
}

/// Whether a text of a recipe is a place.
pub fn is_place(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with('$') && !text.starts_with("$$"))
}

/// Every place in `value`, and every literal between them.
pub fn check(value: &Value, want: Want<'_>, roots: &Roots<'_>, at: &At<'_>, findings: &mut Vec<Finding>) {
    match value {
        Value::String(text) if is_place(value) => place(text, want, roots, at.at_value(), findings),
        Value::Array(items) if holds_place(value) => {
            let field = want.field.filter(|field| field.kind == Kind::Array).and_then(|field| field.items.as_deref());
            mismatch(want.field, Kind::Array, at, findings);
            for (position, item) in items.iter().enumerate() {
                check(item, Want { field, ..want }, roots, &at.item(position), findings);
            }
        }
        Value::Object(object) if holds_place(value) => {
            mismatch(want.field, Kind::Object, at, findings);
            for (key, item) in object {
                let here = at.key(key);
                let field = match want.field {
                    Some(field) if field.kind == Kind::Object && !field.fields.is_empty() => {
                        let known = field.fields.get(key);
                        if known.is_none() {
                            let near = nearest(key, field.fields.keys());
                            findings.push(
                                Finding::new(here.at_key(), format!("unknown field `{key}`"))
                                    .label("not a field of the object")
                                    .instead(near),
                            );
                        }
                        known
                    }
                    Some(field) if field.kind == Kind::Map => field.items.as_deref(),
                    _ => None,
                };
                check(item, Want { field, ..want }, roots, &here, findings);
            }
        }
        literal => {
            let Some(field) = want.field else { return };
            for misfit in misfits(field, &unescaped(literal), Strictness::Whole) {
                findings.push(misfit.finding(at.at_value(), ""));
            }
        }
    }
}

/// `$$text` is the text `$text`.
fn unescaped(value: &Value) -> Value {
    match value.as_str().and_then(|text| text.strip_prefix("$$")) {
        Some(rest) => Value::String(format!("${rest}")),
        None => value.clone(),
    }
}

/// Whether a place that starts with `root` stands anywhere in the value.
pub fn mentions(value: &Value, root: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| mentions(item, root)),
        Value::Object(object) => object.values().any(|item| mentions(item, root)),
        value => is_place(value) && value.as_str().is_some_and(|text| split(text).0 == root),
    }
}

fn holds_place(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_place),
        Value::Object(object) => object.values().any(holds_place),
        value => is_place(value),
    }
}

fn place(text: &str, want: Want<'_>, roots: &Roots<'_>, spot: Spot, findings: &mut Vec<Finding>) {
    if let Some(reached) = found(text, roots, &spot, findings) {
        agree(text, reached, want, spot, findings);
    }
}

/// What a place holds, one of several where it goes through a list; `None`: it is not known, or there is no such place.
pub fn reached<'a>(text: &str, roots: &Roots<'a>, spot: Spot, findings: &mut Vec<Finding>) -> Option<&'a Field> {
    found(text, roots, &spot, findings)?.field
}

fn found<'a>(text: &str, roots: &Roots<'a>, spot: &Spot, findings: &mut Vec<Finding>) -> Option<Reached<'a>> {
    let (name, path) = split(text);
    let root = match roots.get(name) {
        Some(Root::There(root)) => *root,
        Some(Root::Not(reason)) => {
            findings.push(Finding::new(spot.clone(), format!("`{text}`: there is no `{name}` here")).label(*reason));
            return None;
        }
        None => {
            let near = nearest(name, roots.list.iter().map(|(name, _)| *name)).map(|near| text.replacen(name, near, 1));
            let known: Vec<&str> =
                roots.list.iter().filter(|(_, root)| matches!(root, Root::There(_))).map(|(name, _)| *name).collect();
            let finding = Finding::new(spot.clone(), format!("`{name}` is no place"))
                .label(format!("places here start with {}", crate::suggest::listed(known)));
            findings.push(finding.instead(near).help("a text that starts with a dollar sign is written `$$…`"));
            return None;
        }
    };
    match reach(root?, path) {
        Ok(reached) => Some(reached),
        Err(lost) => {
            let suggestion = lost
                .suggestion
                .map(|path| if path.starts_with('[') { format!("{name}{path}") } else { format!("{name}.{path}") });
            findings.push(
                Finding::new(spot.clone(), format!("`{text}` leads nowhere: {}", lost.message))
                    .label("no such place")
                    .instead(suggestion),
            );
            None
        }
    }
}

/// `$before[].id` looks into each of several rows; the shape is that of one.
fn reach<'f>(root: &'f Field, path: &str) -> Result<Reached<'f>, crate::shape::Lost> {
    match path.strip_prefix("[]") {
        Some(rest) if root.kind != Kind::Array => {
            follow(root, rest.trim_start_matches('.')).map(|reached| Reached { many: true, ..reached })
        }
        _ => follow(root, path),
    }
}

/// `$request.id` is `$request` and `id`.
fn split(text: &str) -> (&str, &str) {
    match text.find(['.', '[']) {
        Some(at) => {
            let (name, rest) = text.split_at(at);
            (name, rest.strip_prefix('.').unwrap_or(rest))
        }
        None => (text, ""),
    }
}

/// Whether what a place holds is of the type that is wanted.
fn agree(text: &str, reached: Reached<'_>, want: Want<'_>, spot: Spot, findings: &mut Vec<Finding>) {
    let (Some(from), Some(to)) = (reached.field, want.field) else { return };
    let as_list = reached.many && !want.any_of;
    let problem = if as_list {
        match (to.kind, to.items.as_deref()) {
            (Kind::Any, _) | (Kind::Array, None) => None,
            (Kind::Array, Some(items)) if compatible(from, items) => None,
            (Kind::Array, Some(items)) => {
                Some((format!("a list of {}", plain(from.kind)), format!("a list of {}", plain(items.kind))))
            }
            _ => Some((format!("a list of {}", plain(from.kind)), kind_in_words(to.kind).to_owned())),
        }
    } else if compatible(from, to) {
        None
    } else {
        Some((kind_in_words(from.kind).to_owned(), kind_in_words(to.kind).to_owned()))
    };
    if let Some((is, wanted)) = problem {
        findings.push(Finding::new(spot, format!("`{text}` is {is}")).label(format!("{wanted} is wanted")));
    }
}

/// Whether a value of one field can be given to another.
pub fn compatible(from: &Field, to: &Field) -> bool {
    match (from.kind, to.kind) {
        (Kind::Any, _)
        | (_, Kind::Any)
        | (Kind::Integer, Kind::Number)
        | (Kind::Object | Kind::Map, Kind::Object | Kind::Map) => true,
        (Kind::Array, Kind::Array) => match (from.items.as_deref(), to.items.as_deref()) {
            (Some(from), Some(to)) => compatible(from, to),
            _ => true,
        },
        (from, to) => from == to,
    }
}

/// A written list or object where something else is wanted.
fn mismatch(field: Option<&Field>, is: Kind, at: &At<'_>, findings: &mut Vec<Finding>) {
    let Some(field) = field else { return };
    let fits = matches!(
        (is, field.kind),
        (_, Kind::Any) | (Kind::Array, Kind::Array) | (Kind::Object, Kind::Object | Kind::Map)
    );
    if !fits {
        let finding = Finding::new(at.at_value(), format!("this is {}", kind_in_words(is)));
        findings.push(finding.label(format!("{} is wanted", kind_in_words(field.kind))));
    }
}

fn plain(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "texts",
        Kind::Integer => "whole numbers",
        Kind::Number => "numbers",
        Kind::Boolean => "booleans",
        Kind::Object | Kind::Map => "objects",
        Kind::Array => "lists",
        Kind::Any => "values",
    }
}
