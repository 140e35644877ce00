//! Writes an inverse down from the recipe and from what is known of the change.

use std::borrow::Cow;

use flvx_manifest::model::{Expect, Lossless, Undo, Unique};
use flvx_panel::{
    generated,
    spec::{Kind, Route},
};
use serde_json::{Map, Value};

use super::{Happened, Inverse, InverseCall, call::argument};
use crate::recipes::{
    Before, Recipe,
    fill::{self, Source, Sources, escaped, fill},
    fit::fit,
    place::{self, Held},
    reads,
    redact::{self, holds_mark, redacted},
    rows,
};

/// Why there is no inverse call.
enum Refusal {
    /// There is nothing for it to act on.
    Nothing(String),
    /// What it needs is not known, or must not be kept.
    Unknown(String),
}

impl From<Refusal> for Inverse {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Nothing(reason) => Self { nothing: true, ..Self::none(reason) },
            Refusal::Unknown(reason) => Self::none(reason),
        }
    }
}

/// The inverse as `undo` says it. Everything is taken without its secrets from the start, so that it is the same before and
/// after a restart.
pub(super) fn build(
    route: &'static Route,
    recipe: &'static Recipe,
    undo: &'static Undo,
    happened: &Happened<'_>,
) -> Inverse {
    if let Some(reason) = &undo.none {
        return Inverse::none(reason.clone());
    }
    let before = happened.before.without_secrets(route);
    let request = redacted(&Value::Object(happened.request.clone()), Some(route.request));
    let data = happened.data.map(|data| redacted(data, route.data));
    let known = Sources::default()
        .with("$request", Source::One(Some(&request)))
        .with("$before", Source::Rows(&before.target))
        .with("$after", Source::Rows(&happened.verified.after.0))
        .with("$data", Source::One(data.as_ref()))
        .with("$old", Source::Rows(&before.old));
    let mut builder = Builder {
        route,
        recipe,
        undo,
        before: &before,
        sent: happened.request,
        known: &known,
        verified: happened.verified.verified,
        several: happened.verified.several,
        loses: undo.loses.clone(),
    };
    let calls = match builder.calls(&happened.verified.after.0) {
        Ok(calls) => calls,
        Err(refusal) => return refusal.into(),
    };
    let then = match builder.then() {
        Ok(then) => then,
        Err(refusal) => return refusal.into(),
    };
    let needs_saved = calls.iter().chain(&then).any(InverseCall::needs_saved);
    let lossless = undo.lossless == Some(Lossless::Full) && builder.loses.is_empty();
    Inverse { calls, then, lossless, loses: builder.loses, none: None, nothing: false, needs_saved }
}

struct Builder<'a> {
    route: &'static Route,
    recipe: &'static Recipe,
    undo: &'static Undo,
    before: &'a Before,
    sent: &'a Map<String, Value>,
    known: &'a Sources<'a>,
    verified: Option<bool>,
    several: bool,
    loses: Vec<String>,
}

fn nothing(reason: impl Into<String>) -> Refusal {
    Refusal::Nothing(reason.into())
}

fn unknown(reason: impl Into<String>) -> Refusal {
    Refusal::Unknown(reason.into())
}

