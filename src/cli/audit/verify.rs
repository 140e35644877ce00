//! `audit verify`: proves the chain in the state, or the lines of a file, and says where it is broken.

use std::{fs::File, io::BufReader, path::PathBuf};

use clap::Args;

use crate::{
    audit::{
        verify::{Damage, Expected, verify, verify_file},
        when::iso,
    },
    cli::{
        Failure,
        format::{Format, Table, print},
        options::open_store,
    },
    store::audit::Link,
};

/// Options of `audit verify`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  flvx-mcp audit verify
  flvx-mcp audit verify --expect 4711:9f2c…        a head that `audit head` printed and somebody noted elsewhere
  flvx-mcp audit verify --file export.jsonl        lines of `audit export` or MCP_AUDIT_JSONL, with the key of this state

Whoever can write the state folder, its key included, can make a chain that fits: only a head noted elsewhere tells then.

Exit code 0: everything fits; 1: something is damaged, or the expected head is not there; 2: there is no state.")]
pub struct Options {
    /// A head that was noted elsewhere, as `audit head` prints it
    #[arg(long, value_name = "SEQ:HASH")]
    expect: Option<Link>,
    /// A file of lines instead of the state
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// How damages are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let store = open_store()?;
    let (span, damages, count, expected) = match &options.file {
        Some(path) => {
            let file = File::open(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
            let report = verify_file(&store, BufReader::new(file), options.expect)?;
            let span = format!("{} lines, records {} to {}", report.records, report.first, report.last);
            (span, report.damages, report.count, report.expected)
        }
        None => {
            let report = verify(&store, options.expect).await?;
            let from = if report.anchor.seq == 0 {
                "from the first on".to_owned()
            } else {
                format!("{} and older were pruned", report.anchor.seq)
            };
            (
                format!("{} records, {from}, head {}", report.records, report.head),
                report.damages,
                report.count,
                report.expected,
            )
        }
    };
    let noted = match expected {
        Expected::NotAsked => "",
        Expected::Found => "; the noted head is among them",
        Expected::Wrong => "; the noted head is NOT among them",
        Expected::Pruned => "; the noted head is older than all of them, so it proves nothing",
    };
    if options.format != Format::Json {
        print(&format!("{span}{noted}"))?;
    }
    if count == 0 {
        return if options.format == Format::Json { print("[]") } else { print("everything fits") };
    }
    if options.format == Format::Table {
        print(&format!("DAMAGED in {count} places:"))?;
    }
    table(&damages).print(options.format)?;
    Err(Failure::Failed(None))
}

fn table(damages: &[Damage]) -> Table {
    let mut table = Table::new(&["record", "time", "trace id", "fault", "what"]);
    for damage in damages {
        let record = if damage.seq == 0 { String::new() } else { damage.seq.to_string() };
        table.row([
            record,
            damage.time_ms.map(iso).unwrap_or_default(),
            damage.trace_id.clone(),
            damage.fault.word().to_owned(),
            damage.fault.to_string(),
        ]);
    }
    table
}
