//! A reading of a panel in a file: to compare without the source, and to know what a handler was called before.
//!
//! It holds facts only, one route a line, so that a new reading shows in review as what has changed.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Route};

/// What a file of this form says first.
const FORMAT: &str = "flvx-mcp coverage 1";

/// A file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    format: String,
    /// The panel version that was read, as the reader was told.
    pub panel: String,
    /// The routes.
    pub routes: Vec<Route>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It cannot be read or written.
    #[error("{file}: {error}")]
    Io {
        /// The file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// It is something else.
    #[error("{file} is no snapshot: {problem}; make one with `flvx-mcp coverage --backend DIR --write-snapshot FILE`")]
    Form {
        /// The file.
        file: String,
        /// Why.
        problem: String,
    },
}

impl Snapshot {
    /// A snapshot of facts.
    pub fn new(panel: &str, facts: &Facts) -> Self {
        Self { format: FORMAT.to_owned(), panel: panel.to_owned(), routes: facts.routes.clone() }
    }

    /// Its facts.
    pub fn facts(&self) -> Facts {
        Facts { routes: self.routes.clone() }
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, SnapshotError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| SnapshotError::Io { file: file.clone(), error })?;
        let snapshot: Self = serde_json::from_str(&text)
            .map_err(|error| SnapshotError::Form { file: file.clone(), problem: error.to_string() })?;
        if snapshot.format != FORMAT {
            return Err(SnapshotError::Form {
                file,
                problem: format!("its format is `{}` and not `{FORMAT}`", snapshot.format),
            });
        }
        Ok(snapshot)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let routes: Vec<String> = self.routes.iter().map(|route| format!("  {}", json(route))).collect();
        format!(
            "{{\n\"format\": {},\n\"panel\": {},\n\"routes\": [\n{}\n]\n}}\n",
            json(&self.format),
            json(&self.panel),
            routes.join(",\n")
        )
    }

    /// Writes a file.
    pub fn write(&self, path: &Path) -> Result<(), SnapshotError> {
        fs::write(path, self.text()).map_err(|error| SnapshotError::Io { file: path.display().to_string(), error })
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_snapshot_is_read_as_it_was_written() {
        let route = Route { path: "/api/v1/a".to_owned(), methods: vec!["POST".to_owned()], ..Route::default() };
        let snapshot = Snapshot::new("3.1.0", &Facts { routes: vec![route.clone(), route] });
        let again: Snapshot = serde_json::from_str(&snapshot.text()).unwrap();
        assert_eq!(again.routes, snapshot.routes);
        assert_eq!(snapshot.text().lines().filter(|line| line.contains("/api/v1/a")).count(), 2);
    }
}
