//! From tree-sitter's tree to ours.
//!
//! The grammar's tree is walked once. Text that does not fit the grammar has been told by [`super::parse`]; here it
//! becomes `Other` or `Nothing`, and the rest of the file is read on.

mod decl;
mod expr;
mod stmt;
mod text;
mod types;

use std::collections::BTreeSet;

use tree_sitter::Node;

use super::ast::{File, Pos};

/// Deeper nesting than this is no program that a person wrote.
const DEEPEST: usize = 300;

/// The state of one file's walk.
pub struct Lower<'t> {
    text: &'t str,
    file: u32,
    depth: usize,
    /// Nesting was cut off at this line.
    pub too_deep: Option<u32>,
    /// Names used since the outermost function began, and statements seen.
    mentions: BTreeSet<String>,
    size: usize,
}

impl<'t> Lower<'t> {
    /// A walk of one file.
    pub fn new(text: &'t str, file: u32) -> Self {
        Self { text, file, depth: 0, too_deep: None, mentions: BTreeSet::new(), size: 0 }
    }

    /// The whole file.
    pub fn file(&mut self, root: Node<'t>) -> File {
        let mut file = File::default();
        for node in children(root) {
            self.top(node, &mut file);
        }
        file
    }

    fn text(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn owned(&self, node: Option<Node<'_>>) -> String {
        node.map(|node| self.text(node).to_owned()).unwrap_or_default()
    }

    fn pos(&self, node: Node<'_>) -> Pos {
        let line = u32::try_from(node.start_position().row + 1).unwrap_or(u32::MAX);
        Pos { file: self.file, line, byte: u32::try_from(node.start_byte()).unwrap_or(u32::MAX) }
    }

    /// Goes one level down, unless it is already too deep.
    fn deeper<T>(&mut self, node: Node<'_>, otherwise: T, walk: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= DEEPEST {
            self.too_deep.get_or_insert(self.pos(node).line);
            return otherwise;
        }
        self.depth += 1;
        let out = walk(self);
        self.depth -= 1;
        out
    }
}

/// The named children of a node, comments left out.
fn children<'t>(node: Node<'t>) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !child.is_extra() && !child.is_error()).collect()
}

/// The children that stand in a field.
fn in_field<'t>(node: Node<'t>, field: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(field, &mut cursor).filter(|child| child.is_named() && !child.is_extra()).collect()
}
