//! The manifest held against what a panel really does.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    expected::{Expected, Says},
    facts::{Auth, Facts, Field, Kind, Route},
    locate::{Line, Lines},
    routers::pattern,
};

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The panel has a route that the manifest lacks.
    Added,
    /// The manifest has a route that the panel lacks.
    Removed,
    /// Another function handles the route.
    Handler,
    /// Other methods are accepted.
    Method,
    /// Somebody else may call it.
    Auth,
    /// The panel reads keys that the manifest lacks.
    KeyMissing,
    /// The panel no longer reads keys that the manifest has.
    KeyGone,
    /// A key has another type.
    KeyType,
    /// The answer has another form.
    Answer,
    /// A blessing that applies to nothing.
    Stale,
}

impl What {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 10] = [
        Self::Added,
        Self::Removed,
        Self::Handler,
        Self::Method,
        Self::Auth,
        Self::KeyMissing,
        Self::KeyGone,
        Self::KeyType,
        Self::Answer,
        Self::Stale,
    ];

    /// The word for it in `routes/coverage.yaml`, JSON and SARIF.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Handler => "handler",
            Self::Method => "method",
            Self::Auth => "auth",
            Self::KeyMissing => "key_missing",
            Self::KeyGone => "key_gone",
            Self::KeyType => "key_type",
            Self::Answer => "answer",
            Self::Stale => "stale_blessing",
        }
    }

    /// What a heading says.
    pub fn title(self) -> &'static str {
        match self {
            Self::Added => "added: the panel has it, the manifest lacks it",
            Self::Removed => "removed: the manifest has it, the panel lacks it",
            Self::Handler => "handler changed",
            Self::Method => "method changed",
            Self::Auth => "auth changed",
            Self::KeyMissing => "request keys missing in the manifest",
            Self::KeyGone => "request keys that the panel no longer reads",
            Self::KeyType => "request keys of another type",
            Self::Answer => "answer changed",
            Self::Stale => "blessings that apply to nothing",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// What differs.
    pub what: What,
    /// The path of the route.
    pub path: String,
    /// Its method.
    pub method: String,
    /// The key, `nodes[].id`; empty when it is not about a key.
    pub key: String,
    /// What the manifest says.
    pub here: String,
    /// What the panel does.
    pub there: String,
    /// Where the manifest says it.
    pub manifest: Option<Line>,
    /// Where the panel's source says it, `file:line` in the module.
    pub source: Option<Line>,
    /// Why it is all right.
    pub blessed: Option<String>,
}

/// What a comparison found.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// The differences, in the order of a report.
    pub differences: Vec<Difference>,
    /// Routes of the manifest that the panel has.
    pub matched: usize,
    /// Entries of the manifest that hold for the version.
    pub entries: usize,
    /// Entries that are excluded, with the reason.
    pub excluded: Vec<(String, String)>,
}

/// Holds the manifest against a panel. `before` is an earlier reading of a panel of the same version: it knows handlers,
/// and it knows all of the routes of which the manifest says nothing but that they are excluded.
pub fn compare(expected: &[Expected], panel: &Facts, before: Option<&Facts>, lines: &Lines) -> Comparison {
    let mut found = Comparison { entries: expected.len(), ..Comparison::default() };
    let mut claimed: BTreeSet<usize> = BTreeSet::new();
    for entry in expected {
        let arms = arms(panel, &entry.route.path);
        let method = entry.route.methods.first().cloned().unwrap_or_default();
        let chosen = arms.iter().find(|arm| panel_route(panel, **arm).is_some_and(|route| route.accepts(&method)));
        let Some(arm) = chosen.or(arms.first()).copied() else {
            found.push(What::Removed, entry, None, "", "in the manifest", "not in the panel");
            continue;
        };
        found.matched += 1;
        claimed.insert(arm);
        let Some(route) = panel_route(panel, arm) else { continue };
        // Of a subtree the path itself may be known better than the whole.
        let below =
            route.below.iter().find(|below| pattern::covers(&below.path, &entry.route.path) && below.accepts(&method));
        let closer = below.map(|below| Route {
            handler: route.handler.clone(),
            wrappers: route.wrappers.clone(),
            place: route.place.clone(),
            handler_place: route.handler_place.clone(),
            ..below.clone()
        });
        let route = closer.as_ref().unwrap_or(route);
        if let Says::Excluded(reason) = &entry.says {
            found.excluded.push((entry.route.path.clone(), reason.clone()));
        }
        found.one(entry, route, expected, before, lines);
    }
    for (index, route) in panel.routes.iter().enumerate() {
        if claimed.contains(&index) {
            continue;
        }
        match expected.iter().find(|entry| pattern::covers(&route.path, &entry.route.path)) {
            // The path is known, and this is one more thing that the panel does on it.
            Some(entry) => {
                let there = format!("also acts on {}", route.methods_text());
                found.push(
                    What::Method,
                    entry,
                    Some(route),
                    "",
                    &format!("only {}", entry.route.methods_text()),
                    &there,
                );
            }
            None => found.differences.push(Difference {
                what: What::Added,
                path: route.path.clone(),
                method: route.methods_text(),
                key: String::new(),
                here: String::new(),
                there: format!("{}, {}", route.auth.word(), described(route)),
                manifest: None,
                source: line(&route.place),
                blessed: None,
            }),
        }
    }
    found.differences.sort();
    found.differences.dedup();
    found
}

