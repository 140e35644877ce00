//! `history settle`: a person says what came of a change that nobody knows the outcome of. The gateway settles by reading what
//! reading can settle; this is for the rest. What the person said is kept in the result and in the record of calls.

use clap::{Args, ValueEnum};

use super::{find, state};
use crate::{
    audit::{Audit, Event, Settings},
    cli::{Failure, format::print, options::person},
    result::{CallOutput, ErrorKind, Outcome, ToolError},
    store::{Settlement, Stage, Store},
};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    /// It happened: a repeat with its key is answered with that
    Done,
    /// It did not happen: its key is free again
    NotDone,
}

/// Options of `history settle`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp history settle 01a2037792d170acaa83c654c8410844 --as done --reason 'the counter is at zero'
  flvx-mcp history settle 01a2037792d170acaa83c654c8410844 --as not-done --reason 'the node log shows no upgrade'

Look at the panel first. Nothing is sent to it by this command, and it cannot be said again in another way.
Exit code 0: settled; 1: it is known already, or still running; 2: no such change.")]
pub struct Options {
    /// Name of the change
    trace_id: String,
    /// What came of it
    #[arg(long = "as", value_enum)]
    word: Word,
    /// How you know; kept in the record
    #[arg(long)]
    reason: String,
}

/// Runs the command.
pub async fn run(store: &Store, options: &Options) -> Result<(), Failure> {
    let row = find(store, &options.trace_id).await?;
    let state = state(store, &row);
    if state != "unknown" {
        return Err(Failure::Failed(Some(format!("there is nothing to settle: it is `{state}`"))));
    }
    if options.reason.trim().is_empty() {
        return Err(Failure::Usage("--reason is empty; say how you know".to_owned()));
    }
    let by = person();
    let reason: String = options.reason.chars().filter(|letter| !letter.is_control()).take(500).collect();
    let said = format!("{by} settled this on the gateway's machine: {reason}");
    let mut output = row.result.as_deref().and_then(CallOutput::from_json).unwrap_or_default();
    output.trace_id.clone_from(&row.trace_id);
    output.verified = None;
    output.warnings.push(said);
    let word = match options.word {
        Word::Done => {
            (output.outcome, output.error) = (Some(Outcome::Done), None);
            "done"
        }
        Word::NotDone => {
            output.outcome = Some(Outcome::Rejected);
            let error = ToolError::new(
                ErrorKind::NotVerified,
                "a person has looked and says that it did not happen",
                "The key is free again: repeat the call to make the change.",
            );
            output.error = Some(error.keyed("did_not_happen"));
            "not done"
        }
    };
    let live = options.word == Word::Done;
    let settlement = Settlement {
        outcome: output.outcome.unwrap_or(Outcome::Unknown).word().to_owned(),
        verified: None,
        result: output.to_json(),
        undo: row.undo.clone().filter(|_| live),
        saved: row.saved.clone(),
        live,
    };
    // A gateway that carries it on now knows more than a person who looked before.
    let ours = match row.stage {
        Stage::Settled => store.ledger_reopen(row.trace_id.clone()).await,
        Stage::Intent | Stage::Sending => store.ledger_take_over(&row).await,
    };
    if !ours? {
        return Err(known_meanwhile(&row.trace_id));
    }
    // The record first: nobody may settle something without a trace of it.
    let audit = Audit::new(store.clone(), &Settings { enabled: true, jsonl: None }).map_err(Failure::Usage)?;
    let event = Event::new(Event::SETTLED)
        .trace(&row.trace_id)
        .at_the_machine(&by)
        .with("tool", row.key.tool.as_str())
        .with("as", word)
        .with("reason", reason);
    audit.event(event).await.map_err(|error| Failure::Failed(Some(error.to_string())))?;
    if !store.ledger_settle(row.trace_id.clone(), settlement).await? {
        return Err(known_meanwhile(&row.trace_id));
    }
    print(&format!("{} ({}) is settled as {word}", row.trace_id, row.key.tool))
}

fn known_meanwhile(trace_id: &str) -> Failure {
    Failure::Failed(Some(format!(
        "a gateway has found out meanwhile what came of {trace_id}, or carries it on; see `flvx-mcp history show {trace_id}`"
    )))
}
