//! Reads a directory of manifest files, in the order: bytes, YAML, form, meaning.
//!
//! What is wrong in one file does not hide what is wrong in another; an entry whose form is wrong is left out of the
//! checks of meaning, and what it would have defined counts as known.

mod files;
mod model;
mod text;

use std::{path::Path, sync::Arc};

use crate::{
    Diagnostic, Diagnostics, Manifest, check,
    finding::Finding,
    language_schema,
    locate::Places,
    path::At,
    shared_language_schema,
    source::Source,
    structure::{self, Language},
    yaml::{self, Node},
};
use files::Read;

/// Reads `dir/*.yaml`, and gives the manifest or everything that is wrong in it.
pub fn load(dir: &Path) -> Result<Manifest, Diagnostics> {
    let Read { sources, mut diagnostics } = files::read(dir);
    let files: Vec<File> = sources.iter().map(|source| parse(source, &mut diagnostics)).collect();
    let mut findings: Vec<Finding> = Vec::new();

    let domain_language = Language::compile(&language_schema(), "a domain file");
    let shared_language = Language::compile(&shared_language_schema(), "`shared.yaml`");
    for (position, (source, file)) in sources.iter().zip(&files).enumerate() {
        let Some(node) = &file.node else { continue };
        let language = if files::is_shared(&source.shown) { &shared_language } else { &domain_language };
        structure::check(language, node, At::file(position), &file.invisible, &mut findings);
    }

    let nodes: Vec<Option<&Node>> = files.iter().map(|file| file.node.as_ref()).collect();
    let draft = model::build(&sources, &nodes, &mut findings);
    check::run(&draft, &domain_language, &mut findings);

    let mut places = Places::new(&sources, &nodes);
    diagnostics.extend(findings.into_iter().map(|finding| places.diagnostic(finding)));
    if diagnostics.is_empty() {
        Ok(draft.into_manifest())
    } else {
        Err(Diagnostics::new(diagnostics, Arc::new(sources)))
    }
}

/// What one file holds.
struct File {
    /// Its tree; `None`: it is not YAML.
    node: Option<Node>,
    /// Invisible characters that have been told.
    invisible: Vec<char>,
}

fn parse(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> File {
    // A file that could not be read has an empty text, and has been told.
    if diagnostics.iter().any(|diagnostic| diagnostic.file == source.shown) {
        return File { node: None, invisible: Vec::new() };
    }
    let look = text::look(source);
    let node = match yaml::parse(&source.text) {
        // Nothing is written; the look has told so.
        Ok(Node::Null) => None,
        Ok(node) => Some(node),
        Err(error) => {
            // What the look has told already (a tab, a control character) is often what YAML trips over.
            let stumble = text::syntax_error(source, &error);
            if !look.diagnostics.iter().any(|told| told.line == stumble.line) {
                diagnostics.push(stumble);
            }
            None
        }
    };
    diagnostics.extend(look.diagnostics);
    File { node, invisible: look.invisible }
}
