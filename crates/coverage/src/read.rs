//! From a checkout to facts: finds the registrations, works out for each route who may call it and what it takes, and
//! keeps a list of everything that could not be understood.

mod access;
mod handler;
mod methods;
mod registrations;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    path::Path,
    time::{Duration, Instant},
};

use crate::{
    eval::{Machine, Registration, Value},
    facts::{Auth, Facts, Route},
    go::{self, Packages, ast::Pos},
    routers::{Mounts, Way, full_path, pattern},
};

/// Where every route of the panel's API lives.
pub const PREFIX: &str = "/api/v1/";

/// What was read from a checkout.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The routes of the API.
    pub facts: Facts,
    /// Routes outside it.
    pub outside: Vec<String>,
    /// What would be a route, or a part of one, if it could be understood.
    pub unresolved: Vec<Problem>,
    /// Files that could not be read, or only in part.
    pub unreadable: Vec<Problem>,
    /// Packages that are imported but not there.
    pub missing: Vec<String>,
    /// Folder of the module, relative to the folder that was given.
    pub root: String,
    /// Files that were read.
    pub files: usize,
    /// How long it took.
    pub took: Duration,
}

/// Something that could not be understood, with its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// File, relative to the module.
    pub file: String,
    /// Line.
    pub line: u32,
    /// What.
    pub text: String,
}

/// Reads the backend in a folder.
pub fn read(dir: &Path) -> io::Result<Source> {
    let started = Instant::now();
    let checkout = go::find(dir)?;
    let parsed = go::parse(&checkout.files);
    let mut unreadable: Vec<Problem> = checkout.troubles.iter().map(problem_of).collect();
    let packages = Packages::new(parsed, &checkout.module);
    unreadable.extend(packages.troubles().map(problem_of));
    unreadable.sort();
    let root = checkout.root.strip_prefix(&checkout.given).unwrap_or(&checkout.root).to_string_lossy().into_owned();
    let mut source = Source { unreadable, root, files: packages.file_count(), ..Source::default() };
    source.missing = packages.missing().map(str::to_owned).collect();
    source.missing.sort();
    source.missing.dedup();
    evaluate(&packages, &mut source);
    source.took = started.elapsed();
    Ok(source)
}

fn problem_of(trouble: &go::Trouble) -> Problem {
    Problem { file: trouble.file.clone(), line: trouble.line, text: trouble.problem.clone() }
}

fn evaluate(packages: &Packages, source: &mut Source) {
    let mut machine = Machine::new(packages);
    registrations::find(&mut machine);
    let mounts = Mounts::new(&machine);
    let outermost = access::outermost(&machine);
    let mut problems: Vec<(Pos, String)> = Vec::new();
    let mut routes: BTreeMap<(String, String), Route> = BTreeMap::new();
    for (index, registration) in machine.registrations.clone().into_iter().enumerate() {
        if mounts.is_mount(index) {
            continue;
        }
        for way in mounts.ways(&machine, registration.router) {
            let Some(path) = full_path(&machine, index, &way) else {
                problems.push((registration.pos, format!("the prefix of `{}` is not known", registration.path)));
                continue;
            };
            if !path.starts_with(PREFIX) {
                source.outside.push(path);
                continue;
            }
            let mut one = One {
                machine: &mut machine,
                registration: &registration,
                index,
                way: &way,
                outermost: &outermost,
                problems: &mut problems,
            };
            for route in one.routes(&path) {
                let key = (route.path.clone(), route.methods.join(","));
                routes.entry(key).or_insert(route);
            }
        }
    }
    problems.extend(machine.unresolved.iter().map(|unresolved| (unresolved.pos, unresolved.problem.clone())));
    if machine.run_was_cut() {
        problems.push((Pos::default(), "the search for registrations was cut short: too much to evaluate".to_owned()));
    }
    source.facts.routes = routes.into_values().collect();
    source.outside.sort();
    source.outside.dedup();
    let place = |(pos, text): (Pos, String)| Problem { file: packages.path(pos.file).to_owned(), line: pos.line, text };
    source.unresolved = problems.into_iter().map(place).collect();
    source.unresolved.sort();
    source.unresolved.dedup();
}

/// One registration under evaluation.
struct One<'a, 'p> {
    machine: &'a mut Machine<'p>,
    registration: &'a Registration<'p>,
    index: usize,
    way: &'a Way,
    outermost: &'a HashMap<usize, Value<'p>>,
    problems: &'a mut Vec<(Pos, String)>,
}

impl One<'_, '_> {
    /// The routes of a registration: one for each set of methods that is treated alike.
    fn routes(&mut self, path: &str) -> Vec<Route> {
        let at = self.registration.pos;
        let place = self.machine.packages().place(at);
        let (handler, wrappers, handler_place) = self.names();
        let mut found = Vec::new();
        for arm in handler::arms(self, path) {
            let method =
                arm.methods.first().map_or("POST", |method| if method == "ANY" { "POST" } else { method.as_str() });
            let auth = access::of(self, path, method);
            if auth == Auth::Unknown {
                self.problems.push((at, format!("{path}: who may call it cannot be worked out")));
            }
            let auth = match (auth, arm.demands) {
                (Auth::User | Auth::Optional | Auth::Public, Some(Auth::Admin)) => Auth::Admin,
                (Auth::Public, Some(Auth::Peer)) => Auth::Peer,
                (auth, _) => auth,
            };
            for (pos, text) in &arm.lost {
                self.problems.push((*pos, format!("{path}: {text}")));
            }
            let facts = arm.facts(path);
            let below = self.below(path, auth, &arm.endings);
            found.push(Route {
                below,
                path: path.to_owned(),
                methods: arm.methods,
                auth,
                handler: handler.clone(),
                wrappers: wrappers.clone(),
                place: place.clone(),
                handler_place: handler_place.clone(),
                ..facts
            });
        }
        found
    }

    /// The paths below a subtree that its handler tells apart, each evaluated as if it were a route.
    fn below(&mut self, path: &str, auth: Auth, endings: &BTreeSet<String>) -> Vec<Route> {
        if !path.ends_with('/') {
            return Vec::new();
        }
        let mut found = Vec::new();
        for ending in endings {
            let known = (format!("{path}1{ending}"), false);
            let whole = format!("{path}{{id}}{ending}");
            for arm in handler::arms_at(self, &whole, &known) {
                let facts = arm.facts(&whole);
                let auth = if arm.demands == Some(Auth::Admin) { Auth::Admin } else { auth };
                found.push(Route { path: whole.clone(), methods: arm.methods, auth, ..facts });
            }
        }
        found
    }

    /// Names of the handler and of what was put around it.
    fn names(&self) -> (String, Vec<String>, String) {
        match &self.registration.handler {
            Value::Func(closure) => {
                let inner = closure.innermost();
                let function = inner.function;
                let place = self.machine.packages().place(function.pos);
                let name = match (function.name.as_str(), Machine::owner(function)) {
                    ("", _) => "inline".to_owned(),
                    (name, "") => name.to_owned(),
                    (name, owner) => format!("{owner}.{name}"),
                };
                (name, closure.wrappers.clone(), place)
            }
            other => {
                let ty = other.deref().ty().and_then(|ty| self.machine.types.name(ty));
                (ty.unwrap_or("unknown").to_owned(), Vec::new(), String::new())
            }
        }
    }
}

/// The path as the middleware and the handler see it: up to the first parameter, and whether more comes.
fn seen(path: &str) -> (String, bool) {
    let (start, open) = pattern::known_start(path);
    (start.to_owned(), open)
}
