//! `scaffold`: drafts of the entries that the manifest lacks, with what the panel's source says filled in.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, coverage::failure, format::print};

const AFTER: &str = "\
The text goes to standard output, with a line before each file's part that names the file. What a person must say is marked
FIXME, and the manifest refuses the mark: a draft that nobody has finished fails the build.

Exit codes: 0 drafted, or nothing is lacking; 2 the manifest or the options cannot be used, or a named path was not found;
3 the backend cannot be read.";

/// Options of `scaffold`.
#[derive(Debug, Clone, Args)]
#[command(after_help = AFTER)]
pub struct Options {
    /// Only these routes [default: all that the manifest lacks]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// A go-backend checkout, or the repository above it
    #[arg(long, value_name = "DIR")]
    backend: PathBuf,
    /// The folder of the manifest
    #[arg(long, value_name = "DIR", default_value = "routes")]
    routes: PathBuf,
    /// The panel version that brought the routes: their `since`
    #[arg(long, value_name = "VERSION")]
    panel_version: Option<String>,
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let source = flvx_coverage::read(&options.backend)
        .map_err(|error| Failure::Unreachable(format!("{} cannot be read: {error}", options.backend.display())))?;
    if source.facts.routes.is_empty() {
        return Err(Failure::Unreachable(format!("no route under /api/v1 was found in {}", options.backend.display())));
    }
    for problem in &source.unresolved {
        eprintln!("flvx-mcp: {}:{}: {}", problem.file, problem.line, problem.text);
    }
    let drafts = flvx_coverage::scaffold(&source, &options.routes, options.panel_version.as_deref(), &options.paths)
        .map_err(failure)?;
    if drafts.is_empty() && !options.paths.is_empty() {
        return Err(Failure::Usage("none of these paths is a route of the panel that the manifest lacks".to_owned()));
    }
    let mut text = String::new();
    for draft in &drafts {
        let what = if draft.new { "a new file" } else { "add to the end of its routes" };
        text.push_str(&format!("# {}: {what}\n{}\n", options.routes.join(&draft.file).display(), draft.text));
    }
    if drafts.is_empty() {
        eprintln!("flvx-mcp: nothing is lacking");
        return Ok(());
    }
    print(text.trim_end())
}
