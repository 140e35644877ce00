//! What is wrong in a manifest, and the forms in which it is told: for a terminal, for cargo, for GitHub.
//!
//! All mistakes of all files are told at once: a maintainer who adds a route should need one build, not ten.

mod render;

use std::{fmt, sync::Arc};

use crate::source::Source;

/// A second place that explains a mistake: "first written here".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// File as shown: `routes/node.yaml`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is there.
    pub label: String,
    pub(crate) length: usize,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// File as shown: `routes/node.yaml`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in one line.
    pub message: String,
    /// What is said about the marked text.
    pub label: String,
    /// The cure, when it is more than the label says.
    pub help: Option<String>,
    /// Text that would be right in place of the marked one.
    pub suggestion: Option<String>,
    /// A second place that explains it.
    pub secondary: Option<Place>,
    /// Bytes that are marked.
    pub(crate) length: usize,
}

/// Whether rendered text carries terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// No colours.
    Plain,
    /// ANSI colours.
    Ansi,
}

/// Every mistake of every file, by file and place.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    sources: Arc<Vec<Source>>,
}

/// More are not printed by a failing build: what remains is seen after the first have been mended.
const SHOWN_BY_CARGO: usize = 50;

impl Diagnostics {
    pub(crate) fn new(mut list: Vec<Diagnostic>, sources: Arc<Vec<Source>>) -> Self {
        list.sort_by(|a, b| (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message)));
        list.dedup();
        Self { list, sources }
    }

    /// The mistakes, by file and place.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The whole text for a person, with the lines of the files.
    pub fn render(&self, style: Style) -> String {
        let mut text: String =
            self.list.iter().map(|diagnostic| render::one(diagnostic, &self.sources, style) + "\n").collect();
        if !self.list.is_empty() {
            text.push_str(&self.counted());
            text.push('\n');
        }
        text
    }

    /// The lines that a build script prints, each after `cargo::error=`. They start with the place, because cargo puts
    /// its own words in front.
    pub fn cargo_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for diagnostic in self.list.iter().take(SHOWN_BY_CARGO) {
            let text = render::one(diagnostic, &self.sources, Style::Plain);
            lines.push(format!("{}: {}", diagnostic.place(), diagnostic.message));
            lines.extend(text.lines().skip(1).map(str::to_owned));
        }
        if self.list.len() > SHOWN_BY_CARGO {
            lines.push(format!("and {} more", self.list.len() - SHOWN_BY_CARGO));
        }
        lines.push(self.counted());
        lines
    }

    /// GitHub workflow commands, one line a mistake.
    pub fn github(&self) -> String {
        self.list.iter().map(|diagnostic| diagnostic.github() + "\n").collect()
    }

    fn counted(&self) -> String {
        let mut files: Vec<&str> = self.list.iter().map(|diagnostic| diagnostic.file.as_str()).collect();
        files.dedup();
        let plural =
            |count: usize, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
        format!("{} in {}", plural(self.list.len(), "mistake"), plural(files.len(), "file"))
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Diagnostic {
    /// `file:line:column`.
    pub fn place(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }

    fn github(&self) -> String {
        let mut text = self.message.clone();
        if !self.label.is_empty() {
            text.push_str(": ");
            text.push_str(&self.label);
        }
        if let Some(suggestion) = &self.suggestion {
            text.push_str(&format!("; did you mean `{suggestion}`?"));
        }
        if let Some(help) = &self.help {
            text.push('\n');
            text.push_str(help);
        }
        if let Some(second) = &self.secondary {
            text.push_str(&format!("\n{}:{}:{}: {}", second.file, second.line, second.column, second.label));
        }
        let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
        let file = data(&self.file).replace(':', "%3A").replace(',', "%2C");
        format!("::error file={file},line={},col={}::{}", self.line, self.column, data(&text))
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for Diagnostics {}
