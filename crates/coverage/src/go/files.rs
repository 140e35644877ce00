//! Finds the Go files of a backend: which folder under the one given is the module, and what is in it.
//!
//! Tests, vendored code and generated trash are left out; links are not followed out of the folder, so a loop of them
//! ends. A file that cannot be read is told, never passed over.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A larger file is not read: no panel has one, and a reader in CI must end.
const LARGEST: u64 = 4 << 20;
/// More files than this are not a backend.
const MOST_FILES: usize = 20_000;
/// Folders that hold no source of the backend itself.
const SKIPPED: [&str; 5] = ["vendor", "testdata", "node_modules", "dist", "third_party"];

/// A backend on disk.
#[derive(Debug)]
pub struct Checkout {
    /// Folder of the module.
    pub root: PathBuf,
    /// The folder that was given: places are shown relative to it.
    pub given: PathBuf,
    /// Path of the module as `go.mod` says it; empty when there is none.
    pub module: String,
    /// Its files with their text, by path relative to `root`.
    pub files: Vec<(String, String)>,
    /// What could not be read.
    pub troubles: Vec<FileError>,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// Path relative to the module.
    pub file: String,
    /// Line, when one is known.
    pub line: u32,
    /// What is wrong.
    pub problem: String,
}

/// Reads the backend in `dir`, or in the most likely folder under it.
pub fn find(dir: &Path) -> io::Result<Checkout> {
    let metadata = fs::metadata(dir)?;
    if !metadata.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "not a folder"));
    }
    // The listing itself must work: an unreadable folder is not an empty one.
    fs::read_dir(dir)?;
    let root = module_root(dir);
    let module = module_path(&root);
    let mut checkout =
        Checkout { root: root.clone(), given: dir.to_owned(), module, files: Vec::new(), troubles: Vec::new() };
    let mut paths = Vec::new();
    walk(&root, &root, &mut paths, &mut checkout.troubles);
    paths.sort();
    for path in paths {
        checkout.read(&path);
    }
    Ok(checkout)
}

impl Checkout {
    fn read(&mut self, path: &Path) {
        let shown = relative(&self.root, path);
        let trouble = |problem: String| FileError { file: shown.clone(), line: 1, problem };
        let text = match fs::metadata(path) {
            Ok(metadata) if metadata.len() > LARGEST => {
                Err(trouble(format!("{} MiB are too much for a source file; it is not read", metadata.len() >> 20)))
            }
            Ok(metadata) if metadata.len() == 0 => Err(trouble("the file is empty".to_owned())),
            Ok(_) => fs::read(path).map_err(|error| trouble(format!("cannot be read: {error}"))),
            Err(error) => Err(trouble(format!("cannot be read: {error}"))),
        };
        match text.map(String::from_utf8) {
            Ok(Ok(text)) => self.files.push((shown, text)),
            Ok(Err(error)) => {
                let good = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                let before = bytes.get(..good).unwrap_or_default();
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                let line = u32::try_from(line).unwrap_or(u32::MAX);
                self.troubles.push(FileError { file: shown, line, problem: "not UTF-8; it is not read".to_owned() });
            }
            Err(trouble) => self.troubles.push(trouble),
        }
    }
}

/// A path as it is shown: relative, with slashes.
fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The folder itself when it has a `go.mod`, else the module under it that looks most like the panel's backend.
fn module_root(dir: &Path) -> PathBuf {
    if dir.join("go.mod").is_file() {
        return dir.to_owned();
    }
    let usual = dir.join("go-backend");
    if usual.is_dir() {
        return usual;
    }
    let mut modules = Vec::new();
    modules_under(dir, 0, &mut modules);
    let best = modules
        .into_iter()
        .map(|module| (api_paths(&module), module))
        .filter(|(paths, _)| *paths > 0)
        .max_by_key(|(paths, _)| *paths);
    best.map_or_else(|| dir.to_owned(), |(_, module)| module)
}

fn modules_under(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(listing) = fs::read_dir(dir) else { return };
    let mut folders: Vec<PathBuf> = listing
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    for folder in folders {
        if folder.join("go.mod").is_file() {
            found.push(folder.clone());
        }
        if depth < 3 && !is_skipped(&folder) {
            modules_under(&folder, depth + 1, found);
        }
    }
}

/// How often a module speaks of the panel's API: enough to choose between modules, not to know a route.
fn api_paths(module: &Path) -> usize {
    let (mut paths, mut troubles) = (Vec::new(), Vec::new());
    walk(module, module, &mut paths, &mut troubles);
    let small = paths.into_iter().filter(|path| fs::metadata(path).is_ok_and(|metadata| metadata.len() <= LARGEST));
    small.map(|path| fs::read(path).map_or(0, |text| String::from_utf8_lossy(&text).matches("/api/v1").count())).sum()
}

/// What the `module` line of `go.mod` says.
fn module_path(root: &Path) -> String {
    let text = fs::read_to_string(root.join("go.mod")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("module "));
    line.map(|name| name.split("//").next().unwrap_or(name).trim().trim_matches('"').to_owned()).unwrap_or_default()
}

fn walk(root: &Path, dir: &Path, paths: &mut Vec<PathBuf>, troubles: &mut Vec<FileError>) {
    let listing = match fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) => {
            troubles.push(FileError {
                file: relative(root, dir),
                line: 1,
                problem: format!("the folder cannot be read: {error}"),
            });
            return;
        }
    };
    for entry in listing.flatten() {
        let path = entry.path();
        // A link is neither: what it points to inside the folder is read where it really is.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            // A folder with its own `go.mod` is another module.
            if !is_skipped(&path) && !path.join("go.mod").is_file() {
                walk(root, &path, paths, troubles);
            }
        } else if is_source(&path) && paths.len() < MOST_FILES {
            if kind.is_symlink() {
                troubles.push(FileError {
                    file: relative(root, &path),
                    line: 1,
                    problem: "a link; it is not followed".to_owned(),
                });
            } else {
                paths.push(path);
            }
        }
    }
}

fn is_skipped(dir: &Path) -> bool {
    let name = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.starts_with(['.', '_']) || SKIPPED.contains(&name.as_str())
}

fn is_source(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.ends_with(".go") && !name.ends_with("_test.go") && !name.starts_with(['.', '_'])
}
