//! The expansion of a checked manifest into Rust: route tables, typed requests and answers, and a client method a tool.
//!
//! The shape of the generated code is in `templates/*.j2`; here the manifest is turned into what the templates ask for.
//! [`generate`] gives texts and touches no file, so that the build script, the golden tests and a curious maintainer
//! all see the same expansion; [`write`] puts them into a directory.

mod domain;
mod each;
mod error;
mod expand;
mod names;
mod output;
mod render;
mod routes;
mod schema;
mod short;
mod table;
mod types;

use std::path::Path;

pub use error::Error;
pub use output::{Output, write};

use crate::Manifest;
use render::Templates;

/// Expands a checked manifest with the templates of a directory.
///
/// # Errors
/// The first mistake in a template, or a clash of names that the manifest leads to.
pub fn generate(manifest: &Manifest, templates: &Path) -> Result<Vec<Output>, Error> {
    let templates = Templates::new(templates);
    let domains = expand::domains(manifest)?;
    let mut outputs = Vec::new();
    let routes = routes::view(manifest, &domains)?;
    outputs.push(Output::rust("routes.rs", templates.render("routes.rs.j2", &routes)?));
    outputs.extend(routes.entries());
    let mut views = Vec::new();
    for domain in &domains {
        let view = domain::view(domain)?;
        outputs.push(Output::rust(format!("domain/{}.rs", domain.domain), templates.render("domain.rs.j2", &view)?));
        views.push(view);
    }
    outputs.push(Output::rust("domains.rs", templates.render("domains.rs.j2", &domain::list(&domains))?));
    outputs.push(Output::rust("each.rs", templates.render_as_is("each.rs.j2", &each::view(&views))?));
    Ok(outputs)
}
