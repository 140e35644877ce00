//! Turns the spots of findings into lines and columns of the text.

use crate::{
    diagnostic::{Diagnostic, Place},
    finding::Finding,
    path::{Part, Spot, Step},
    source::Source,
    yaml::{
        Node,
        marks::{self, Inside, Mark, Marks},
    },
};

/// The files of a load with what is needed to find a place in them.
pub struct Places<'a> {
    sources: &'a [Source],
    nodes: &'a [Option<&'a Node>],
    marks: Vec<Option<Option<Marks>>>,
}

/// Line, column and length of a mark.
type Found = (usize, usize, usize);

impl<'a> Places<'a> {
    /// Files that are looked into when the first place in them is asked for.
    pub fn new(sources: &'a [Source], nodes: &'a [Option<&'a Node>]) -> Self {
        Self { sources, nodes, marks: vec![None; sources.len()] }
    }

    /// The diagnostic of a finding.
    pub fn diagnostic(&mut self, finding: Finding) -> Diagnostic {
        let (line, column, length) = self.find(&finding.spot);
        let secondary = finding.secondary.map(|(spot, label)| {
            let (line, column, length) = self.find(&spot);
            Place { file: self.shown(spot.file), line, column, label, length }
        });
        Diagnostic {
            file: self.shown(finding.spot.file),
            line,
            column,
            message: finding.message,
            label: finding.label,
            help: finding.help,
            suggestion: finding.suggestion,
            secondary,
            length,
        }
    }

    fn shown(&self, file: usize) -> String {
        self.sources.get(file).map(|source| source.shown.clone()).unwrap_or_default()
    }

    fn find(&mut self, spot: &Spot) -> Found {
        let (Some(source), Some(node), Some(slot)) =
            (self.sources.get(spot.file), self.nodes.get(spot.file), self.marks.get_mut(spot.file))
        else {
            return (1, 1, 0);
        };
        let marks = slot.get_or_insert_with(|| marks::read(&source.text));
        match (marks, node) {
            (Some(marks), Some(node)) => find_in(source, marks, node, spot),
            _ => (1, 1, 0),
        }
    }
}

/// Walks down as far as the tree goes: a key that is missing is told at what should hold it.
fn find_in(source: &Source, root: &Marks, root_node: &Node, spot: &Spot) -> Found {
    let (mut marks, mut node) = (root, root_node);
    // Where the value is named: its key, or the start of the list item.
    let mut named = root.at;
    for step in &spot.steps {
        let next = match (step, &marks.inside) {
            (Step::Key(key), Inside::Map(pairs)) => {
                pairs.iter().find(|(name, _, _)| name == key).map(|(_, at, inner)| (*at, inner)).zip(node.get(key))
            }
            (Step::Pair(place), Inside::Map(pairs)) => {
                pairs.get(*place).map(|(_, at, inner)| (*at, inner)).zip(node.pairs().get(*place).map(|(_, node)| node))
            }
            (Step::Item(place), Inside::List(items)) => {
                items.get(*place).map(|inner| (inner.at, inner)).zip(node.items().get(*place))
            }
            _ => None,
        };
        let Some(((at, inner), inner_node)) = next else { return token(source, named, None) };
        (named, marks, node) = (at, inner, inner_node);
    }
    let is_scalar = matches!(marks.inside, Inside::Scalar);
    if spot.part == Part::Key || !is_scalar {
        return token(source, named, None);
    }
    match token(source, marks.at, node.text()) {
        (_, _, 0) => token(source, named, None),
        found if *node == Node::Null && marks.at != named && !is_null(source, found) => token(source, named, None),
        found => found,
    }
}

fn is_null(source: &Source, (line, column, length): Found) -> bool {
    let start = source.offset(line, column);
    matches!(source.text.get(start..start + length), Some("null" | "Null" | "NULL" | "~"))
}

fn token(source: &Source, at: Mark, known: Option<&str>) -> Found {
    let start = source.offset(at.line, at.column);
    let range = source.token(start, known);
    let (line, column) = source.position(start);
    (line, column, range.len())
}
