//! What a handler reads of a request: a growing tree of keys while it is evaluated.
//!
//! A node stands for one value of the request: the body, a key of it, an item of a list, a query parameter. Evaluation
//! hands node numbers around inside values and asks for the children that the code asks for.

use crate::facts::{Field, Kind, Place};

/// Number of a node.
pub type Node = usize;

/// The tree.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    nodes: Vec<Entry>,
    /// The body is decoded into a type of its own.
    typed: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    place: Place,
    name: Option<String>,
    parent: Option<Node>,
    kind: Kind,
    required: bool,
    default: Option<String>,
    children: Vec<Node>,
    item: Option<Node>,
}

impl Keys {
    fn add(&mut self, place: Place, name: Option<String>, parent: Option<Node>) -> Node {
        let entry = Entry {
            place,
            name,
            parent,
            kind: Kind::Unknown,
            required: false,
            default: None,
            children: Vec::new(),
            item: None,
        };
        self.nodes.push(entry);
        self.nodes.len() - 1
    }

    fn top(&self, place: Place, name: Option<&str>) -> Option<Node> {
        self.nodes
            .iter()
            .position(|entry| entry.parent.is_none() && entry.place == place && entry.name.as_deref() == name)
    }

    /// The whole body.
    pub fn body(&mut self) -> Node {
        self.top(Place::Body, None).unwrap_or_else(|| self.add(Place::Body, None, None))
    }

    /// Whether a node is the whole body.
    pub fn is_body(&self, node: Node) -> bool {
        self.top(Place::Body, None) == Some(node)
    }

    /// A query parameter, a header, a part of the path or a form value.
    pub fn parameter(&mut self, place: Place, name: &str) -> Node {
        self.top(place, Some(name)).unwrap_or_else(|| self.add(place, Some(name.to_owned()), None))
    }

    /// A key of an object.
    pub fn child(&mut self, of: Node, name: &str) -> Node {
        let known = self.nodes.get(of).map(|entry| (entry.place, entry.children.clone()));
        let (place, children) = known.unwrap_or((Place::Body, Vec::new()));
        let same = |node: &&Node| self.nodes.get(**node).is_some_and(|entry| entry.name.as_deref() == Some(name));
        if let Some(found) = children.iter().find(same) {
            return *found;
        }
        let node = self.add(place, Some(name.to_owned()), Some(of));
        if let Some(entry) = self.nodes.get_mut(of) {
            entry.children.push(node);
            entry.kind = entry.kind.or(Kind::Object);
        }
        node
    }

    /// An item of a list, or a value of a map with free keys.
    pub fn item(&mut self, of: Node, kind: Kind) -> Node {
        self.hint(of, kind);
        if let Some(item) = self.nodes.get(of).and_then(|entry| entry.item) {
            return item;
        }
        let place = self.nodes.get(of).map_or(Place::Body, |entry| entry.place);
        let node = self.add(place, None, Some(of));
        if let Some(entry) = self.nodes.get_mut(of) {
            entry.item = Some(node);
        }
        node
    }

    /// What is known of a value's type. The first word counts, except that a structure says more than "anything".
    pub fn hint(&mut self, node: Node, kind: Kind) {
        if let Some(entry) = self.nodes.get_mut(node) {
            entry.kind = entry.kind.or(kind);
        }
    }

    /// What is known of a value's type so far.
    pub fn kind(&self, node: Node) -> Kind {
        self.nodes.get(node).map_or(Kind::Unknown, |entry| entry.kind)
    }

    /// The call is refused without it.
    pub fn require(&mut self, node: Node) {
        if let Some(entry) = self.nodes.get_mut(node) {
            entry.required = true;
        }
    }

    /// What is taken when it is left out, as JSON text.
    pub fn default_value(&mut self, node: Node, text: String) {
        if let Some(entry) = self.nodes.get_mut(node) {
            entry.default.get_or_insert(text);
        }
    }

    /// Whether the body is decoded into a type of its own.
    pub fn is_typed(&self) -> bool {
        self.typed
    }

    /// Notes that the body is decoded into a type of its own.
    pub fn decoded_typed(&mut self) {
        self.typed = true;
    }

    /// The body as facts.
    pub fn body_field(&self) -> Option<Field> {
        self.top(Place::Body, None).map(|node| self.field(node, 0))
    }

    /// The parameters of one place as facts, in the order they were met.
    pub fn parameters(&self, place: Place) -> Vec<(String, Field)> {
        let tops = self.nodes.iter().enumerate().filter(|(_, entry)| entry.parent.is_none() && entry.place == place);
        tops.filter_map(|(node, entry)| Some((entry.name.clone()?, self.field(node, 0)))).collect()
    }

    fn field(&self, node: Node, depth: usize) -> Field {
        let Some(entry) = self.nodes.get(node).filter(|_| depth < 40) else { return Field::default() };
        let children = entry.children.iter().filter_map(|child| {
            let name = self.nodes.get(*child)?.name.clone()?;
            Some((name, self.field(*child, depth + 1)))
        });
        Field {
            kind: entry.kind,
            required: entry.required,
            default: entry.default.clone(),
            fields: children.collect(),
            items: entry.item.map(|item| Box::new(self.field(item, depth + 1))),
            ignored: false,
        }
    }
}
