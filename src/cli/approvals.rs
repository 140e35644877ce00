//! `approvals`: what waits for a person, and the person's answer, on the machine of the gateway.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    Failure,
    format::{Format, Table, print},
    options::{open_store, person, runtime},
};
use crate::{
    audit::{Audit, Event, Settings},
    clean::clean_text,
    config::Environment,
    gateway::is_phrase,
    store::{Approval, Decided, Decision, Store, now_ms},
};

/// Options of `approvals`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp approvals list
  flvx-mcp approvals show 3f2a
  flvx-mcp approvals approve 3f2a          shows what would happen and asks for the name of the target
  flvx-mcp approvals deny 3f2a --reason 'not during the day'

The state folder is that of the gateway: set MCP_STATE_DIR as it is set there, and run this as the same user.
An id may be shortened to its first four letters or more. The caller repeats its call after the decision.

Exit code 0: done; 1: the question is decided already, too old, or the phrase was not the right one; 2: no such question.")]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// What waits
    List {
        /// Also what was decided, used or is over
        #[arg(long)]
        all: bool,
        /// How it is printed
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Everything about one call that waits: the preview as the caller saw it
    Show {
        /// Its id
        id: String,
        /// How it is printed
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Let it run
    Approve {
        /// Its id
        id: String,
        /// What is to be typed (the target's name), when this is not done at a terminal
        #[arg(long)]
        phrase: Option<String>,
    },
    /// Refuse it
    Deny {
        /// Its id
        id: String,
        /// Why; kept in the record
        #[arg(long)]
        reason: Option<String>,
    },
}

/// Runs the command.
pub fn run(options: &Options) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let store = open_store()?;
        match &options.command {
            Command::List { all, format } => list(&store, *all, *format).await,
            Command::Show { id, format } => show(&find(&store, id).await?, *format),
            Command::Approve { id, phrase } => {
                let approval = find(&store, id).await?;
                demand_phrase(&approval, phrase.as_deref())?;
                decide(&store, approval, Decision::Approved, None).await
            }
            Command::Deny { id, reason } => {
                decide(&store, find(&store, id).await?, Decision::Denied, reason.clone()).await
            }
        }
    })
}

async fn list(store: &Store, all: bool, format: Format) -> Result<(), Failure> {
    let approvals = store.approvals(all).await?;
    if approvals.is_empty() && format == Format::Table {
        return print(if all { "nothing was ever asked for" } else { "nothing waits for you" });
    }
    let mut table = Table::new(&["id", "state", "for", "principal", "danger", "tool", "what would happen"]);
    for approval in &approvals {
        let short: String = approval.id.chars().take(8).collect();
        let seen = &approval.confirmation;
        table.row([
            short,
            state(approval).to_owned(),
            left(approval),
            seen.principal.clone(),
            approval.danger.clone(),
            seen.tool.clone(),
            clean_text(&seen.summary).into_owned(),
        ]);
    }
    table.print(format)
}

fn show(approval: &Approval, format: Format) -> Result<(), Failure> {
    let seen = &approval.confirmation;
    let preview: Value = serde_json::from_str(&seen.preview).unwrap_or(Value::Null);
    if format == Format::Json {
        let all = json!({
            "id": approval.id,
            "state": state(approval),
            "principal": seen.principal,
            "client": approval.client,
            "panel": seen.panel,
            "credential": seen.credential,
            "tool": seen.tool,
            "danger": approval.danger,
            "summary": seen.summary,
            "phrase": seen.phrase,
            "asked_ms": approval.created_ms,
            "expires_ms": approval.expires_ms,
            "decided_by": approval.decided_by,
            "how": approval.how,
            "reason": approval.reason,
            "used_by": seen.used_by,
            "preview": preview,
        });
        return print(&serde_json::to_string_pretty(&all).unwrap_or_default());
    }
    let client = approval
        .client
        .as_deref()
        .map(|client| format!(", through a client that calls itself `{}`", clean_text(client)))
        .unwrap_or_default();
    print(&format!(
        "{}  {}{}\n\n{} wants to call {} ({}) on {} as `{}`{client}:\n\n  {}\n",
        approval.id,
        state(approval),
        approval.decided_by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default(),
        seen.principal,
        seen.tool,
        approval.danger,
        seen.panel,
        seen.credential,
        clean_text(&seen.summary)
    ))?;
    print(&serde_json::to_string_pretty(&preview).unwrap_or_default())
}

/// The person types the target's name, so that it is the right one that is approved.
fn demand_phrase(approval: &Approval, given: Option<&str>) -> Result<(), Failure> {
    let typed = match given {
        Some(phrase) => phrase.to_owned(),
        None if std::io::stdin().is_terminal() => {
            show(approval, Format::Table)?;
            print!("\nType `{}` to let it run: ", clean_text(&approval.confirmation.phrase));
            std::io::stdout().flush()?;
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line)?;
            line
        }
        None => {
            return Err(Failure::Usage(
                "there is no terminal to ask at; read `approvals show` and give the target's name with --phrase"
                    .to_owned(),
            ));
        }
    };
    if is_phrase(&approval.confirmation.phrase, &typed) {
        return Ok(());
    }
    Err(Failure::Failed(Some("that is not what was to be typed; nothing was approved".to_owned())))
}

async fn decide(store: &Store, approval: Approval, decision: Decision, reason: Option<String>) -> Result<(), Failure> {
    match store.decide(approval.id, decision, "command", person(), reason).await? {
        Decided::Now(approval) => {
            // The decision counts, whether it can be recorded or not; the record itself tells when it cannot.
            if let Ok(audit) = Audit::new(store.clone(), &Settings { enabled: recording(), jsonl: None }) {
                let _ = audit.event(Event::decision(&approval)).await;
            }
            let what = if decision == Decision::Approved {
                "approved: it runs when the caller repeats its call"
            } else {
                "denied"
            };
            print(&format!("{what} ({})", clean_text(&approval.confirmation.summary)))
        }
        Decided::Before(approval) => Err(Failure::Failed(Some(format!(
            "it was {} already, by {}",
            approval.decision.word(),
            approval.decided_by.as_deref().unwrap_or("somebody")
        )))),
        Decided::TooLate(_) => Err(Failure::Failed(Some(
            "it is too late: the question is over; the caller has to preview the call again".to_owned(),
        ))),
        Decided::Unknown => Err(Failure::Usage("nothing of that id waits".to_owned())),
    }
}

/// Whether this gateway keeps a record of calls.
fn recording() -> bool {
    let off = ["false", "0", "no", "off"];
    let environment = Environment::of_process();
    environment.get("MCP_AUDIT_ENABLED").is_none_or(|word| !off.contains(&word.trim().to_lowercase().as_str()))
}

async fn find(store: &Store, id: &str) -> Result<Approval, Failure> {
    let found = store.approval(id.to_owned()).await?;
    found.ok_or_else(|| {
        Failure::Usage(format!("nothing of the id `{id}` waits (or it is too short to say which); see approvals list"))
    })
}

fn state(approval: &Approval) -> &'static str {
    match approval.decision {
        _ if approval.confirmation.used_by.is_some() => "used",
        Decision::Pending if approval.expires_ms <= now_ms() => "over",
        decision => decision.word(),
    }
}

/// How long it can still be decided or used.
fn left(approval: &Approval) -> String {
    match approval.expires_ms.saturating_sub(now_ms()) {
        ..=0 => "over".to_owned(),
        left @ ..60_000 => format!("{} s", left / 1_000),
        left => format!("{} min", left / 60_000),
    }
}
