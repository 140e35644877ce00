//! Plays every recorded exchange with a real panel against the sandbox and compares the answers. Each file starts on
//! a fresh world; `replay_steps.json` says what happened unrecorded in between (agents that fall silent, traffic);
//! `replay_exceptions.json` lists the differences that are known, with the reason. `REPLAY=forward,node` plays only
//! these files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod compare;
mod player;
mod steps;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use player::Player;
use steps::Steps;

/// One recorded exchange.
#[derive(Debug, Deserialize)]
struct Exchange {
    name: String,
    method: String,
    path: String,
    request: Value,
    response: Recorded,
    note: String,
}

/// What the real panel answered; no status means that it closed the connection without a byte.
#[derive(Debug, Deserialize)]
struct Recorded {
    http_status: Option<u16>,
    content_type: Option<String>,
    body: Value,
}

/// An exchange that is allowed to differ.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    file: String,
    name: String,
    reason: String,
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recordings")
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn files() -> Vec<String> {
    let wanted = std::env::var("REPLAY").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|w| !w.is_empty()).collect();
    let mut files: Vec<String> = std::fs::read_dir(recordings())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .filter(|name| wanted.is_empty() || wanted.contains(&name.as_str()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "REPLAY names no recording");
    files
}

#[test]
fn the_sandbox_answers_every_recorded_exchange_as_the_real_panel_did() {
    let all_steps: Steps = read(&here().join("replay_steps.json"));
    let exceptions: Vec<Exception> = read(&here().join("replay_exceptions.json"));
    for exception in &exceptions {
        assert!(exception.reason.len() > 20, "the exception for {} needs a reason", exception.name);
    }
    let (mut played, mut equal, mut listed) = (0, 0, 0);
    let mut failures = Vec::new();
    for file in files() {
        let exchanges: Vec<Exchange> = read(&recordings().join(format!("{file}.json")));
        let mut excepted: BTreeSet<&str> =
            exceptions.iter().filter(|e| e.file == file).map(|e| e.name.as_str()).collect();
        let time = |body: &Value| body.get("ts").or(body.get("exportedAt"))?.as_i64();
        let times = exchanges.iter().filter_map(|e| time(&e.response.body));
        let mut player = Player::new(times.min().expect("an answer with its time"));
        let mut steps = all_steps.of(&file);
        for exchange in &exchanges {
            for step in steps.take(&exchange.name) {
                player.step(step);
            }
            let differences = player.play(exchange);
            played += 1;
            match (differences.is_empty(), excepted.remove(exchange.name.as_str())) {
                (true, false) => equal += 1,
                (false, true) => listed += 1,
                (true, true) => {
                    failures.push(format!("{file}: {}: a listed exception no longer applies", exchange.name))
                }
                (false, false) => {
                    failures.push(format!("{file}: {}\n    {}", exchange.name, differences.join("\n    ")));
                }
            }
        }
        for name in excepted {
            failures.push(format!("{file}: {name}: an exception for an exchange that does not exist"));
        }
        for name in steps.left() {
            failures.push(format!("{file}: {name}: a step before an exchange that does not exist"));
        }
    }
    println!("{played} exchanges, {equal} equal, {listed} listed exceptions, {} failures", failures.len());
    assert!(failures.is_empty(), "\n{}\n{} failures", failures.join("\n"), failures.len());
}
