//! `flvx-mcp audit` beside a gateway that has run, as an operator types it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Output,
};

use flvx_mcp::store::Folder;
use serde_json::{Value, json};

use crate::support::{Program, program, text};

/// Runs `flvx-mcp audit …` on a state folder.
fn audit(state: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output: Output = program().env("MCP_STATE_DIR", state).arg("audit").args(arguments).output().unwrap();
    let (out, error) = text(&output);
    (output.status.code(), out, error)
}

/// A gateway on the stand-in panel that made a few calls and ended.
fn used(state: &Path, settings: &[(&str, &str)]) -> Vec<Value> {
    let mut settings = settings.to_vec();
    settings.push(("MCP_STATE_DIR", state.to_str().unwrap()));
    let mut gateway = Program::start(&["serve", "--sandbox"], &settings);
    gateway.initialize();
    let update = json!({ "request": { "content": "hello", "enabled": 1 }, "idempotency_key": "announce-1" });
    let results = vec![
        gateway.call(1, "node_list", json!({})),
        gateway.call(2, "announcement_update", update),
        gateway.call(3, "node_delete", json!({ "request": { "id": 1 }, "idempotency_key": "delete-01" })),
    ];
    gateway.hang_up();
    let (code, _, errors) = gateway.end();
    assert_eq!(code, Some(0), "{errors}");
    results
}

/// A folder that only its owner can look into, as the program demands.
pub fn state() -> Folder {
    Folder::temporary().unwrap()
}

#[test]
fn an_operator_finds_shows_proves_exports_and_prunes() {
    let folder = state();
    let results = used(folder.path(), &[]);
    let run = |arguments: &[&str]| audit(folder.path(), arguments);

    let (code, table, error) = run(&["search"]);
    assert_eq!(code, Some(0), "{error}");
    for word in
        ["start", "stop", "node.list", "intent", "done", "rejected: confirmation_unavailable", "node=1", "tests/1"]
    {
        assert!(table.contains(word), "{word}: {table}");
    }
    let records = |arguments: &[&str]| -> Vec<Value> {
        let (code, out, error) = run(&[&["search", "--format", "json"], arguments].concat());
        assert!(code == Some(0) || error.contains("no record fits"), "{error}");
        serde_json::from_str(&out).unwrap_or_default()
    };
    assert_eq!(records(&[]).len(), 6);
    assert_eq!(records(&["--tool", "node_delete"]).len(), 1);
    assert_eq!(records(&["--outcome", "confirmation_unavailable"])[0]["tool"], "node.delete");
    assert_eq!(records(&["--kind", "call", "--user", "local", "--since", "1h", "--limit", "2"]).len(), 2);
    assert_eq!(records(&["--until", "1h"]).len(), 0);
    assert_eq!(run(&["search", "--user", "nobody"]).0, Some(1));
    assert_eq!(run(&["search", "--since", "yesterday"]).0, Some(2));
    assert!(run(&["search", "--format", "markdown"]).1.starts_with("| seq | time |"));

    let trace = results[1]["structuredContent"]["trace_id"].as_str().unwrap().to_owned();
    let (code, shown, _) = run(&["show", &trace]);
    assert_eq!(code, Some(0));
    assert!(
        shown.contains("intent ·") && shown.contains("call ·") && shown.contains("\"content\": \"hello\""),
        "{shown}"
    );
    assert_eq!(run(&["show", "no-such-trace"]).0, Some(1));

    let (code, head, _) = run(&["head"]);
    assert_eq!(code, Some(0));
    let (code, said, _) = run(&["verify", "--expect", head.trim()]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("6 records, from the first on")
            && said.contains("the noted head is among them")
            && said.ends_with("everything fits\n"),
        "{said}"
    );
    let (code, said, _) = run(&["verify", "--expect", &format!("6:{}", "0".repeat(64))]);
    assert_eq!(code, Some(1));
    assert!(said.contains("not_as_noted"), "{said}");
    assert_eq!(run(&["verify", "--expect", "6"]).0, Some(2));

    let (code, lines, _) = run(&["export"]);
    assert_eq!((code, lines.lines().count()), (Some(0), 6));
    let file = folder.path().join("export.jsonl");
    std::fs::write(&file, &lines).unwrap();
    let verify_file = || run(&["verify", "--file", file.to_str().unwrap(), "--expect", head.trim()]);
    assert_eq!(verify_file().0, Some(0), "{:?}", verify_file());

    let (code, said, error) = run(&["prune", "--before", "2000-01-01"]);
    assert_eq!((code, said.as_str()), (Some(0), "0 records were pruned\n"), "{error}");

    let database = rusqlite::Connection::open(folder.path().join("state.db")).unwrap();
    database.execute("UPDATE audit SET principal = 'mallory' WHERE seq = 3", []).unwrap();
    let (code, said, _) = run(&["verify"]);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("DAMAGED in 1 places") && said.contains("changed") && said.contains("is not what was written"),
        "{said}"
    );
    let (_, json, _) = run(&["verify", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[0]["record"], &json[0]["fault"]), (&json!("3"), &json!("changed")));
}

