//! A generated file, and how a directory is brought up to date with as few writes as possible.

use std::{fs, io, path::Path};

/// One generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Path inside the output directory, with `/`.
    pub file: String,
    /// Its whole text.
    pub text: String,
}

impl Output {
    pub(super) fn rust(file: impl Into<String>, text: String) -> Self {
        Self { file: file.into(), text }
    }
}

/// Writes the files that are new or differ; one that stays the same keeps its time, so nothing is compiled for it.
///
/// # Errors
/// The file system's.
pub fn write(outputs: &[Output], dir: &Path) -> io::Result<()> {
    for output in outputs {
        let path = dir.join(&output.file);
        if fs::read_to_string(&path).is_ok_and(|text| text == output.text) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, &output.text)?;
    }
    Ok(())
}
