//! Secrets stay where they belong. For every secret field of the manifest a canary is planted, in what is asked and in what the
//! panel answers; every tool is used; and no canary may be in a result, a resource, a prompt, the log (down to `trace`) or the
//! state outside of the files that are made for secrets. What is counted is printed (`--nocapture`).
//!
//! Each test here listens to the log of its thread.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accounts;
mod answers;
mod between;
mod examples;
mod kept;
mod plant;
mod program;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use flvx_mcp::policy::effective_danger;
use flvx_panel::spec::{Danger, Route};
use serde_json::{Map, Value, json};

/// The outer arguments that a call of this route with this request needs.
fn arguments(route: &Route, request: &Map<String, Value>, number: usize) -> Value {
    let mut arguments = json!({ "request": request });
    let (danger, _) = effective_danger(route, request);
    if danger >= Danger::Write {
        arguments["idempotency_key"] = format!("canary-{number:06}").into();
    }
    if danger >= Danger::Dangerous {
        arguments["confirm_token"] = support::WORD.into();
    }
    if route.rows.is_some() {
        arguments["view"] = json!({ "fields": ["*"] });
    }
    arguments
}

/// All bytes of the state but those of the files that are made for secrets.
fn state(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type().unwrap().is_dir() {
            true if ["backup", "before", "secret"].contains(&name.as_str()) => {}
            true => found.extend(state(&entry.path())),
            false => found.push((name, std::fs::read(entry.path()).unwrap())),
        }
    }
    found
}

/// What of these texts is in the state.
fn in_state(folder: &Path, canaries: &plant::Canaries) -> Vec<String> {
    let files = state(folder);
    assert!(files.iter().any(|(name, _)| name == "state.db"), "the state is not where it was looked for");
    let mut found = Vec::new();
    for (name, bytes) in files {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        found.extend(canaries.found_in(&text).map(|(path, _)| format!("{path} is in {name}")));
    }
    found
}
