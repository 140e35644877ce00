//! Reads of one preview. The same call is made once, so that all parts of a preview show the same state.

use std::collections::BTreeSet;

use flvx_manifest::model::Read;
use serde_json::{Map, Value};

use super::shown;
use crate::{
    policy::canonical,
    recipes::{
        RecipeError,
        place::{self, Scope},
        reads::{self, Panel},
    },
};

/// Reads and keeps what was read.
pub(super) struct Reader<'a> {
    panel: Panel<'a>,
    kept: Vec<(&'static str, String, Option<Value>)>,
}

impl<'a> Reader<'a> {
    pub fn new(panel: Panel<'a>) -> Self {
        Self { panel, kept: Vec::new() }
    }

    /// All rows of the read, before `match`. An argument that is not there means that there is nothing to read.
    pub async fn rows(&mut self, read: &Read, scope: &Scope<'_>) -> Result<Vec<Value>, RecipeError> {
        let arguments = reads::arguments(read, scope);
        if read.request.iter().any(|(key, value)| place::is_place(value) && !arguments.contains_key(key)) {
            return Ok(Vec::new());
        }
        let tool = reads::route(read)?.tool;
        let call = canonical(&arguments);
        let known = self.kept.iter().find(|(known, arguments, _)| (*known, arguments) == (tool, &call));
        let data = match known {
            Some((_, _, data)) => data.clone(),
            None => {
                let data = self.panel.data(read, &arguments).await?;
                self.kept.push((tool, call, data.clone()));
                data
            }
        };
        data.map_or_else(|| Ok(Vec::new()), |data| reads::listed(read, data))
    }

    /// The same for what hangs on a target: `None` when this account may not see it.
    pub async fn rows_if_allowed(
        &mut self,
        read: &Read,
        scope: &Scope<'_>,
        hidden: &mut BTreeSet<&'static str>,
    ) -> Result<Option<Vec<Value>>, RecipeError> {
        match self.rows(read, scope).await {
            Ok(rows) => Ok(Some(rows)),
            Err(RecipeError::Read { tool, source }) if reads::is_not_allowed(&source) => {
                hidden.insert(tool);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether the arguments are those under which a read is made.
pub(super) fn applies(read: &Read, request: &Map<String, Value>) -> bool {
    read.when.iter().all(|(name, wanted)| {
        let is = |given: &Value| match wanted {
            Value::Array(values) => values.contains(given),
            value => value == given,
        };
        request.get(name).is_some_and(|given| match given {
            Value::Array(items) => items.iter().any(is),
            value => is(value),
        })
    })
}

/// What identifies a row.
pub(super) fn key_of(read: &Read, row: &Value) -> Option<Value> {
    place::walk(row, reads::row_key(read)).0.first().filter(|key| shown::is_plain(key)).map(|key| (*key).clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_read_is_made_under_one_or_several_values_of_its_arguments() {
        let read =
            |when: Value| -> Read { serde_json::from_value(json!({"read": "user.list", "when": when})).unwrap() };
        let made = |when: Value, request: Value| applies(&read(when), request.as_object().unwrap());
        assert!(made(json!({}), json!({})));
        assert!(made(json!({"type": 1}), json!({"type": 1})));
        assert!(!made(json!({"type": 1}), json!({"type": 2})));
        assert!(!made(json!({"type": 1}), json!({})));
        assert!(made(json!({"type": [1, 2]}), json!({"type": 2})));
        assert!(made(json!({"types": "users"}), json!({"types": ["nodes", "users"]})));
        assert!(!made(json!({"types": "users", "type": 1}), json!({"types": ["users"]})));
    }
}
