//! `check`: the doctor. Goes through everything that must be right, says what is wrong and what to do about it. A gateway may be
//! running beside it.

mod panel;

use std::{fs, io, path::Path};

use clap::Args;

use super::{
    Failure,
    format::{Format, Table},
    options::{PanelOptions, runtime, start_sandbox},
};
use crate::{
    config::{Config, StatePlace, Transport, VARIABLES},
    gateway::Gateway,
    ops,
    store::Store,
};

/// Options of `check`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit code 0: nothing is wrong (warnings may be); 1: something is wrong; 2: the configuration cannot be used; 3: the panel cannot be reached."
)]
pub struct Options {
    #[command(flatten)]
    panel: PanelOptions,
    /// How it is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Also show every setting with its value
    #[arg(long)]
    settings: bool,
}

#[derive(Debug)]
struct Report {
    table: Table,
    wrong: bool,
    unreachable: bool,
}

impl Report {
    fn ok(&mut self, what: &str, text: impl Into<String>) {
        self.table.row([what.to_owned(), "ok".to_owned(), text.into()]);
    }

    fn warning(&mut self, what: &str, text: impl Into<String>) {
        self.table.row([what.to_owned(), "warning".to_owned(), text.into()]);
    }

    fn wrong(&mut self, what: &str, text: impl Into<String>) {
        self.wrong = true;
        self.table.row([what.to_owned(), "WRONG".to_owned(), text.into()]);
    }
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let mut environment = options.panel.environment();
        let _sandbox = if options.panel.sandbox {
            Some(start_sandbox(&mut environment, ([127, 0, 0, 1], 0).into()).await?)
        } else {
            None
        };
        if options.settings {
            let mut table = Table::new(&["variable", "value", "what it does"]);
            for variable in VARIABLES {
                let value = match environment.get(variable.name) {
                    Some(_) if variable.secret => "(set)".to_owned(),
                    Some(value) => value.to_owned(),
                    None if variable.default.is_empty() => "(not set)".to_owned(),
                    None => format!("{} (default)", variable.default),
                };
                table.row([variable.name.to_owned(), value, variable.help.to_owned()]);
            }
            table.print(options.format)?;
            super::format::print("")?;
        }
        let mut report = Report { table: Table::new(&["check", "state", "details"]), wrong: false, unreachable: false };
        let config = Config::from_env(&environment).map_err(|error| Failure::Usage(error.to_string()))?;
        report.ok("configuration", "every setting can be used");
        settings(&config, &mut report);
        // Nothing of this gateway lasts, and it calls nobody by itself.
        let aside = Config { state: StatePlace::Temporary, ..config.clone().beside_a_gateway() };
        let gateway = Gateway::new(aside, ops::OWN).map_err(Failure::Usage)?;
        policy(&gateway, &mut report)?;
        panel::check(&gateway, &mut report).await;
        report.table.print(options.format)?;
        if config.policy_file.is_some() {
            super::format::print("")?;
            super::policy::principals(&gateway).print(options.format)?;
        }
        match (report.unreachable, report.wrong) {
            (true, _) => Err(Failure::Unreachable("the panel cannot be reached".to_owned())),
            (false, true) => Err(Failure::Failed(None)),
            (false, false) => Ok(()),
        }
    })
}

fn settings(config: &Config, report: &mut Report) {
    match config.transport {
        Transport::Stdio => report.ok("transport", "stdio: one client, which starts this program"),
        // What can be said of http depends on the policy.
        Transport::Http => {}
    }
    match &config.confirm_token {
        Some(_) => report.ok(
            "confirmed calls",
            format!(
                "on ({}): a preview's token is good for {} s, a person has {} s to approve",
                config.demands,
                config.confirm_ttl.as_secs(),
                config.approval_ttl.as_secs()
            ),
        ),
        None => report.ok(
            "confirmed calls",
            "off: dangerous and critical tools are refused (set MCP_CONFIRM_TOKEN to allow them)",
        ),
    }
    match config.state.folder().and_then(|folder| Store::open(folder).map_err(|error| error.to_string())) {
        Ok(store) => report.ok("state", format!("{} can be read and written", store.path().display())),
        Err(error) => report.wrong("state", error),
    }
    if config.audit_enabled {
        let keep = match config.audit_retention {
            Some(keep) => format!("kept for {} days", keep.as_secs() / 86_400),
            None => "kept for ever".to_owned(),
        };
        report.ok("audit", format!("every call is recorded in the state and on standard error; records are {keep}"));
    } else {
        report.warning(
            "audit",
            "CALLS ARE NOT RECORDED (MCP_AUDIT_ENABLED=false): nobody will be able to tell who did what",
        );
    }
    if let Some(path) = &config.audit_jsonl {
        match lines(path) {
            Ok(text) => report.ok("audit file", text),
            Err(error) => report.wrong("audit file", format!("MCP_AUDIT_JSONL: {}: {error}", path.display())),
        }
    }
}

/// Whether the file of records is there, or can be. It is not opened: a gateway may be writing it.
fn lines(path: &Path) -> io::Result<String> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => Ok(format!("{} is there; the gateway appends every record to it", path.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !folder.is_dir() {
                return Err(io::Error::other("its folder is not there"));
            }
            // A file without a name shows that others can be made there.
            tempfile::tempfile_in(folder)?;
            Ok(format!("{} is made by the gateway, which appends every record to it", path.display()))
        }
        Err(error) => Err(error),
    }
}

/// The policy in force, and what of it is without effect.
fn policy(gateway: &Gateway, report: &mut Report) -> Result<(), Failure> {
    let (config, policy) = (gateway.config(), gateway.policy());
    match &config.policy_file {
        Some(path) => report.ok("policy", format!("{} says who may do what; see below", path.display())),
        None => {
            report.ok("policy", "none: one principal with all rights (MCP_POLICY_FILE names a file that says more)")
        }
    }
    for oddity in super::policy::oddities(gateway) {
        report.warning("policy", oddity);
    }
    if config.transport == Transport::Http {
        let address = policy.address(&config.http_addr).map_err(Failure::Usage)?;
        match super::policy::callers(&policy, address) {
            Some(words) => report.warning("transport", format!("http on {address}: {words}")),
            None => report.ok("transport", format!("http on {address}: every client proves who it is")),
        }
    }
    Ok(())
}
