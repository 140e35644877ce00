//! From the panel's bytes to the bytes a client sees: secrets redacted, invisible characters removed, lists cut to what was
//! asked for. Data that needs none of it is passed on without being parsed.

mod clean;
mod redact;
mod scan;
mod view;
mod wish;

use bytes::Bytes;
use flvx_panel::spec::Route;

pub use clean::{clean_text, clean_value};
pub use redact::{REDACTED, redact};
pub use view::{View, ViewError};

use crate::result::Page;

/// What is shown of an answer.
#[derive(Debug)]
pub struct Shaped {
    /// JSON text.
    pub data: Bytes,
    /// Which part of a list it is.
    pub page: Option<Page>,
}

/// Shapes the `data` of a route's answer.
///
/// # Errors
/// The view names a field that no row has, or `data` is not the list that the manifest promises.
pub fn shape(route: &Route, data: Bytes, view: Option<&View>) -> Result<Shaped, ViewError> {
    // Cleaning works on any JSON text, so it runs first and only when a scan finds something to clean.
    let data = clean::clean_json(data);
    match (route.data, route.rows) {
        (Some(field), Some(rows)) => view::apply(route, field, rows, &data, view),
        (Some(field), None) if field.holds_secret() => Ok(Shaped { data: redact(&data, field)?.into(), page: None }),
        _ => Ok(Shaped { data, page: None }),
    }
}