fn panel_route(panel: &Facts, index: usize) -> Option<&Route> {
    panel.routes.get(index)
}

/// The routes of a panel on a path: those of exactly this path, else a subtree that it is in.
fn arms(panel: &Facts, path: &str) -> Vec<usize> {
    let serve = |exact: bool| -> Vec<usize> {
        let routes = panel.routes.iter().enumerate();
        let here = routes.filter(|(_, route)| is_subtree(&route.path) != exact && pattern::covers(&route.path, path));
        here.map(|(index, route)| (route.path.len(), index)).fold((0, Vec::new()), longest).1
    };
    let exact = serve(true);
    if exact.is_empty() { serve(false) } else { exact }
}

/// Of several subtrees the longest serves.
fn longest((best, mut found): (usize, Vec<usize>), (length, index): (usize, usize)) -> (usize, Vec<usize>) {
    if length > best {
        return (length, vec![index]);
    }
    if length == best {
        found.push(index);
    }
    (best, found)
}

fn is_subtree(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("...}")
}

fn described(route: &Route) -> String {
    let mut keys: Vec<String> = Vec::new();
    if let Some(body) = &route.keys {
        keys.extend(body.fields.keys().cloned());
    }
    keys.extend(route.query.keys().map(|key| format!("?{key}")));
    let keys = if keys.is_empty() { "no keys".to_owned() } else { keys.join(", ") };
    let answer = match route.answer.word() {
        "envelope" => String::new(),
        other => format!(", answers {other}"),
    };
    format!("handler {}: {keys}{answer}", route.handler)
}

/// A place `file:line` as a line.
fn line(place: &str) -> Option<Line> {
    let (file, line) = place.rsplit_once(':')?;
    Some(Line { file: file.to_owned(), line: line.parse().ok()? })
}

impl Comparison {
    fn push(&mut self, what: What, entry: &Expected, route: Option<&Route>, key: &str, here: &str, there: &str) {
        let place = route.map(|route| {
            if key.is_empty() || route.handler_place.is_empty() { &route.place } else { &route.handler_place }
        });
        self.differences.push(Difference {
            what,
            path: entry.route.path.clone(),
            method: entry.route.methods_text(),
            key: key.to_owned(),
            here: here.to_owned(),
            there: there.to_owned(),
            manifest: Some(entry.at.clone()),
            source: place.and_then(|place| line(place)),
            blessed: None,
        });
    }

    /// Everything about one entry and the route that it describes.
    fn one(&mut self, entry: &Expected, route: &Route, all: &[Expected], before: Option<&Facts>, lines: &Lines) {
        let earlier = before.and_then(|before| {
            let method = entry.route.methods.first().map_or("", String::as_str);
            arms(before, &entry.route.path)
                .into_iter()
                .filter_map(|arm| panel_route(before, arm))
                .find(|route| route.accepts(method))
        });
        if let Some(earlier) = earlier.filter(|earlier| !earlier.handler.is_empty() && !route.handler.is_empty()) {
            let name = |route: &Route| {
                let mut names = route.wrappers.clone();
                names.push(route.handler.clone());
                names.join(" > ")
            };
            if name(earlier) != name(route) {
                self.push(What::Handler, entry, Some(route), "", &name(earlier), &name(route));
            }
        }
        if entry.route.methods != route.methods {
            self.push(What::Method, entry, Some(route), "", &entry.route.methods_text(), &route.methods_text());
        }
        // Of an excluded route only the earlier reading knows more than its path.
        let said = match (&entry.says, earlier) {
            (Says::All, _) => &entry.route,
            (Says::Excluded(_), Some(earlier)) => earlier,
            (Says::Excluded(_), None) => return,
        };
        if said.auth != route.auth && route.auth != Auth::Unknown {
            self.push(What::Auth, entry, Some(route), "", said.auth.word(), route.auth.word());
        }
        if said.answer != route.answer {
            self.push(What::Answer, entry, Some(route), "", said.answer.word(), route.answer.word());
        }
        self.keys(entry, said, route, all, lines);
    }

