//! One call of an inverse, and its completion from the saved file.

use flvx_manifest::model::{Conditions, Unique};
use flvx_panel::{
    generated,
    spec::{Field, Kind, Route},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::recipes::{
    fill::{self, Source, Sources, fill},
    fit::fit,
    place::Held,
    rows,
};

/// Why an inverse call cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// The tool is not in the manifest (any more).
    #[error("there is no tool {tool}; this version of the gateway cannot take the change back")]
    NoTool {
        /// Its name.
        tool: String,
    },
    /// The saved file is needed.
    #[error("{tool} needs what was saved before the change, and the saved file is not at hand")]
    NotSaved {
        /// Tool of the inverse call.
        tool: String,
    },
    /// An argument that the tool needs came to nothing.
    #[error("{tool} needs `{argument}`, and the saved file does not have it")]
    Missing {
        /// Tool of the inverse call.
        tool: String,
        /// The argument.
        argument: String,
    },
}

/// One call that takes a change back, or a part of it. Its request may have places into the saved file, so it is only to be
/// had by [`InverseCall::whole`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InverseCall {
    /// Tool that is called.
    pub tool: String,
    pub(super) request: Map<String, Value>,
    /// List of the saved file -> which of its rows this call sees.
    #[serde(default, skip_serializing_if = "Unique::is_empty")]
    pub(super) saved: Unique<Vec<Conditions>>,
}

/// A call that can be sent. Its request may hold secrets of the saved file.
pub type Ready = (&'static Route, Map<String, Value>);

impl InverseCall {
    /// Whether the saved file is needed.
    pub fn needs_saved(&self) -> bool {
        self.request.values().any(fill::is_open)
    }

    /// The call, complete; `None`: there is nothing to act on. `saved` is the content of the saved file; what comes of it may
    /// hold secrets and is for the panel alone. [`in_parts`] makes of it what is sent.
    ///
    /// # Errors
    /// The tool is unknown, or the saved file is needed and does not have what is needed.
    pub fn whole(&self, saved: Option<&Value>) -> Result<Option<Ready>, UndoError> {
        let route = generated::route(&self.tool).ok_or_else(|| UndoError::NoTool { tool: self.tool.clone() })?;
        if self.needs_saved() && saved.is_none() {
            return Err(UndoError::NotSaved { tool: self.tool.clone() });
        }
        let mut seen = saved.cloned().unwrap_or_default();
        rows::cut(&mut seen, &self.saved, &Sources::default());
        let sources = Sources::default().with("$saved", Source::One(Some(&seen)));
        if self.request.values().any(fill::is_open) && !self.acts(&sources) {
            return Ok(None);
        }
        let mut request = Map::new();
        for (key, template) in &self.request {
            let field = argument(route, key);
            let value = fill(template, &sources).map(|value| fill::plain(&value));
            match value.and_then(|value| field.map_or(Some(value.clone()), |field| fit(&value, field))) {
                Some(value) => drop(request.insert(key.clone(), value)),
                None if field.is_some_and(|field| field.required) => {
                    return Err(UndoError::Missing { tool: self.tool.clone(), argument: key.clone() });
                }
                None => {}
            }
        }
        Ok(Some((route, request)))
    }

    /// Whether any list or object that is taken from the saved file has something in it.
    fn acts(&self, sources: &Sources<'_>) -> bool {
        let mut places = Vec::new();
        self.request.values().for_each(|value| open_places(value, &mut places));
        let mut holds_none = false;
        for place in places {
            match fill::held(place, sources) {
                Some(Held::Many(found)) if !found.is_empty() => return true,
                Some(Held::One(Value::Array(items))) if !items.is_empty() => return true,
                Some(Held::One(Value::Object(object))) if !object.is_empty() => return true,
                // A plain value is no row to act on, and none that is missing either.
                Some(Held::One(value)) if !value.is_array() && !value.is_object() => {}
                _ => holds_none = true,
            }
        }
        !holds_none
    }
}

/// The calls that are sent for one, one after the other: with only so many items at a time as the tool takes within the panel's
/// time. How dangerous it is says the whole, not a part.
pub fn in_parts((route, request): Ready) -> Vec<Ready> {
    let Some(batch) = route.batch else { return vec![(route, request)] };
    let most = usize::try_from(batch.chunk).unwrap_or(usize::MAX).max(1);
    match request.get(batch.field).and_then(Value::as_array) {
        Some(items) if items.len() > most => items
            .chunks(most)
            .map(|part| {
                let mut request = request.clone();
                request.insert(batch.field.to_owned(), Value::Array(part.to_vec()));
                (route, request)
            })
            .collect(),
        _ => vec![(route, request)],
    }
}

fn open_places<'v>(value: &'v Value, places: &mut Vec<&'v Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| open_places(item, places)),
        Value::Object(object) => object.values().for_each(|item| open_places(item, places)),
        value if fill::is_open(value) => places.push(value),
        _ => {}
    }
}

/// The field that an argument is; of a body with free keys the one that all of them are.
pub(super) fn argument(route: &Route, name: &str) -> Option<&'static Field> {
    match route.request.kind {
        Kind::Map => route.request.items,
        _ => route.request.fields.iter().find(|field| field.name == name),
    }
}
