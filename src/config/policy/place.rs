//! Mistakes of the policy file with their places: `flvx-mcp.yaml:12:5: principals.ci.role: …`.

use std::fmt;

use flvx_manifest::yaml::{
    Node,
    marks::{self, Inside, Mark, Marks},
};

/// Everything that is wrong with a policy file, in the order of the lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError(pub Vec<Mistake>);

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file as it was named.
    pub file: String,
    /// Line and column, from 1; `None`: the mistake is not at a place in it.
    pub place: Option<(usize, usize)>,
    /// What is wrong there, and what would be right.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the policy cannot be used:")?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
    }
}

impl std::error::Error for PolicyError {}

/// One step of a path into the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A key.
    Key(String),
    /// An item of a list.
    Item(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(item: usize) -> Self {
        Self::Item(item)
    }
}

/// Collects mistakes of one file.
#[derive(Debug)]
pub struct Mistakes<'a> {
    file: &'a str,
    marks: Option<Marks>,
    list: Vec<Mistake>,
}

impl<'a> Mistakes<'a> {
    /// None yet.
    pub fn new(file: &'a str) -> Self {
        Self { file, marks: None, list: Vec::new() }
    }

    /// Learns the places of a text, which must be YAML: of another one they cannot be read.
    pub fn learn(&mut self, text: &str) {
        self.marks = marks::read(text);
    }

    /// Adds one at a path. `words` is what is wrong with the value there.
    pub fn at(&mut self, path: &[Step], words: impl fmt::Display) {
        let place = self.marks.as_ref().map(|marks| find(marks, path)).map(|mark| (mark.line, mark.column));
        let shown = shown(path);
        let message = if shown.is_empty() { words.to_string() } else { format!("{shown}: {words}") };
        self.list.push(Mistake { file: self.file.to_owned(), place, message });
    }

    /// Adds one that the YAML reader told.
    pub fn told(&mut self, error: &serde_yaml::Error, message: String) {
        let place = error.location().map(|place| (place.line(), place.column()));
        self.list.push(Mistake { file: self.file.to_owned(), place, message });
    }

    /// Adds every key that is written twice; a YAML reader would take the last and say nothing.
    pub fn doubles(&mut self, node: &Node) {
        let mut found = Vec::new();
        doubles(node, &mut Vec::new(), &mut found);
        for path in found {
            let place = self.marks.as_ref().and_then(|marks| find_last(marks, &path));
            let message = format!("{}: this key is written twice; the first one would be without effect", shown(&path));
            self.list.push(Mistake {
                file: self.file.to_owned(),
                place: place.map(|mark| (mark.line, mark.column)),
                message,
            });
        }
    }

    /// All of them, if there are any.
    pub fn into_error(mut self) -> Option<PolicyError> {
        self.list.sort_by_key(|mistake| mistake.place);
        (!self.list.is_empty()).then_some(PolicyError(self.list))
    }
}

fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.push_str(&format!(".{key}")),
            Step::Item(item) => text.push_str(&format!("[{item}]")),
        }
    }
    text
}

/// The place of a path: of the value where it is short, of the key where the value is a list or a mapping, of the nearest thing
/// above where the path does not exist.
fn find(marks: &Marks, path: &[Step]) -> Mark {
    let (mut here, mut at) = (marks, marks.at);
    for step in path {
        let next = match (&here.inside, step) {
            (Inside::Map(pairs), Step::Key(key)) => {
                pairs.iter().find(|(name, _, _)| name == key).map(|(_, place, value)| (*place, value))
            }
            (Inside::List(items), Step::Item(item)) => items.get(*item).map(|value| (value.at, value)),
            _ => None,
        };
        let Some((place, value)) = next else { return at };
        here = value;
        at = if matches!(value.inside, Inside::Scalar) { value.at } else { place };
    }
    at
}

/// The place where the last key of a path is written for the last time.
fn find_last(marks: &Marks, path: &[Step]) -> Option<Mark> {
    let (last, above) = path.split_last()?;
    let mut here = marks;
    for step in above {
        here = match (&here.inside, step) {
            (Inside::Map(pairs), Step::Key(key)) => &pairs.iter().find(|(name, _, _)| name == key)?.2,
            (Inside::List(items), Step::Item(item)) => items.get(*item)?,
            _ => return None,
        };
    }
    match (&here.inside, last) {
        (Inside::Map(pairs), Step::Key(key)) => {
            pairs.iter().rev().find(|(name, _, _)| name == key).map(|(_, place, _)| *place)
        }
        _ => None,
    }
}

fn doubles(node: &Node, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    match node {
        Node::Map(pairs) => {
            for (place, (key, value)) in pairs.iter().enumerate() {
                path.push(Step::Key(key.clone()));
                if pairs.iter().take(place).any(|(earlier, _)| earlier == key) {
                    found.push(path.clone());
                } else {
                    doubles(value, path, found);
                }
                path.pop();
            }
        }
        Node::List(items) => {
            for (place, item) in items.iter().enumerate() {
                path.push(Step::Item(place));
                doubles(item, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}
