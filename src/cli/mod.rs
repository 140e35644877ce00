//! The command line: one file a subcommand. Results go to standard output, everything else to standard error.

mod approvals;
mod audit;
mod call;
mod check;
mod coverage;
mod demo;
mod exit;
mod format;
mod history;
mod insert;
mod log;
mod options;
mod policy;
mod reload;
mod routes;
mod sandbox;
mod saved;
mod scaffold;
mod serve;
mod stderr;
mod token;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Failure;
use options::ServeOptions;

const AFTER: &str = "\
Everything is set by environment variables (flvx-mcp check --settings lists them with their values); options override them.

First steps:
  flvx-mcp demo                 a stand-in panel, the gateway and a guided tour, nothing to set up
  flvx-mcp check                is everything right for my own panel?
  PANEL_BASE_URL=https://panel.example PANEL_USERNAME=admin PANEL_PASSWORD_FILE=pw flvx-mcp
                                serves a client over stdio: what an MCP client's configuration starts

Exit codes: 0 done; 1 the call or check failed; 2 the command line or configuration cannot be used; 3 the panel cannot be reached.";

/// MCP gateway for the FLVX traffic-forwarding panel: every panel route as a typed tool, behind one set of gates.
#[derive(Debug, Parser)]
#[command(name = "flvx-mcp", version, after_help = AFTER, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    serve: ServeOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP clients over stdio or HTTP (what happens without a command)
    Serve(ServeOptions),
    /// Start a stand-in panel and the gateway over HTTP, show a short tour with real calls, then stay up
    Demo(demo::Options),
    /// Run only the stand-in panel, for trying clients and faults
    Sandbox(sandbox::Options),
    /// List the tools, or show all about one
    Tools(tools::Options),
    /// List the panel's routes; check a manifest; print its JSON Schema
    Routes(routes::Options),
    /// Call one tool, the same way as any client's call
    Call(call::Options),
    /// What waits for a person's approval, and the answer: list, show, approve, deny
    Approvals(approvals::Options),
    /// The changes on record; settle one that nobody knows the outcome of
    History(history::Options),
    /// Look into the record of calls, prove it, take it out
    Audit(audit::Options),
    /// The files with secrets in them: backups, states before a change, new secrets for a person
    Saved(saved::Options),
    /// Hold the manifest against the panel's Go source, or against a reading of it
    Coverage(coverage::Options),
    /// Draft the entries of routes that the panel has and the manifest lacks
    Scaffold(scaffold::Options),
    /// Make a bearer token, or the digest of one, for the policy
    Token(token::Options),
    /// Doctor: configuration, panel, login, captcha, version, clock
    Check(check::Options),
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => serve::run(&cli.serve),
        Some(Command::Serve(options)) => serve::run(&options),
        Some(Command::Demo(options)) => demo::run(&options),
        Some(Command::Sandbox(options)) => sandbox::run(&options),
        Some(Command::Tools(options)) => tools::run(&options),
        Some(Command::Routes(options)) => routes::run(&options),
        Some(Command::Call(options)) => call::run(&options),
        Some(Command::Approvals(options)) => approvals::run(&options),
        Some(Command::History(options)) => history::run(&options),
        Some(Command::Audit(options)) => audit::run(&options),
        Some(Command::Saved(options)) => saved::run(&options),
        Some(Command::Coverage(options)) => coverage::run(&options),
        Some(Command::Scaffold(options)) => scaffold::run(&options),
        Some(Command::Token(options)) => token::run(&options),
        Some(Command::Check(options)) => check::run(&options),
    };
    match outcome {
        Ok(()) => {
            stderr::finish(None);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            stderr::finish(failure.text().map(|text| format!("flvx-mcp: {text}")).as_deref());
            failure.code()
        }
    }
}
