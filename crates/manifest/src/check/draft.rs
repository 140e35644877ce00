//! The manifest while it is checked: its model, where each part was written, and what could not be read.

use std::collections::{HashMap, HashSet};

use crate::{
    Manifest,
    model::{Danger, Domain, Entry},
    path::At,
    yaml::Node,
};

/// A manifest under check.
pub struct Draft<'a> {
    /// The model of all that has the right form.
    pub manifest: Manifest,
    /// The same with every `of` expanded.
    pub full: Manifest,
    /// Where its domains were written, in the same order.
    pub domains: Vec<DraftDomain<'a>>,
    /// Where the shared file was written.
    pub shared_file: Option<usize>,
    /// Names of what is not in the model.
    pub known: Known,
    /// Where each tool is: domain and route. `None`: the name is used twice, so nobody knows which is meant.
    tools: HashMap<String, Option<(usize, usize)>>,
}

/// Where a domain was written.
pub struct DraftDomain<'a> {
    /// Position of its file.
    pub file: usize,
    /// The file's name without its ending.
    pub stem: String,
    /// Position of each route of the model in the written list.
    pub positions: Vec<usize>,
    /// The tree of the file.
    pub node: &'a Node,
}

/// What is written but not in the model, because its form is wrong: nobody is told that it does not exist.
#[derive(Debug, Default)]
pub struct Known {
    /// Tools.
    pub tools: HashSet<String>,
    /// Shapes.
    pub types: HashSet<String>,
    /// Common errors.
    pub errors: HashSet<String>,
    /// A file, or a list of routes, could not be read at all.
    pub broken_files: bool,
    /// The shared file could not be read.
    pub broken_shared: bool,
    /// Something is not in the model.
    pub broken_entries: bool,
}

/// One route under check.
#[derive(Clone, Copy)]
pub struct Route<'a> {
    /// The manifest that it is part of.
    pub draft: &'a Draft<'a>,
    /// Its domain as written.
    pub domain: &'a Domain,
    /// The route as written.
    pub entry: &'a Entry,
    /// The route with every `of` expanded.
    pub full: &'a Entry,
    /// Position of its file.
    pub file: usize,
    /// Position in the written list of routes.
    pub position: usize,
    /// Its tree.
    pub node: &'a Node,
}

/// What is known of a tool's name.
pub enum Lookup<'a> {
    /// It exists; this is its entry with every `of` expanded.
    Found(&'a Entry),
    /// It may exist, in a part of the manifest that could not be read.
    Unreadable,
    /// There is none.
    Missing,
}

impl<'a> Draft<'a> {
    /// A draft of a manifest.
    pub fn new(manifest: Manifest, domains: Vec<DraftDomain<'a>>, shared_file: Option<usize>, known: Known) -> Self {
        let full = manifest.resolved();
        let mut tools = HashMap::new();
        for (place, domain) in manifest.domains.iter().enumerate() {
            for (position, entry) in domain.routes.iter().enumerate() {
                if let Some(tool) = &entry.tool {
                    tools.entry(tool.clone()).and_modify(|known| *known = None).or_insert(Some((place, position)));
                }
            }
        }
        Self { manifest, full, domains, shared_file, known, tools }
    }

    /// The manifest, when nothing was wrong.
    pub fn into_manifest(self) -> Manifest {
        self.manifest
    }

    /// Every route with the place where it was written.
    pub fn routes(&'a self) -> impl Iterator<Item = Route<'a>> {
        let domains = self.manifest.domains.iter().zip(&self.full.domains).zip(&self.domains);
        domains.flat_map(move |((domain, full), written)| {
            let entries = domain.routes.iter().zip(&full.routes).zip(&written.positions);
            entries.filter_map(move |((entry, full), position)| {
                let node = written.node.get("routes")?.items().get(*position)?;
                Some(Route { draft: self, domain, entry, full, file: written.file, position: *position, node })
            })
        })
    }

    /// Looks a tool up.
    pub fn tool(&self, name: &str) -> Lookup<'_> {
        let found = self
            .tools
            .get(name)
            .map(|place| place.and_then(|(domain, route)| self.full.domains.get(domain)?.routes.get(route)));
        match found {
            Some(Some(entry)) => Lookup::Found(entry),
            Some(None) => Lookup::Unreadable,
            None if self.known.broken_files || self.known.tools.contains(name) => Lookup::Unreadable,
            None => Lookup::Missing,
        }
    }

    /// Names of all tools.
    pub fn tool_names(&self) -> impl Iterator<Item = &str> {
        self.manifest.tools().filter_map(|(_, entry)| entry.tool.as_deref())
    }
}

impl<'a> Route<'a> {
    /// Calls `walk` with the place of the entry.
    pub fn at<R>(&self, walk: impl FnOnce(&At<'_>) -> R) -> R {
        let file = At::file(self.file);
        let routes = file.key("routes");
        walk(&routes.item(self.position))
    }

    /// Whether it changes the panel.
    pub fn is_mutation(&self) -> bool {
        self.entry.danger.is_some_and(is_mutation)
    }

    /// Whether this key was written.
    pub fn says(&self, key: &str) -> bool {
        self.node.get(key).is_some()
    }
}

/// Whether a route of this danger changes the panel.
pub fn is_mutation(danger: Danger) -> bool {
    danger > Danger::Sensitive
}

/// The word for a danger in the manifest.
pub fn danger_word(danger: Danger) -> &'static str {
    match danger {
        Danger::Read => "read",
        Danger::Sensitive => "sensitive",
        Danger::Write => "write",
        Danger::Dangerous => "dangerous",
        Danger::Critical => "critical",
    }
}