#[test]
fn a_folder_without_a_state_is_no_empty_record() {
    let folder = state();
    let (code, _, error) = audit(&folder.path().join("mistyped"), &["verify"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("there is no state in") && error.contains("MCP_STATE_DIR"), "{error}");
    assert!(!folder.path().join("mistyped").exists(), "looking makes nothing");
    let (code, _, error) = audit(Path::new("temporary"), &["head"]);
    assert_eq!(code, Some(2), "{error}");
}

#[test]
fn a_state_that_cannot_be_opened_is_2_and_one_that_is_damaged_is_1() {
    let folder = state();
    used(folder.path(), &[]);
    let run = |arguments: &[&str]| {
        let output = program().env("MCP_STATE_DIR", folder.path()).args(arguments).output().unwrap();
        (output.status.code(), text(&output).1)
    };
    let file = folder.path().join("state.db");
    let database = rusqlite::Connection::open(&file).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    let commands = [
        &["audit", "verify"][..],
        &["audit", "head"],
        &["history", "list"],
        &["approvals", "list"],
        &["saved", "list"],
    ];
    for arguments in commands {
        let (code, error) = run(arguments);
        assert!(code == Some(2) && error.contains("is of a newer version"), "{arguments:?}: {code:?} {error}");
    }
    for beside in ["state.db-wal", "state.db-shm"] {
        let _ = fs::remove_file(folder.path().join(beside));
    }
    fs::write(&file, "no database ".repeat(1_000)).unwrap();
    for arguments in commands {
        let (code, error) = run(arguments);
        assert!(code == Some(1) && error.contains("the state is damaged"), "{arguments:?}: {code:?} {error}");
    }
}

#[test]
fn commands_leave_the_file_of_lines_to_the_gateway() {
    let (folder, beside) = (state(), tempfile::tempdir().unwrap());
    let path = beside.path().join("audit.jsonl");
    let settings = [("MCP_AUDIT_JSONL", path.to_str().unwrap())];
    used(folder.path(), &settings);
    // As if a gateway were in the middle of a line. Whoever opens the file cuts that, and closes the file to others.
    let written = fs::read_to_string(&path).unwrap() + "{\"seq\":7,";
    fs::write(&path, &written).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let run = |arguments: &[&str], path: &Path| {
        let mut command = program();
        command.args(arguments).env("MCP_STATE_DIR", folder.path()).env("MCP_AUDIT_JSONL", path);
        let output = command.output().unwrap();
        let (out, errors) = text(&output);
        (output.status.code(), out + &errors)
    };
    for arguments in [&["call", "--sandbox", "node.list"][..], &["check", "--sandbox"], &["tools"]] {
        let (code, said) = run(arguments, &path);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), written, "{arguments:?}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640, "{arguments:?}");
    }
    // The next gateway writes what the call left in the state, once.
    used(folder.path(), &settings);
    let (_, exported, _) = audit(folder.path(), &["export"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), exported);
    assert_eq!(exported.lines().filter(|line| line.contains("flvx-mcp call")).count(), 1, "{exported}");

    let fresh = beside.path().join("fresh.jsonl");
    let (code, said) = run(&["check", "--sandbox"], &fresh);
    assert!(code == Some(0) && said.contains("is made by the gateway"), "{said}");
    let (code, said) = run(&["check", "--sandbox"], &beside.path().join("none").join("fresh.jsonl"));
    assert!(code == Some(1) && said.contains("its folder is not there"), "{said}");
    assert_eq!(fs::read_dir(beside.path()).unwrap().count(), 1, "looking makes nothing");
}

#[test]
fn a_gateway_without_a_record_says_so_loudly() {
    let folder = state();
    let gateway = Program::start(
        &["serve", "--sandbox"],
        &[("MCP_STATE_DIR", folder.path().to_str().unwrap()), ("MCP_AUDIT_ENABLED", "false"), ("MCP_LOG", "error")],
    );
    let mut gateway = gateway;
    gateway.initialize();
    gateway.hang_up();
    let (_, _, errors) = gateway.end();
    assert!(errors.contains("CALLS ARE NOT RECORDED (MCP_AUDIT_ENABLED=false)"), "{errors}");
    assert_eq!(audit(folder.path(), &["head"]).0, Some(1));
}
