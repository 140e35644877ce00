//! Parses files, several at a time, and tells where the grammar did not fit.

use std::{
    ops::ControlFlow,
    thread,
    time::{Duration, Instant},
};

use tree_sitter::{Node, ParseOptions, Parser, Tree};

use super::{ast::File, files::FileError, lower::Lower};

/// One file may take this long; a grammar can be made to crawl.
const PATIENCE: Duration = Duration::from_secs(10);
/// Our walk recurses; a thread of its own has room for it.
const STACK: usize = 64 << 20;

/// A part of a file that could not be read.
pub type Trouble = FileError;

/// One file, read as far as it goes.
#[derive(Debug)]
pub struct Parsed {
    /// Path relative to the module.
    pub path: String,
    /// What it says.
    pub file: File,
    /// Where it could not be read.
    pub troubles: Vec<Trouble>,
}

/// Parses all files; the order is kept.
pub fn parse(files: &[(String, String)]) -> Vec<Parsed> {
    let workers = thread::available_parallelism().map_or(1, usize::from).clamp(1, 8);
    let numbered: Vec<(u32, &(String, String))> = (0..).zip(files).collect();
    let mut done: Vec<(u32, Parsed)> = thread::scope(|scope| {
        // Dealt out in turn: files of one folder are of a size.
        let hands: Vec<Vec<_>> =
            (0..workers).map(|hand| numbered.iter().skip(hand).step_by(workers).copied().collect()).collect();
        let start = |hand: Vec<(u32, &(String, String))>| {
            let run =
                || hand.iter().map(|(number, file)| (*number, one(*number, &file.0, &file.1))).collect::<Vec<_>>();
            run()
        };
        let threads: Vec<_> = hands
            .into_iter()
            .filter_map(|hand| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || start(hand)).ok())
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, parsed)| parsed).collect()
}

fn one(number: u32, path: &str, text: &str) -> Parsed {
    let mut parsed = Parsed { path: path.to_owned(), file: File::default(), troubles: Vec::new() };
    let mut trouble = |line: u32, problem: &str| {
        parsed.troubles.push(Trouble { file: path.to_owned(), line, problem: problem.to_owned() })
    };
    let Some(tree) = tree(text) else {
        trouble(1, "the parser gave up on it; it is not read");
        return parsed;
    };
    let root = tree.root_node();
    if root.has_error() {
        let line = first_error(root).map_or(1, |node| node.start_position().row + 1);
        trouble(u32::try_from(line).unwrap_or(1), "not Go that can be read from here on");
    }
    let mut lower = Lower::new(text, number);
    let file = lower.file(root);
    if let Some(line) = lower.too_deep {
        trouble(line, "nested too deeply to be read");
    }
    if file.package.is_empty() && !root.has_error() {
        trouble(1, "no package clause");
    }
    // `//go:build ignore` keeps a file out of every build.
    parsed.file = if is_ignored(text) { File::default() } else { file };
    parsed
}

fn is_ignored(text: &str) -> bool {
    text.lines().take_while(|line| !line.starts_with("package ")).any(|line| line.trim() == "//go:build ignore")
}

fn tree(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_go::LANGUAGE.into()).ok()?;
    let started = Instant::now();
    let mut progress = |_: &tree_sitter::ParseState| {
        if started.elapsed() > PATIENCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let bytes = text.as_bytes();
    parser.parse_with_options(&mut |offset, _| bytes.get(offset..).unwrap_or_default(), None, Some(options))
}

/// The first place where the grammar did not fit, found without recursion: the tree may be as deep as the text is long.
fn first_error(root: Node<'_>) -> Option<Node<'_>> {
    let mut todo = vec![root];
    while let Some(node) = todo.pop() {
        if node.is_error() || node.is_missing() {
            return Some(node);
        }
        let mut cursor = node.walk();
        let mut inner: Vec<Node<'_>> = node.children(&mut cursor).filter(Node::has_error).collect();
        inner.reverse();
        todo.extend(inner);
    }
    None
}
