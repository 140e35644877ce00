//! Finds and reads the files of a manifest directory.

use std::{fs, path::Path};

use crate::{diagnostic::Diagnostic, source::Source};

/// The file that several domains share.
pub const SHARED: &str = "shared.yaml";

/// The file of differences that are meant; it is no part of the manifest and belongs to `flvx-mcp coverage`.
pub const COVERAGE: &str = "coverage.yaml";

/// The files that could be read, in the order of their names, and what could not.
pub struct Read {
    /// The files; one that is not text stands here with an empty text.
    pub sources: Vec<Source>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

/// Whether this is the shared file, by its shown name.
pub fn is_shared(shown: &str) -> bool {
    stem(shown) == "shared"
}

/// The name of a file without directory and ending.
pub fn stem(shown: &str) -> &str {
    let name = shown.rsplit('/').next().unwrap_or(shown);
    name.strip_suffix(".yaml").unwrap_or(name)
}

/// Reads every `*.yaml` of a directory. Names are shown with the directory's last part: `routes/node.yaml`.
pub fn read(dir: &Path) -> Read {
    let shown_dir =
        dir.file_name().map_or_else(|| dir.display().to_string(), |name| name.to_string_lossy().into_owned());
    let mut found = Read { sources: Vec::new(), diagnostics: Vec::new() };
    let listing = match fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) => {
            found.diagnostics.push(at_file(
                shown_dir,
                format!("the directory of the manifest cannot be read: {error}"),
                None,
            ));
            return found;
        }
    };
    let mut names: Vec<String> =
        listing.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in &names {
        let shown = format!("{shown_dir}/{name}");
        if let Some(stem) = name.strip_suffix(".yml") {
            let help = format!("rename it to `{stem}.yaml`");
            found.diagnostics.push(at_file(shown, "only files that end in `.yaml` are read".to_owned(), Some(help)));
        } else if name.ends_with(".yaml") && !name.starts_with('.') && name != COVERAGE {
            found.read(&dir.join(name), shown);
        }
    }
    if !names.iter().any(|name| name == SHARED) {
        let help =
            "it holds `baseline` (the panel version that is described) and the errors that every route can answer"
                .to_owned();
        found.diagnostics.push(at_file(format!("{shown_dir}/{SHARED}"), format!("`{SHARED}` is missing"), Some(help)));
    }
    found
}

impl Read {
    fn read(&mut self, path: &Path, shown: String) {
        let text = match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(error)) => {
                let good = error.utf8_error().valid_up_to();
                let before = String::from_utf8_lossy(error.as_bytes().get(..good).unwrap_or_default()).into_owned();
                let (line, column) = Source::new(String::new(), before).position(good);
                let mut diagnostic = at_file(shown.clone(), "the file is not UTF-8".to_owned(), None);
                diagnostic.help = Some("save the file as UTF-8".to_owned());
                (diagnostic.line, diagnostic.column) = (line, column);
                self.diagnostics.push(diagnostic);
                String::new()
            }
            Err(error) => {
                self.diagnostics.push(at_file(shown.clone(), format!("the file cannot be read: {error}"), None));
                String::new()
            }
        };
        self.sources.push(Source::new(shown, text));
    }
}

/// A mistake that has no line.
fn at_file(file: String, message: String, help: Option<String>) -> Diagnostic {
    Diagnostic {
        file,
        line: 1,
        column: 1,
        message,
        label: String::new(),
        help,
        suggestion: None,
        secondary: None,
        length: 0,
    }
}
