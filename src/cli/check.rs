//! `check`: the doctor. Goes through everything that must be right, says what is wrong and what to do about it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use flvx_panel::{
    client::{Credential, PanelClient, PanelError},
    generated::{BASELINE, captcha::AuthCaptchaCheckRequest},
};

use super::{
    Failure,
    format::{Format, Table},
    options::{PanelOptions, runtime, start_sandbox},
};
use crate::{
    config::{Config, PanelLogin, StatePlace, Transport, VARIABLES},
    gateway::{Gateway, shape::clean_text},
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

/// How far the panel's clock may be off before tokens and times become confusing.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

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
        let principals = policy(&config, &mut report)?;
        panel(&config, &mut report).await?;
        report.table.print(options.format)?;
        if config.policy_file.is_some() {
            super::format::print("")?;
            principals.print(options.format)?;
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
}

/// The policy in force, and what of it is without effect. Gives the table of principals.
fn policy(config: &Config, report: &mut Report) -> Result<Table, Failure> {
    // Nothing of this gateway lasts, and it calls nobody.
    let aside = Config { state: StatePlace::Temporary, ..config.clone() };
    let gateway = Gateway::new(aside, ops::OWN).map_err(Failure::Usage)?;
    let policy = gateway.policy();
    match &config.policy_file {
        Some(path) => report.ok("policy", format!("{} says who may do what; see below", path.display())),
        None => {
            report.ok("policy", "none: one principal with all rights (MCP_POLICY_FILE names a file that says more)")
        }
    }
    for oddity in super::policy::oddities(&gateway) {
        report.warning("policy", oddity);
    }
    if config.transport == Transport::Http {
        let address = policy.address(&config.http_addr).map_err(Failure::Usage)?;
        match (policy.roster.lets_anonymous_in(), policy.authenticates()) {
            (true, false) => report.warning(
                "transport",
                format!("http on {address}: every program on this machine can use it, clients are not authenticated"),
            ),
            (true, true) => report.warning(
                "transport",
                format!("http on {address}: clients without a token are let in as `anonymous`, every program on this machine"),
            ),
            (false, _) if !address.ip().is_loopback() => report.warning(
                "transport",
                format!("plain http on {address}: other machines reach it, and tokens can be read on the way unless a proxy in front speaks https"),
            ),
            (false, _) => report.ok("transport", format!("http on {address}: every client proves who it is")),
        }
    }
    Ok(super::policy::principals(&gateway))
}

async fn panel(config: &Config, report: &mut Report) -> Result<(), Failure> {
    let client = PanelClient::new(config.panel.client_options()).map_err(Failure::Usage)?;
    let answer = match client.auth_captcha_check(&Credential::None, &AuthCaptchaCheckRequest::default()).await {
        Ok(answer) => answer,
        Err(error) => {
            report.unreachable = matches!(error, PanelError::NotSent { .. } | PanelError::NoAnswer { .. });
            report.wrong("panel", format!("{}: {error}", client.base()));
            return Ok(());
        }
    };
    report.ok("panel", format!("{} answers", client.base()));
    if !client.base().starts_with("https://")
        && !client.base().contains("//127.")
        && !client.base().contains("//localhost")
        && !client.base().contains("//[::1]")
    {
        report.warning(
            "transport to the panel",
            "plain http to another machine: password and token can be read on the way",
        );
    }
    clock(answer.ts, report);
    let captcha = answer.data != 0;
    match (&config.panel.login, captcha) {
        (PanelLogin::Account { .. }, true) => {
            report.warning("captcha", "on: a login by name and password is refused without one; log in with a browser and give its token as PANEL_TOKEN, or switch captcha_enabled off");
        }
        (_, true) => report.ok("captcha", "on; it does not matter for a token"),
        (_, false) => report.ok("captcha", "off"),
    }
    login(config, &client, report).await;
    Ok(())
}

fn clock(panel_ms: Option<i64>, report: &mut Report) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_millis()).ok());
    let (Some(panel), Some(now)) = (panel_ms, now) else { return };
    let off = panel.abs_diff(now);
    if u128::from(off) > CLOCK_SLACK.as_millis() {
        report.warning(
            "clock",
            format!(
                "the panel's clock is {} s {} ours; expiry times will be off",
                off / 1_000,
                if panel > now { "ahead of" } else { "behind" }
            ),
        );
    } else {
        report.ok("clock", format!("within {} ms of ours", off));
    }
}

async fn login(config: &Config, client: &PanelClient, report: &mut Report) {
    let credential = config.panel.credential();
    if matches!(credential, Credential::None) {
        report.warning(
            "login",
            "none is configured (PANEL_TOKEN, or PANEL_USERNAME with PANEL_PASSWORD): only public routes work",
        );
        return;
    }
    let session = match client.session(&credential).await {
        Ok(Some(session)) => session,
        Ok(None) => {
            report.wrong("login", "PANEL_TOKEN is no panel token: it says nothing of an account");
            return;
        }
        Err(error) => {
            report.wrong("login", error.to_string());
            return;
        }
    };
    match client
        .announcement_get(&credential, &flvx_panel::generated::announcement::AnnouncementGetRequest::default())
        .await
    {
        Ok(_) if session.role_id == 0 => {
            report.ok("login", format!("`{}`, an administrator", clean_text(&session.username)))
        }
        Ok(_) => report.warning(
            "login",
            format!(
                "`{}`, an ordinary account: tools for administrators will be refused",
                clean_text(&session.username)
            ),
        ),
        Err(error) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
            let ended = session.exp.and_then(|exp| u64::try_from(exp).ok()).filter(|exp| *exp < now);
            report.wrong(
                "login",
                match ended {
                    Some(exp) => format!(
                        "the token ended {} hours ago; log in again and give the new one as PANEL_TOKEN",
                        (now - exp) / 3_600
                    ),
                    None => format!("the panel does not accept the credential: {error}"),
                },
            );
            return;
        }
    }
    if let (Some(exp), Ok(now)) = (session.exp, SystemTime::now().duration_since(UNIX_EPOCH)) {
        let days = exp.saturating_sub(i64::try_from(now.as_secs()).unwrap_or(i64::MAX)) / 86_400;
        match (&config.panel.login, days) {
            (PanelLogin::Token(_), ..=7) => {
                report.warning("token", format!("ends in {days} days, and a token cannot be renewed here"))
            }
            _ => report.ok("token", format!("good for {days} more days")),
        }
    }
    match client.version(&credential).await {
        Ok(Some(version)) => report
            .warning("version", format!("panel {version}; the manifest describes {BASELINE}, so fields may differ")),
        Ok(None) => report.ok(
            "version",
            format!("the panel tells none, as versions before 3.1.0; the manifest describes {BASELINE}"),
        ),
        Err(PanelError::Refused(refusal)) if refusal.code == 403 => {
            report.ok("version", "only an administrator may ask")
        }
        Err(error) => report.warning("version", format!("cannot be told: {error}")),
    }
}
