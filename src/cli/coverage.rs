//! `coverage`: the manifest held against the panel's Go source, or against a reading of it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use flvx_coverage::{CheckError, Panel, Request, Snapshot, Verdict};

use super::{Failure, format::print};

const EXIT: &str = "\
Exit codes:
  0  in step: every route, method, auth class, request key and form of answer is as the manifest says, or blessed
  1  drift: something differs
  2  not wholly understood: a registration could not be followed or a file not be read, so drift may be more or less than told
     (also: the manifest or the options cannot be used)
  3  not a backend that this manifest describes: fewer than half of its routes were found

Blessed differences stand in <routes>/coverage.yaml, each with a reason. <routes>/upstream.lock.json, where it is of the chosen
version, tells when a handler is another one. docs/coverage.md has the whole story and a workflow to copy.";

/// Options of `coverage`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXIT)]
pub struct Options {
    /// A go-backend checkout, or the repository above it; neither Go nor git is needed
    #[arg(long, value_name = "DIR", required_unless_present = "snapshot", conflicts_with = "snapshot")]
    backend: Option<PathBuf>,
    /// Compare with a reading that --write-snapshot made, without the source
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Write what was read of the source to a file: facts, no code
    #[arg(long, value_name = "FILE", requires = "backend")]
    write_snapshot: Option<PathBuf>,
    /// The folder of the manifest
    #[arg(long, value_name = "DIR", default_value = "routes")]
    routes: PathBuf,
    /// Panel version whose entries are meant (since, until) [default: the manifest's baseline]
    #[arg(long, value_name = "VERSION")]
    panel_version: Option<String>,
    /// How it is told
    #[arg(long, value_enum, default_value = "table")]
    format: Form,
    /// Compare even when it looks like another program
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Table,
    /// For programs
    Json,
    /// For a comment on a pull request
    Markdown,
    /// For a code scanner
    Sarif,
    /// Annotations for a GitHub workflow
    Github,
}

impl From<Form> for flvx_coverage::Format {
    fn from(form: Form) -> Self {
        match form {
            Form::Table => Self::Table,
            Form::Json => Self::Json,
            Form::Markdown => Self::Markdown,
            Form::Sarif => Self::Sarif,
            Form::Github => Self::Github,
        }
    }
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    let panel = match (&options.backend, &options.snapshot) {
        (Some(dir), _) => Panel::Backend(dir.clone()),
        (None, Some(file)) => Panel::Snapshot(file.clone()),
        (None, None) => {
            return Err(Failure::Usage(
                "what shall the manifest be held against? Give --backend DIR or --snapshot FILE".to_owned(),
            ));
        }
    };
    let request =
        Request { panel, routes: options.routes.clone(), version: options.panel_version.clone(), force: options.force };
    let report = flvx_coverage::check(&request).map_err(failure)?;
    print(report.render(options.format.into()).trim_end())?;
    if let Some(file) = &options.write_snapshot {
        if report.verdict == Verdict::Foreign {
            return Err(Failure::Told(Verdict::Foreign.code()));
        }
        Snapshot::new(&report.version, &report.facts)
            .write(file)
            .map_err(|error| Failure::Failed(Some(error.to_string())))?;
    }
    match report.verdict {
        Verdict::InStep => Ok(()),
        other => Err(Failure::Told(other.code())),
    }
}

/// What keeps the comparison from being made at all. A folder that cannot be read is no backend; the rest is ours.
pub fn failure(error: CheckError) -> Failure {
    match &error {
        CheckError::Backend { .. } => Failure::Unreachable(error.to_string()),
        _ => Failure::Usage(error.to_string()),
    }
}
