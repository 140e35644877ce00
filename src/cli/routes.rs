//! `routes`: the panel's routes as the manifest has them; checks for maintainers who edit it.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use flvx_manifest::Style;
use flvx_panel::generated::{ROUTES, UNLISTED};

use super::{
    Failure,
    format::{Format, Table, print},
};

/// Options of `routes`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Check a folder of routes/*.yaml and show every mistake with its place
    Check {
        /// The folder
        #[arg(default_value = "routes")]
        dir: PathBuf,
        /// text, or github for annotations in a workflow
        #[arg(long, value_enum, default_value = "text")]
        format: Report,
    },
    /// Print the JSON Schema of routes/<domain>.yaml (or of shared.yaml)
    Schema {
        /// The schema of shared.yaml
        #[arg(long)]
        shared: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Report {
    Text,
    Github,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    match &options.command {
        Some(Command::Check { dir, format }) => check(dir, *format),
        Some(Command::Schema { shared }) => {
            let schema =
                if *shared { flvx_manifest::shared_language_schema() } else { flvx_manifest::language_schema() };
            print(&serde_json::to_string_pretty(&schema).unwrap_or_default())
        }
        None => list(options.format),
    }
}

fn check(dir: &std::path::Path, format: Report) -> Result<(), Failure> {
    match flvx_manifest::load(dir) {
        Ok(manifest) => print(&format!(
            "{}: {} domains, {} tools, no mistake",
            dir.display(),
            manifest.domains.len(),
            manifest.tools().count()
        )),
        Err(diagnostics) => {
            print(&match format {
                Report::Text if std::io::IsTerminal::is_terminal(&std::io::stdout()) => diagnostics.render(Style::Ansi),
                Report::Text => diagnostics.render(Style::Plain),
                Report::Github => diagnostics.github(),
            })?;
            Err(Failure::Failed(None))
        }
    }
}

fn list(format: Format) -> Result<(), Failure> {
    let mut table = Table::new(&["path", "method", "tool", "role", "danger", "answer", "timeout"]);
    for route in ROUTES {
        let answer = format!("{:?}", route.answer).to_lowercase();
        table.row([
            route.path,
            route.method.word(),
            route.tool,
            route.role.word(),
            route.danger.word(),
            &answer,
            &format!("{} s", route.timeout_s),
        ]);
    }
    for route in UNLISTED {
        let tool = match (route.alias_of, route.excluded) {
            (Some(tool), _) => format!("(same as {tool})"),
            (None, Some(reason)) => format!("(no tool: {reason})"),
            (None, None) => String::new(),
        };
        table.row([route.path, route.method.word(), &tool, "", "", "", ""]);
    }
    table.print(format)
}
