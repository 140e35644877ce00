//! One table in three formats.

use std::io::Write as _;

use clap::ValueEnum;
use serde_json::{Map, Value};

use super::Failure;

/// How a listing is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs: a list of objects.
    Json,
    /// For documents.
    Markdown,
}

/// Rows under headings.
#[derive(Debug)]
pub struct Table {
    headings: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(headings: &'static [&'static str]) -> Self {
        Self { headings, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, cells: I) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table as text.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Table => {
                let mut table = comfy_table::Table::new();
                table.load_style(comfy_table::presets::NOTHING).set_header(self.headings.iter().copied());
                for row in &self.rows {
                    table.add_row(row);
                }
                table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
            }
            Format::Json => {
                let rows: Vec<Value> = self
                    .rows
                    .iter()
                    .map(|row| {
                        Value::Object(
                            self.headings
                                .iter()
                                .zip(row)
                                .map(|(heading, cell)| (heading.replace(' ', "_"), Value::from(cell.as_str())))
                                .collect::<Map<_, _>>(),
                        )
                    })
                    .collect();
                serde_json::to_string_pretty(&rows).unwrap_or_default()
            }
            Format::Markdown => {
                let line =
                    |cells: &mut dyn Iterator<Item = String>| format!("| {} |", cells.collect::<Vec<_>>().join(" | "));
                let mut lines = vec![
                    line(&mut self.headings.iter().map(|heading| (*heading).to_owned())),
                    line(&mut self.headings.iter().map(|_| "---".to_owned())),
                ];
                lines.extend(
                    self.rows
                        .iter()
                        .map(|row| line(&mut row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")))),
                );
                lines.join("\n")
            }
        }
    }

    /// Prints the table.
    pub fn print(&self, format: Format) -> Result<(), Failure> {
        print(&self.render(format))
    }
}

/// Prints a text and a line break. A reader that has gone away (`| head`) is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
