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
    config::{Config, PanelLogin, Transport, VARIABLES},
    gateway::shape::clean_text,
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
        panel(&config, &mut report).await?;
        report.table.print(options.format)?;
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
        Transport::Http => match config.http_addr.unauthenticated() {
            Ok(address) => report.warning(
                "transport",
                format!("http on {address}: every program on this machine can use it, clients are not authenticated"),
            ),
            Err(error) => report.wrong("transport", error),
        },
    }
    match &config.confirm_token {
        Some(_) => report.ok("confirmed calls", "on: dangerous and critical tools run with the operator's word"),
        None => report.ok(
            "confirmed calls",
            "off: dangerous and critical tools are refused (set MCP_CONFIRM_TOKEN to allow them)",
        ),
    }
    if config.audit_enabled {
        report.ok("audit", "every call is recorded on standard error");
    } else {
        report.warning("audit", "calls are not recorded (MCP_AUDIT_ENABLED=false)");
    }
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
