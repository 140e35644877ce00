//! Backends and manifests on disk for the length of a test, and routes in a form that can be read in an assertion.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use flvx_coverage::{
    Source,
    facts::{Field, Kind, Route},
    read,
};

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A folder that is gone when the test is over.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("coverage-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the backend in it.
    pub fn read(&self) -> Source {
        read(&self.0).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A module `panel` of these files. What every panel has, the envelope, is there already.
pub fn backend(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new();
    folder.write("go.mod", "module panel\n\ngo 1.22\n");
    folder.write("internal/response/r.go", RESPONSE);
    for (path, text) in files {
        folder.write(path, text);
    }
    folder
}

const RESPONSE: &str = r#"package response

import (
	"encoding/json"
	"net/http"
)

type R struct {
	Code int         `json:"code"`
	Msg  string      `json:"msg"`
	Data interface{} `json:"data,omitempty"`
}

func OK(data interface{}) R { return R{Code: 0, Msg: "ok", Data: data} }
func Fail(msg string) R { return R{Code: -1, Msg: msg} }

func Write(w http.ResponseWriter, payload R) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(payload)
}
"#;

/// One Go file of package `main` that has the usual imports; `body` is the rest.
pub fn program(body: &str) -> String {
    format!(
        "package main\n\nimport (\n\t\"encoding/json\"\n\t\"net/http\"\n\t\"strings\"\n\n\t\"panel/internal/response\"\n)\n\n{body}\n"
    )
}

/// A handler that does something with every method.
pub const WORKS: &str = r#"
type Handler struct{ repo *Repo }
type Repo struct{}
func (r *Repo) List() []string { return nil }
func (h *Handler) list(w http.ResponseWriter, r *http.Request) { response.Write(w, response.OK(h.repo.List())) }
func (h *Handler) create(w http.ResponseWriter, r *http.Request) { response.Write(w, response.OK(h.repo.List())) }
func (h *Handler) remove(w http.ResponseWriter, r *http.Request) { response.Write(w, response.OK(h.repo.List())) }
"#;

/// `POST /api/v1/x Handler.list`, one for each route, in the order of their paths.
pub fn routes(source: &Source) -> Vec<String> {
    source
        .facts
        .routes
        .iter()
        .map(|route| format!("{} {} {}", route.methods.join("+"), route.path, route.handler))
        .collect()
}

/// The routes of a backend in which everything could be understood.
pub fn understood(folder: &Folder) -> Vec<String> {
    let source = folder.read();
    assert_eq!(source.unresolved, [], "everything is understood");
    assert_eq!(source.unreadable, [], "everything is read");
    routes(&source)
}

/// The only route of a backend.
pub fn only(folder: &Folder) -> Route {
    let source = folder.read();
    assert_eq!(source.unresolved, [], "everything is understood");
    assert_eq!(source.facts.routes.len(), 1, "{:?}", routes(&source));
    source.facts.routes[0].clone()
}

/// The keys of a body in one line: `id: integer!, tags: array[string]`; `!` is needed.
pub fn keys(route: &Route) -> String {
    route.keys.as_ref().map_or_else(|| "none".to_owned(), inside)
}

/// The query in one line.
pub fn query(route: &Route) -> String {
    fields(&route.query)
}

fn fields(fields: &std::collections::BTreeMap<String, Field>) -> String {
    fields
        .iter()
        .map(|(name, field)| format!("{name}: {}{}", inside(field), mark(field)))
        .collect::<Vec<_>>()
        .join(", ")
}

fn mark(field: &Field) -> String {
    let default = field.default.as_ref().map(|default| format!("={default}")).unwrap_or_default();
    format!("{}{default}", if field.required { "!" } else { "" })
}

fn inside(field: &Field) -> String {
    match (field.kind, &field.items) {
        (Kind::Object, _) if !field.fields.is_empty() => format!("{{{}}}", fields(&field.fields)),
        (kind, Some(items)) => format!("{}[{}]", kind.word(), inside(items)),
        (kind, None) => kind.word().to_owned(),
    }
}

/// The manifest of this repository.
pub fn repository_routes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../routes")
}

/// A copy of the repository's manifest, and a reading of the baseline with changes made to it.
pub fn changed(change: impl FnOnce(&mut Vec<serde_json::Value>)) -> Folder {
    let folder = Folder::new();
    for entry in fs::read_dir(repository_routes()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".yaml") || name.ends_with(".json") {
            folder.write(&format!("routes/{name}"), fs::read(entry.path()).unwrap());
        }
    }
    folder.write("routes/coverage.yaml", "blessed: []\n");
    let lock = fs::read_to_string(repository_routes().join(flvx_coverage::LOCK)).unwrap();
    let mut reading: serde_json::Value = serde_json::from_str(&lock).unwrap();
    change(reading["routes"].as_array_mut().unwrap());
    folder.write("panel.json", reading.to_string());
    folder
}

/// A route of a reading.
pub fn route<'v>(routes: &'v mut [serde_json::Value], path: &str) -> &'v mut serde_json::Value {
    routes.iter_mut().find(|route| route["path"] == path).unwrap()
}

/// The manifest of a folder held against the reading in it.
pub fn check(folder: &Folder) -> flvx_coverage::Report {
    flvx_coverage::check(&request(folder)).unwrap()
}

/// The request for that.
pub fn request(folder: &Folder) -> flvx_coverage::Request {
    flvx_coverage::Request {
        panel: flvx_coverage::Panel::Snapshot(folder.path().join("panel.json")),
        routes: folder.path().join("routes"),
        version: None,
        force: false,
    }
}

/// The differences in one line each: `auth POST /api/v1/x: admin -> user`.
pub fn differences(report: &flvx_coverage::Report) -> Vec<String> {
    let open = report.comparison.differences.iter().filter(|difference| difference.blessed.is_none());
    let each = open.map(|d| {
        let key = if d.key.is_empty() { String::new() } else { format!(" {}", d.key) };
        format!("{} {} {}{key}: {} -> {}", d.what.word(), d.method, d.path, d.here, d.there)
    });
    each.collect()
}
