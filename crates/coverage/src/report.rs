//! Reports: the same findings for a person, a program, a pull request, a code scanner and a workflow.

mod github;
mod groups;
mod json;
mod markdown;
mod sarif;
mod table;

use crate::check::Report;

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a person at a terminal.
    Table,
    /// For a program.
    Json,
    /// For a comment on a pull request.
    Markdown,
    /// For a code scanner (SARIF 2.1.0).
    Sarif,
    /// For a workflow: annotations at the lines of the manifest and of the source.
    Github,
}

impl Report {
    /// The text of a report.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Table => table::render(self),
            Format::Json => json::render(self),
            Format::Markdown => markdown::render(self),
            Format::Sarif => sarif::render(self),
            Format::Github => github::render(self),
        }
    }
}
