//! From the panel's bytes to the bytes a client sees: secrets redacted, invisible characters removed, lists cut to what was
//! asked for. Data that needs none of it is passed on without being parsed.

mod look;
mod redact;
mod scan;
mod view;
mod wish;

use bytes::Bytes;
use flvx_panel::spec::{Field, Route};

pub use redact::{Kept, REDACTED, Redactor};
pub use view::{View, ViewError};

use crate::{clean::clean_json, result::Page};

/// Most bytes of `data` in one result. Lists end earlier and say where they go on; anything else is refused beyond it.
pub const MOST_BYTES: usize = 4 << 20;

/// What is shown of an answer.
#[derive(Debug)]
pub struct Shaped {
    /// JSON text.
    pub data: Bytes,
    /// Which part of a list it is.
    pub page: Option<Page>,
}

/// A whole document with its secrets hidden and its texts cleaned, however long it is.
///
/// # Errors
/// It is not JSON, or nested too deep.
pub fn shape_whole(field: &Field, data: Bytes, redactor: &mut Redactor<'_>) -> Result<Bytes, ViewError> {
    redactor.redact(&clean_json(data), Some(field))
}

/// Shapes the `data` of a route's answer.
///
/// # Errors
/// The view names a field that no row has, `data` is not the list that the manifest promises, or it is more than can be shown.
pub fn shape(
    route: &Route,
    data: Bytes,
    view: Option<&View>,
    redactor: &mut Redactor<'_>,
) -> Result<Shaped, ViewError> {
    // Cleaning works on any JSON text, so it runs first and only when a scan finds something to clean.
    let data = clean_json(data);
    let shaped = match (route.data, route.rows) {
        (Some(field), Some(rows)) => view::apply(route, field, rows, &data, view, redactor)?,
        (field, _) => {
            let data = match (field, view) {
                (Some(field), Some(view)) if route.to_file => view::members(field, &data, view)?,
                _ => data,
            };
            Shaped { data: redactor.redact(&data, field)?, page: None }
        }
    };
    if shaped.data.len() > MOST_BYTES { Err(ViewError::TooLarge(shaped.data.len())) } else { Ok(shaped) }
}
