//! The command: reads, compares, judges.

use std::path::{Path, PathBuf};

use flvx_manifest::{Diagnostics, Manifest, Version};

use crate::{
    bless::{BlessError, Blessings},
    diff::{Comparison, compare},
    expected::entries,
    facts::Facts,
    locate::Lines,
    read::{Problem, Source, read},
    snapshot::{Snapshot, SnapshotError},
};

/// Name of the reading of the baseline in the folder of the manifest.
pub const LOCK: &str = "upstream.lock.json";

/// What to hold the manifest against.
#[derive(Debug, Clone)]
pub enum Panel {
    /// A checkout.
    Backend(PathBuf),
    /// A reading.
    Snapshot(PathBuf),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The panel.
    pub panel: Panel,
    /// Folder of the manifest.
    pub routes: PathBuf,
    /// Panel version whose entries are meant; the manifest's baseline when none is given.
    pub version: Option<String>,
    /// Compare even when the panel looks like another program.
    pub force: bool,
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The manifest has mistakes.
    #[error("the manifest cannot be used:\n{0}")]
    Manifest(Diagnostics),
    /// The folder of the backend cannot be read.
    #[error("{dir} cannot be read: {error}")]
    Backend {
        /// The folder.
        dir: String,
        /// Why.
        error: std::io::Error,
    },
    /// A version is not one.
    #[error("`{0}` is no panel version; write it like 2.1.5-alpha6 or 3.1.0")]
    Version(String),
    /// The blessings have mistakes.
    #[error(transparent)]
    Bless(#[from] BlessError),
    /// A reading cannot be used.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing differs, or only what is blessed.
    InStep,
    /// Something differs.
    Drift,
    /// Something could not be understood or read, so what differs may be more or less than what is told.
    Partial,
    /// This is no backend that the manifest describes.
    Foreign,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Report {
    /// How it ended.
    pub verdict: Verdict,
    /// Panel version that was asked for.
    pub version: String,
    /// What the panel was read from.
    pub from: String,
    /// Path of the module, as it is found from where the command runs; put before every file of the source.
    pub source_root: String,
    /// The facts of the panel.
    pub facts: Facts,
    /// The differences.
    pub comparison: Comparison,
    /// What could not be understood.
    pub unresolved: Vec<Problem>,
    /// What could not be read.
    pub unreadable: Vec<Problem>,
    /// Packages that are imported but not there.
    pub missing: Vec<String>,
    /// Files read.
    pub files: usize,
    /// Milliseconds that reading took.
    pub took_ms: u128,
}

impl Verdict {
    /// The exit code for it.
    pub fn code(self) -> u8 {
        match self {
            Self::InStep => 0,
            Self::Drift => 1,
            Self::Partial => 2,
            Self::Foreign => 3,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::InStep => "in step",
            Self::Drift => "drift",
            Self::Partial => "not wholly understood",
            Self::Foreign => "not a backend that this manifest describes",
        }
    }
}

/// Holds the manifest against a panel.
pub fn check(request: &Request) -> Result<Report, CheckError> {
    let manifest = flvx_manifest::load(&request.routes).map_err(CheckError::Manifest)?;
    let (version_text, version) = version(request.version.as_deref(), &manifest)?;
    let lines = Lines::read(&request.routes);
    let blessings = Blessings::read(&request.routes)?;
    let before = before(&request.routes, &version_text)?;
    let (from, source) = panel(&request.panel)?;
    let expected = entries(&manifest, &version, &lines);
    let mut comparison = compare(&expected, &source.facts, before.as_ref(), &lines);
    let foreign = !request.force && comparison.matched * 2 < comparison.entries || source.facts.routes.is_empty();
    if foreign {
        comparison.differences.clear();
    } else {
        blessings.apply(&mut comparison, &version);
    }
    let verdict = if foreign {
        Verdict::Foreign
    } else if !source.unresolved.is_empty() || !source.unreadable.is_empty() {
        Verdict::Partial
    } else if comparison.differences.iter().any(|difference| difference.blessed.is_none()) {
        Verdict::Drift
    } else {
        Verdict::InStep
    };
    let source_root = match &request.panel {
        Panel::Backend(dir) => root(&dir.join(&source.root)),
        Panel::Snapshot(_) => String::new(),
    };
    Ok(Report {
        verdict,
        version: version_text,
        from,
        source_root,
        facts: source.facts,
        comparison,
        unresolved: source.unresolved,
        unreadable: source.unreadable,
        missing: source.missing,
        files: source.files,
        took_ms: source.took.as_millis(),
    })
}

/// The version that is asked for, else the manifest's baseline.
pub(crate) fn version(asked: Option<&str>, manifest: &Manifest) -> Result<(String, Version), CheckError> {
    let text = asked.unwrap_or(&manifest.shared.baseline);
    let version = Version::parse(text).ok_or_else(|| CheckError::Version(text.to_owned()))?;
    Ok((text.to_owned(), version))
}

/// The reading that is kept beside the manifest, when it is of this version.
fn before(routes: &Path, version: &str) -> Result<Option<Facts>, SnapshotError> {
    let path = routes.join(LOCK);
    if !path.exists() {
        return Ok(None);
    }
    let snapshot = Snapshot::read(&path)?;
    Ok((snapshot.panel == version).then(|| snapshot.facts()))
}

fn panel(panel: &Panel) -> Result<(String, Source), CheckError> {
    match panel {
        Panel::Backend(dir) => {
            let source = read(dir).map_err(|error| CheckError::Backend { dir: dir.display().to_string(), error })?;
            Ok((dir.display().to_string(), source))
        }
        Panel::Snapshot(path) => {
            let snapshot = Snapshot::read(path)?;
            let from = format!("{} (a reading of panel {})", path.display(), snapshot.panel);
            Ok((from, Source { facts: snapshot.facts(), ..Source::default() }))
        }
    }
}

/// A folder as a place to point at from the working directory.
fn root(dir: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = dir.strip_prefix(&here).unwrap_or(dir);
    let text = path.to_string_lossy().replace('\\', "/");
    let text = text.trim_start_matches("./").trim_end_matches('/');
    if text.is_empty() || text == "." { String::new() } else { format!("{text}/") }
}
