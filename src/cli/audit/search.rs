//! `audit search`: finds records by who, what, when, which thing and what came of it.

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::moment;
use crate::{
    audit::{
        OUTCOMES,
        when::{Edge, iso},
    },
    cli::{
        Failure,
        format::{Format, Table, print},
        options::open_store,
    },
    store::audit::{Filter, Stored},
};

/// How records are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum RecordFormat {
    /// For people.
    #[default]
    Table,
    /// One list of whole records.
    Json,
    /// For documents.
    Markdown,
    /// One whole record a line, with its hash.
    Jsonl,
}

/// Options of `audit search`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp audit search --since 2h
  flvx-mcp audit search --user alice --outcome rejected --since 2026-01-01 --until 2026-01-31
  flvx-mcp audit search --tool 'node.*' --target node=3 --format json
  flvx-mcp audit search --kind auth_refused --limit 1000 --format jsonl

Moments without a zone are UTC. Exit code 0: found; 1: nothing found.")]
pub struct Options {
    /// Name of the principal
    #[arg(long)]
    user: Option<String>,
    /// Name of the tool; a * at its end stands for anything
    #[arg(long)]
    tool: Option<String>,
    /// From then on: 2h, 3d, 2026-01-31, 2026-01-31T08:00:00Z, or ms since the epoch
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Until then
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// ok, failed, done, partial, rejected, not_sent, unknown, replayed, or the kind of an error
    #[arg(long)]
    outcome: Option<String>,
    /// A thing that the call was about: node=3, forward=12, user=7
    #[arg(long, value_name = "KIND=ID")]
    target: Option<String>,
    /// Name of a call, or the W3C trace that several share
    #[arg(long)]
    trace: Option<String>,
    /// call, intent, or an event: auth_refused, approval, reload, start, stop, lost, pruned
    #[arg(long)]
    kind: Option<String>,
    /// Most records
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// How they are printed
    #[arg(long, value_enum, default_value_t)]
    format: RecordFormat,
}

/// Runs the command.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let (outcome, error) = outcome_or_error(options.outcome.as_deref());
    let filter = Filter {
        principal: options.user.clone(),
        tool: options.tool.as_deref().map(dotted),
        outcome,
        error,
        kind: options.kind.clone(),
        target: options.target.clone(),
        trace_id: options.trace.clone(),
        since_ms: moment(options.since.as_deref(), Edge::Since)?,
        until_ms: moment(options.until.as_deref(), Edge::Until)?,
        after_seq: None,
    };
    let found = open_store()?.search_audit(filter, options.limit).await?;
    if found.is_empty() {
        return Err(Failure::Failed(Some("no record fits".to_owned())));
    }
    match options.format {
        RecordFormat::Table => table(&found).print(Format::Table),
        RecordFormat::Markdown => table(&found).print(Format::Markdown),
        RecordFormat::Json => {
            let records: Vec<Value> = found.iter().map(value).collect();
            print(&serde_json::to_string_pretty(&records).unwrap_or_default())
        }
        RecordFormat::Jsonl => found.iter().try_for_each(|stored| print(&stored.line(None))),
    }
}

/// The word of the column that it stands in.
pub fn outcome_or_error(word: Option<&str>) -> (Option<String>, Option<String>) {
    match word {
        Some(word) if OUTCOMES.contains(&word) => (Some(word.to_owned()), None),
        other => (None, other.map(str::to_owned)),
    }
}

/// `node_list` is `node.list` too; only the first underscore can stand for the dot.
fn dotted(tool: &str) -> String {
    if tool.contains('.') { tool.to_owned() } else { known(tool).unwrap_or(tool).to_owned() }
}

fn known(wire_name: &str) -> Option<&'static str> {
    let own = crate::ops::OWN.tools.iter().map(|tool| (tool.wire_name, tool.name));
    let all = flvx_panel::generated::ROUTES.iter().map(|route| (route.wire_name, route.tool)).chain(own);
    all.into_iter().find(|(wire, _)| *wire == wire_name).map(|(_, name)| name)
}

/// The record as JSON; one that somebody damaged comes as a text.
pub fn value(stored: &Stored) -> Value {
    serde_json::from_str(&stored.record).unwrap_or_else(|_| Value::from(stored.record.as_str()))
}

fn table(found: &[Stored]) -> Table {
    let mut table = Table::new(&["seq", "time", "user", "kind", "tool", "outcome", "targets", "client", "trace id"]);
    for stored in found {
        let record = value(stored);
        let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        table.row([
            stored.link.seq.to_string(),
            record.get("time").and_then(Value::as_i64).map(iso).unwrap_or_default(),
            text("principal"),
            text("kind"),
            text("tool"),
            outcome(&record),
            targets(&record),
            text("client"),
            text("trace_id"),
        ]);
    }
    table
}

/// What came of it in a word or two.
fn outcome(record: &Value) -> String {
    let error = record.pointer("/error/kind").and_then(Value::as_str);
    let outcome = record.get("outcome").and_then(Value::as_str);
    let ok = record.get("ok").and_then(Value::as_bool).map(|ok| if ok { "ok" } else { "failed" });
    match (outcome.or(ok), error) {
        (Some(word), Some(error)) => format!("{word}: {error}"),
        (word, _) => word.unwrap_or_default().to_owned(),
    }
}

fn targets(record: &Value) -> String {
    let targets = record.get("targets").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut words: Vec<String> = targets
        .iter()
        .take(4)
        .map(|target| {
            let text = |key: &str| target.get(key).and_then(Value::as_str).unwrap_or_default();
            match target.get("name").and_then(Value::as_str) {
                Some(name) => format!("{}={} ({name})", text("kind"), text("key")),
                None => format!("{}={}", text("kind"), text("key")),
            }
        })
        .collect();
    if targets.len() > words.len() {
        words.push(format!("+{}", targets.len() - words.len()));
    }
    words.join(" ")
}