impl Builder<'_> {
    fn calls(&mut self, after: &[Value]) -> Result<Vec<InverseCall>, Refusal> {
        let Some(tool) = &self.undo.tool else { return Err(unknown("the manifest names no inverse call")) };
        let picks = self.recipe.target.as_ref().is_some_and(|target| !target.matches.is_empty());
        let absent = self.recipe.proof().is_some_and(|verify| verify.expect == Some(Expect::Absent));
        let needed = absent || (self.of_before() && self.undo.created.is_none() && !self.undo.each);
        if picks && needed && self.before.target.is_empty() {
            return Err(nothing("it was not there before the call, so there is nothing to bring back"));
        }
        let made = self.undo.request.iter().any(|(_, value)| place::mentions(value, "$after"));
        if made && after.is_empty() {
            return Err(match self.verified {
                _ if self.several => unknown("several new rows fit, and which of them the change made cannot be told"),
                Some(true) => nothing("nothing new was made, so there is nothing to take back"),
                _ => unknown("reading back did not find what the change made"),
            });
        }
        let mut calls = Vec::new();
        let mut targets: Cow<'_, [Value]> = Cow::Borrowed(&self.before.target);
        if !self.undo.rows.is_empty() {
            let so = |row: &&Value| rows::fits(row, &self.undo.rows, self.known);
            targets = self.before.target.iter().filter(so).cloned().collect();
            if targets.is_empty() {
                return Err(nothing("it was so before the call already, so there is nothing to take back"));
            }
        }
        let known = self.known;
        if let Some(created) = &self.undo.created {
            for row in self.new_rows(after) {
                let row = std::slice::from_ref(row);
                let sources = known.with("$after", Source::Rows(row));
                calls.push(self.call(&created.tool, &created.request, &sources)?);
            }
            if targets.is_empty() && calls.is_empty() {
                return Err(unknown("reading back did not find what the change made"));
            }
        }
        if self.undo.each {
            for row in targets.iter() {
                let sources = known.with("$before", Source::Rows(std::slice::from_ref(row)));
                calls.push(self.call(tool, &self.undo.request, &sources)?);
            }
        } else if self.undo.created.is_none() || !targets.is_empty() {
            let sources = known.with("$before", Source::Rows(&targets));
            calls.push(match &self.undo.given {
                Some(place) => self.given(tool, place, &sources)?,
                None => InverseCall {
                    saved: rows::filled(&self.undo.saved, &sources),
                    ..self.call(tool, &self.undo.request, &sources)?
                },
            });
        }
        if calls.is_empty() {
            return Err(nothing("none of the rows was there before the call, so there is nothing to take back"));
        }
        Ok(calls)
    }

    fn of_before(&self) -> bool {
        self.undo.request.iter().any(|(_, value)| place::mentions(value, "$before"))
    }

    fn then(&mut self) -> Result<Vec<InverseCall>, Refusal> {
        let mut calls = Vec::new();
        for then in &self.undo.then {
            let so = |row: &&Value| rows::fits(row, &then.rows, self.known);
            let targets: Vec<Value> = self.before.target.iter().filter(so).cloned().collect();
            if !then.rows.is_empty() && targets.is_empty() {
                continue;
            }
            let sources = self.known.with("$before", Source::Rows(&targets));
            match self.call(&then.tool, &then.request, &sources) {
                Ok(call) => calls.push(InverseCall { saved: rows::filled(&then.saved, &sources), ..call }),
                Err(Refusal::Nothing(_)) => {}
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(calls)
    }

    /// Rows that were found and whose key no row had before.
    fn new_rows<'v>(&self, after: &'v [Value]) -> Vec<&'v Value> {
        let key = self.recipe.target.as_ref().map_or("id", reads::row_key);
        let old = |row: &Value| self.before.target.iter().any(|before| before.get(key) == row.get(key));
        after.iter().filter(|row| !old(row)).collect()
    }

    /// A call with every place filled that is known now.
    fn call(&mut self, tool: &str, template: &Unique<Value>, sources: &Sources<'_>) -> Result<InverseCall, Refusal> {
        let route = generated::route(tool).ok_or_else(|| unknown(format!("there is no tool {tool}")))?;
        let mut request = Map::new();
        for (key, value) in template.iter() {
            if std::ptr::eq(route, self.route) && self.recipe.keeps(key) && !self.sent.contains_key(key) {
                continue;
            }
            if let Some(value) = self.argument(route, key, fill(value, sources))? {
                request.insert(key.to_owned(), value);
            }
        }
        let lacks = |names: &&[&str]| !names.iter().any(|name| request.contains_key(*name));
        if let Some(names) = route.need_one_of.iter().find(|names| lacks(names)) {
            return Err(unknown(format!("none of {} is known, and {tool} needs one", names.join(", "))));
        }
        Ok(InverseCall { tool: tool.to_owned(), request, saved: Unique::default() })
    }

    /// One argument as it goes into a record; `None`: it is left out.
    fn argument(&mut self, route: &Route, key: &str, value: Option<Value>) -> Result<Option<Value>, Refusal> {
        let field = argument(route, key);
        let required = field.is_some_and(|field| field.required);
        let hidden = route.request.kind == Kind::Map && redact::is_secret_name(route.request, key);
        let Some(value) = value else { return self.blank(route, key) };
        // Places into the saved file are no secrets yet.
        let open = fill::is_open(&value);
        if hidden || holds_mark(&value) || (!open && holds_mark(&redacted(&value, field))) {
            let loss = format!("The old value of `{key}`: no record keeps a secret.");
            if required {
                return Err(unknown(loss));
            }
            self.loses.push(loss);
            return Ok(None);
        }
        if open {
            return Ok(Some(value));
        }
        let value = fill::plain(&value);
        match field.map_or(Some(value.clone()), |field| fit(&value, field)) {
            Some(Value::Array(items)) if required && items.is_empty() => {
                Err(nothing(format!("there is nothing that {} could act on", route.tool)))
            }
            Some(value) => Ok(Some(escaped(&value))),
            None if value.is_null() => self.blank(route, key),
            None if required => Err(unknown(format!("the old value of `{key}` is not one that {} takes", route.tool))),
            None => {
                self.loses.push(format!("The old value of `{key}`: {} does not take it.", route.tool));
                Ok(None)
            }
        }
    }

    /// What stands for "there was nothing": an argument that is left out would be filled in with what is there now.
    fn blank(&mut self, route: &Route, key: &str) -> Result<Option<Value>, Refusal> {
        let Some(field) = argument(route, key) else { return Ok(None) };
        if field.required {
            return Err(unknown(format!("`{key}` is not known, and {} needs it", route.tool)));
        }
        if !std::ptr::eq(route, self.route) && !self.recipe_merges(route, key) {
            return Ok(None);
        }
        Ok(match field.kind {
            _ if field.nullable => Some(Value::Null),
            Kind::String => Some("".into()),
            Kind::Array => Some(Value::Array(Vec::new())),
            _ => {
                self.loses.push(format!("The old value of `{key}` is not known."));
                None
            }
        })
    }

    /// Whether the inverse tool would have the field filled in from the stored row when it is left out.
    fn recipe_merges(&self, route: &Route, key: &str) -> bool {
        let merge = generated::route(route.tool)
            .and_then(|route| Recipe::of(route).ok())
            .and_then(|recipe| recipe.merge.as_ref());
        merge.is_some_and(|merge| merge.fields.keys().chain(merge.from.keys()).any(|name| name == key))
    }

    /// The old values of exactly the keys that the call gave.
    fn given(&mut self, tool: &str, place: &Value, sources: &Sources<'_>) -> Result<InverseCall, Refusal> {
        let route = generated::route(tool).ok_or_else(|| unknown(format!("there is no tool {tool}")))?;
        let object = match fill::held(place, sources) {
            Some(Held::One(Value::Object(object))) => object,
            _ => return Err(unknown("the old values are not known")),
        };
        let mut request = Map::new();
        for key in self.keys(sources) {
            let key = key.trim();
            match object.get(key) {
                Some(value) => {
                    if let Some(value) = self.argument(route, key, Some(escaped(value)))? {
                        request.insert(key.to_owned(), value);
                    }
                }
                None => self.loses.push(format!("`{key}` did not exist before and stays.")),
            }
        }
        if request.is_empty() {
            return Err(unknown(self.loses.pop().unwrap_or_else(|| "nothing was given".to_owned())));
        }
        Ok(InverseCall { tool: tool.to_owned(), request, saved: Unique::default() })
    }

    /// The keys that `given` means.
    fn keys(&self, sources: &Sources<'_>) -> Vec<String> {
        let Some(keys) = &self.undo.keys else { return self.sent.keys().cloned().collect() };
        match fill::held(keys, sources) {
            Some(Held::One(Value::String(key))) => vec![key],
            Some(Held::One(Value::Array(keys)) | Held::Many(keys)) => {
                keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;
    use crate::recipes::Verified;

    /// The inverse of a changed node that `undo` would make of secrets.
    fn of_secrets(undo: Value) -> Inverse {
        let route = generated::route("node.update").unwrap();
        let undo: &'static Undo = Box::leak(Box::new(serde_json::from_value(undo).unwrap()));
        let before = json!({"target": [{"id": 1, "name": "n", "remoteToken": "canary"}],
            "old": [{"id": 1, "interfaceName": "eth0", "secret": "canary"}], "given": ["id"]});
        let before = Before::from_record(&before).unwrap();
        let request = json!({"id": 1, "name": "x"}).as_object().unwrap().clone();
        let verified = Verified::default();
        let happened = Happened { request: &request, before: &before, data: None, verified: &verified, saved: false };
        build(route, Recipe::of(route).unwrap(), undo, &happened)
    }

    #[test]
    fn a_secret_of_a_row_goes_into_no_argument_and_is_told_as_lost() {
        let inverse = of_secrets(json!({
            "tool": "node.update",
            "request": {"id": "$before.id", "name": "$before.remoteToken", "interfaceName": "$old.secret", "serverIp": "$old.interfaceName"},
            "lossless": "full",
        }));
        assert_eq!(
            inverse.calls[0].whole(None).unwrap().unwrap().1,
            json!({"id": 1, "serverIp": "eth0"}).as_object().unwrap().clone()
        );
        assert!(!inverse.lossless && inverse.loses.len() == 2, "{inverse:?}");
        assert!(!serde_json::to_string(&inverse).unwrap().contains("canary"));
    }

    #[test]
    fn an_inverse_that_needs_a_secret_does_not_exist() {
        let inverse =
            of_secrets(json!({"tool": "node.update", "request": {"id": "$before.remoteToken"}, "lossless": "full"}));
        assert!(inverse.calls.is_empty() && inverse.none.unwrap().contains("no record keeps a secret"));
    }
}