    fn keys(&mut self, entry: &Expected, said: &Route, route: &Route, all: &[Expected], lines: &Lines) {
        let shared = is_subtree(&route.path);
        let mut walk = Walk { found: Vec::new() };
        walk.maps("", &said.parameters, &route.parameters, false);
        walk.maps("?", &said.query, &route.query, true);
        walk.maps("header ", &said.headers, &route.headers, true);
        match (&said.keys, &route.keys) {
            (Some(here), Some(there)) => walk.field("", here, there),
            (Some(here), None) => walk.maps("", &here.fields, &BTreeMap::new(), true),
            (None, Some(there)) => walk.maps("", &BTreeMap::new(), &there.fields, true),
            (None, None) => {}
        }
        for (what, key, here, there) in walk.found {
            // A subtree is one handler for several routes: a key that another of them has is no key of this one.
            let elsewhere = shared
                && what == What::KeyMissing
                && all
                    .iter()
                    .any(|other| pattern::covers(&route.path, &other.route.path) && has_key(&other.route, &key));
            if elsewhere {
                continue;
            }
            self.push(what, entry, Some(route), &key, &here, &there);
            if let Some(last) = self.differences.last_mut() {
                let plain = key.trim_start_matches("header ").trim_start_matches('?');
                last.manifest = Some(lines.key(&entry.at, plain));
            }
        }
    }
}

fn has_key(route: &Route, key: &str) -> bool {
    match key.strip_prefix('?') {
        Some(name) => route.query.contains_key(name),
        None => route.keys.as_ref().is_some_and(|body| body.fields.contains_key(key)),
    }
}

/// A walk through two trees of keys.
struct Walk {
    found: Vec<(What, String, String, String)>,
}

impl Walk {
    /// Keys of one place on both sides. Names in a path are the panel's own; a manifest may call them otherwise.
    fn maps(&mut self, prefix: &str, here: &BTreeMap<String, Field>, there: &BTreeMap<String, Field>, named: bool) {
        if !named {
            return;
        }
        for (name, _) in here.iter().filter(|(name, field)| !there.contains_key(*name) && !field.ignored) {
            self.found.push((
                What::KeyGone,
                format!("{prefix}{name}"),
                "in the manifest".to_owned(),
                "never read".to_owned(),
            ));
        }
        for (name, inner) in there {
            let key = format!("{prefix}{name}");
            match here.get(name) {
                Some(known) => self.field(&key, known, inner),
                None => self.found.push((
                    What::KeyMissing,
                    key,
                    "not in the manifest".to_owned(),
                    format!("read as {}", inner.kind.word()),
                )),
            }
        }
    }

    fn field(&mut self, key: &str, here: &Field, there: &Field) {
        let (open_here, open_there) = (is_open(here), is_open(there));
        if !agree(here.kind, there.kind) {
            self.found.push((What::KeyType, key.to_owned(), here.kind.word().to_owned(), there.kind.word().to_owned()));
            return;
        }
        if open_here || open_there {
            return;
        }
        let inner = if key.is_empty() { String::new() } else { format!("{key}.") };
        if !here.fields.is_empty() || !there.fields.is_empty() {
            self.maps(&inner, &here.fields, &there.fields, true);
        }
        if let (Some(a), Some(b)) = (&here.items, &there.items) {
            let mark = if here.kind == Kind::Map { "{}" } else { "[]" };
            self.field(&format!("{key}{mark}"), a, b);
        }
    }
}

/// Nothing is said of what is inside.
fn is_open(field: &Field) -> bool {
    field.fields.is_empty() && field.items.is_none()
}

/// Whether two types can be the same: one that is not known agrees with every other.
fn agree(here: Kind, there: Kind) -> bool {
    let loose = |kind: Kind| matches!(kind, Kind::Unknown | Kind::Any);
    // A map with known keys is an object.
    let object = |kind: Kind| matches!(kind, Kind::Object | Kind::Map);
    here == there || loose(here) || loose(there) || (object(here) && object(there))
}
