//! Reads a directory of manifest files, in the order: bytes, YAML, form, meaning.
//!
//! What is wrong in one file does not hide what is wrong in another; an entry whose form is wrong is left out of the
//! checks of meaning, and what it would have defined counts as known.

mod files;
mod model;
mod text;

use std::{path::Path, sync::Arc};

use crate::{
    Diagnostics, Manifest, check,
    finding::Finding,
    language_schema,
    locate::Files,
    path::At,
    shared_language_schema,
    structure::{self, Language},
    yaml::{self, Node},
};
use files::Read;

/// Reads `dir/*.yaml`, and gives the manifest or everything that is wrong in it.
pub fn load(dir: &Path) -> Result<Manifest, Diagnostics> {
    let Read { sources, mut diagnostics } = files::read(dir);
    let mut findings: Vec<Finding> = Vec::new();
    let mut nodes: Vec<Option<Node>> = Vec::with_capacity(sources.len());
    for source in &sources {
        let before = diagnostics.len();
        diagnostics.extend(text::check(source));
        nodes.push(match yaml::parse(&source.text) {
            Ok(node) => Some(node),
            Err(error) => {
                // What the look at the bare text has told already (a tab, a control character) is often what YAML trips over.
                if diagnostics.len() == before && !source.text.is_empty() {
                    diagnostics.push(text::syntax_error(source, &error));
                }
                None
            }
        });
    }
    let domain_language = Language::compile(&language_schema(), "a domain file");
    let shared_language = Language::compile(&shared_language_schema(), "`shared.yaml`");
    for (file, (source, node)) in sources.iter().zip(&nodes).enumerate() {
        let Some(node) = node else { continue };
        let language = if files::is_shared(&source.shown) { &shared_language } else { &domain_language };
        structure::check(language, node, At::file(file), &mut findings);
    }
    let draft = model::build(&sources, &nodes, &mut findings);
    check::run(&draft, &domain_language, &mut findings);

    let mut places = Files::new(&sources, &nodes);
    diagnostics.extend(findings.into_iter().map(|finding| places.diagnostic(finding)));
    if diagnostics.is_empty() { Ok(draft.into_manifest()) } else { Err(Diagnostics::new(diagnostics, Arc::new(sources))) }
}
