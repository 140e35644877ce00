//! Builds the model out of the trees, as much of it as has the right form.

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::files;
use crate::{
    Manifest,
    check::{Draft, DraftDomain, Known},
    finding::Finding,
    model::{Domain, Shared},
    path::{At, Step},
    source::Source,
    yaml::Node,
};

/// The model of everything that no finding speaks of.
pub fn build<'a>(sources: &[Source], nodes: &[Option<&'a Node>], findings: &mut Vec<Finding>) -> Draft<'a> {
    let mut known = Known::default();
    let mut shared = Shared::default();
    let mut shared_file = None;
    let mut domains = Vec::new();
    let mut files = Vec::new();
    for (file, (source, node)) in sources.iter().zip(nodes).enumerate() {
        let is_shared = files::is_shared(&source.shown);
        let Some(node) = node.filter(|node| matches!(node, Node::Map(_))) else {
            known.broken_files = true;
            known.broken_shared |= is_shared;
            continue;
        };
        let bad = Bad::of(file, findings);
        known.take(node, &bad);
        if is_shared {
            shared_file = Some(file);
            known.broken_shared |= bad.top.contains("errors") || bad.top.contains("types");
            let placeholders = json!({ "baseline": "0.0.0" });
            shared = typed(file, shared_value(node, &bad, placeholders), findings).unwrap_or_default();
        } else {
            known.broken_files |= bad.top.contains("routes");
            let stem = files::stem(&source.shown);
            let placeholders = json!({ "domain": stem, "title": "?", "title_zh": "？", "summary": "?", "routes": [] });
            let (value, positions) = domain_value(node, &bad, placeholders);
            if let Some(domain) = typed::<Domain>(file, value, findings) {
                domains.push(domain);
                files.push(DraftDomain { file, stem: stem.to_owned(), positions, node });
            } else {
                known.broken_files = true;
            }
        }
    }
    known.broken_shared |= shared_file.is_none();
    Draft::new(Manifest { shared, domains }, files, shared_file, known)
}

/// What of a file has findings.
#[derive(Default)]
struct Bad {
    /// Top keys with a finding that is not inside one of their entries.
    top: HashSet<String>,
    /// Positions in `routes`.
    routes: HashSet<usize>,
    /// Names under `types` or `errors`: top key and name.
    named: HashSet<(String, String)>,
}

impl Bad {
    fn of(file: usize, findings: &[Finding]) -> Self {
        let mut bad = Self::default();
        for finding in findings.iter().filter(|finding| finding.spot.file == file) {
            match finding.spot.steps.as_slice() {
                [Step::Key(top), Step::Item(position), ..] if top == "routes" => {
                    bad.routes.insert(*position);
                }
                [Step::Key(top), Step::Key(name), ..] if top == "types" || top == "errors" => {
                    bad.named.insert((top.clone(), name.clone()));
                }
                [Step::Key(top), ..] => {
                    bad.top.insert(top.clone());
                }
                _ => {}
            }
        }
        bad
    }

    fn is_named(&self, top: &str, name: &str) -> bool {
        self.named.contains(&(top.to_owned(), name.to_owned()))
    }
}

impl Known {
    /// Remembers the names that entries without a model would have defined.
    fn take(&mut self, node: &Node, bad: &Bad) {
        for (position, route) in node.get("routes").map(Node::items).unwrap_or_default().iter().enumerate() {
            if bad.routes.contains(&position)
                && let Some(tool) = route.get("tool").and_then(Node::text)
            {
                self.tools.insert(tool.to_owned());
            }
        }
        for (top, names) in [("types", &mut self.types), ("errors", &mut self.errors)] {
            for (name, _) in node.get(top).map(Node::pairs).unwrap_or_default() {
                if bad.top.contains(top) || bad.is_named(top, name) {
                    names.insert(name.clone());
                }
            }
        }
        self.broken_entries |= !bad.routes.is_empty() || !bad.named.is_empty() || !bad.top.is_empty();
    }
}

/// The domain without its bad parts, and the written positions of the routes that are left.
fn domain_value(node: &Node, bad: &Bad, placeholders: Value) -> (Value, Vec<usize>) {
    let mut positions = Vec::new();
    let mut value = placeholders;
    for (key, inner) in node.pairs().iter().filter(|(key, _)| !bad.top.contains(key)) {
        let inner = match key.as_str() {
            "routes" => {
                let good = inner.items().iter().enumerate().filter(|(position, _)| !bad.routes.contains(position));
                Value::Array(good.map(|(position, route)| (positions.push(position), route.to_value()).1).collect())
            }
            "types" => without_bad(key, inner, bad),
            "domain" | "title" | "title_zh" | "summary" | "also" => inner.to_value(),
            _ => continue,
        };
        put(&mut value, key, inner);
    }
    (value, positions)
}

fn shared_value(node: &Node, bad: &Bad, placeholders: Value) -> Value {
    let mut value = placeholders;
    for (key, inner) in node.pairs().iter().filter(|(key, _)| !bad.top.contains(key)) {
        let inner = match key.as_str() {
            "types" | "errors" => without_bad(key, inner, bad),
            "baseline" => inner.to_value(),
            _ => continue,
        };
        put(&mut value, key, inner);
    }
    value
}

fn without_bad(top: &str, node: &Node, bad: &Bad) -> Value {
    let good = node.pairs().iter().filter(|(name, _)| !bad.is_named(top, name));
    Value::Object(good.map(|(name, inner)| (name.clone(), inner.to_value())).collect())
}

fn put(value: &mut Value, key: &str, inner: Value) {
    if let Value::Object(object) = value {
        object.insert(key.to_owned(), inner);
    }
}

/// The model of a value whose form has been checked. That it does not fit after all would be a hole in that check; it
/// is told rather than hidden.
fn typed<T: DeserializeOwned>(file: usize, value: Value, findings: &mut Vec<Finding>) -> Option<T> {
    match serde_json::from_value(value) {
        Ok(typed) => Some(typed),
        Err(error) => {
            findings.push(Finding::new(At::file(file).at_key(), format!("the file does not fit the model: {error}")));
            None
        }
    }
}
