//! Records as lines of a file: exported or streamed, each line is proven by the store's key.

use std::{fs, io::BufReader, os::unix::fs::PermissionsExt as _, path::Path};

use flvx_mcp::{
    audit::{
        Audit, Event, Settings,
        verify::{Expected, Fault, FileReport, verify_file},
    },
    store::{
        Store,
        audit::{Filter, Link},
    },
};
use serde_json::{Value, json};

use crate::{
    hands::{chain, store},
    support::{Program, WORD, World, caller, eventually, within},
};

async fn export(store: &Store) -> Vec<String> {
    let mut before = Link::GENESIS;
    let rows = store.audit_in_order(Filter::default(), usize::MAX).await.unwrap();
    rows.iter()
        .map(|row| {
            let line = row.line(Some(&before.hash));
            before = row.link;
            line
        })
        .collect()
}

fn look(store: &Store, lines: &[String], expect: Option<Link>) -> FileReport {
    verify_file(store, BufReader::new(lines.join("\n").as_bytes()), expect).unwrap()
}

fn faults(report: &FileReport) -> Vec<(i64, Fault)> {
    report.damages.iter().map(|damage| (damage.seq, damage.fault.clone())).collect()
}

#[tokio::test]
async fn every_kind_of_record_is_proven_from_its_line_alone() {
    let world = World::start().await;
    world.call("node.list", json!({ "view": { "limit": 1 } })).await;
    let batch = json!({ "request": { "ids": [1, 2] }, "idempotency_key": "batch-0001", "confirm_token": WORD });
    world.call("forward.batch_pause", batch).await;
    let odd = json!({ "request": { "name": "a|b \u{7}\"\\ 香港", "serverIp": "203.0.113.9" }, "idempotency_key": "create-01" });
    world.call("node.create", odd).await;
    let _ = world.gateway.call(&caller(), "no|such \"tool\u{202e}", serde_json::Map::new()).await;
    let audit = world.gateway.audit();
    audit.event(Event::new(Event::APPROVAL).trace("trace").by("wang", Some("command")).with("id", 7)).await.unwrap();
    audit.flush().await;
    let lines = export(world.gateway.store()).await;
    assert_eq!(lines.len(), 7);
    let report = look(world.gateway.store(), &lines, None);
    assert_eq!((report.records, faults(&report)), (7, vec![]));
}

#[tokio::test]
async fn a_line_that_was_touched_is_found_byte_by_byte() {
    let store = chain(3).await;
    let lines = export(&store).await;
    assert_eq!(faults(&look(&store, &lines, None)), []);
    let mut touched = 0;
    for (number, line) in lines.iter().enumerate() {
        for at in 0..line.len() {
            let mut bad: Vec<Vec<u8>> = lines.iter().map(|line| line.clone().into_bytes()).collect();
            bad[number][at] ^= 1;
            let report = verify_file(&store, BufReader::new(bad.join(&b'\n').as_slice()), None).unwrap();
            assert!(report.count > 0, "byte {at} of line {}: {}", number + 1, String::from_utf8_lossy(&bad[number]));
            touched += 1;
        }
    }
    println!("{touched} bytes of 3 lines were flipped one at a time, and each was found");
}

#[tokio::test]
async fn lines_that_are_gone_moved_or_foreign_are_named() {
    let store = chain(6).await;
    let lines = export(&store).await;
    let without = |gone: usize| -> Vec<String> {
        lines.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| line.clone()).collect()
    };
    assert_eq!(faults(&look(&store, &without(2), None)), [(3, Fault::Missing(3))]);
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    assert!(look(&store, &swapped, None).count > 0);
    let mut foreign = lines.clone();
    foreign.insert(1, "{\"hello\":1}".to_owned());
    assert_eq!(faults(&look(&store, &foreign, None)), [(2, Fault::NotARecord)]);
    // A piece proves itself; that it is all, only a noted head tells.
    let piece = &lines[1..4];
    let report = look(&store, piece, None);
    assert_eq!((report.count, report.first, report.last.seq), (0, 2, 4));
    let head: Link = store.audit_ends().await.unwrap().head.link().unwrap();
    assert_eq!(look(&store, &lines, Some(head)).expected, Expected::Found);
    assert_eq!(faults(&look(&store, piece, Some(head))), [(6, Fault::NotAsNoted)]);
    assert!(look(&crate::hands::store(), &lines, None).count > 0, "another store's key proves nothing");
}

#[tokio::test]
async fn the_stream_has_every_record_once_and_in_order_also_after_a_crash_and_a_rotation() {
    let store = store();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let start = || Audit::new(store.clone(), &Settings { enabled: true, jsonl: Some(path.clone()) }).unwrap();
    let events = async |audit: &Audit, count: usize| {
        for number in 0..count {
            match number % 2 {
                0 => audit.note(Event::new("test")),
                _ => audit.event(Event::new("test")).await.unwrap(),
            }
        }
        audit.flush().await;
    };
    let lines = || -> Vec<String> { fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect() };
    let audit = start();
    events(&audit, 20).await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(lines(), export(&store).await);
    drop(audit);
    // What was committed and not yet written to the file, and half a line: what a crash leaves.
    crate::hands::audit(&store).event(Event::new("unseen")).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 20]).unwrap();
    let audit = start();
    events(&audit, 6).await;
    assert_eq!(lines(), export(&store).await);
    fs::rename(&path, folder.path().join("audit.jsonl.1")).unwrap();
    audit.reopen().unwrap();
    events(&audit, 3).await;
    let after = lines();
    assert_eq!(after.len(), 3);
    let report = look(&store, &after, None);
    assert_eq!((report.count, report.last.seq), (0, 30));
}

#[tokio::test]
async fn a_forged_row_behind_the_head_does_not_keep_records_out_of_the_stream() {
    let store = chain(2).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let audit = Audit::new(store.clone(), &Settings { enabled: true, jsonl: Some(path.clone()) }).unwrap();
    audit.event(Event::new("test")).await.unwrap();
    audit.flush().await;
    for hash in ["zeroblob(32)", "7", "'text'"] {
        let forged = format!(
            "DELETE FROM audit WHERE seq > 1000000; INSERT INTO audit SELECT 9000000000000000, time_ms, trace_id, kind, principal, tool, outcome, error, targets, record, {hash} FROM audit WHERE seq = 1"
        );
        crate::hands::file(&store).execute_batch(&forged).unwrap();
        audit.event(Event::new("test")).await.unwrap();
        audit.flush().await;
        assert!(!store.search_audit(Filter::default(), 10).await.unwrap().is_empty());
    }
    let text = fs::read_to_string(&path).unwrap();
    let numbers: Vec<u64> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [3, 4, 5, 6]);
}

#[test]
fn a_hangup_opens_the_stream_anew() {
    let folder = tempfile::Builder::new().prefix("flvx-audit-").tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let moved = folder.path().join("audit.jsonl.1");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let mut gateway = Program::start(&["serve", "--sandbox"], &[("MCP_AUDIT_JSONL", path.to_str().unwrap())]);
    gateway.initialize();
    // The file follows the store, so an answer does not mean that the record before it is in the file.
    eventually("the start is in the file", || read(&path).contains("\"kind\":\"start\""));
    fs::rename(&path, &moved).unwrap();
    gateway.signal("HUP");
    eventually("the reload is in the new file", || read(&path).contains("\"kind\":\"reload\""));
    gateway.call(1, "node_list", json!({}));
    gateway.hang_up();
    assert_eq!(gateway.end().0, Some(0));
    let (old, new) = (read(&moved), read(&path));
    let kinds = |text: &str| -> Vec<(u64, String)> {
        let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.map(|record| (record["seq"].as_u64().unwrap(), record["kind"].as_str().unwrap().to_owned())).collect()
    };
    assert_eq!(kinds(&old), [(1, "start".to_owned())]);
    assert_eq!(kinds(&new), [(2, "reload".to_owned()), (3, "call".to_owned()), (4, "stop".to_owned())]);
    assert!(new.contains("node.list"), "{new}");
}

#[tokio::test]
async fn a_file_that_cannot_be_used_stops_the_start() {
    let settings = Settings { enabled: true, jsonl: Some("/no/such/folder/audit.jsonl".into()) };
    let error = within(5, "the start", async { Audit::new(store(), &settings).unwrap_err() }).await;
    assert!(error.starts_with("MCP_AUDIT_JSONL: /no/such/folder/audit.jsonl: "), "{error}");
}

#[tokio::test]
async fn a_file_of_another_state_gets_all_records_of_this_one_and_is_closed_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let foreign = export(&chain(9).await).await;
    fs::write(&path, foreign.join("\n") + "\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = store();
    let audit = Audit::new(store.clone(), &Settings { enabled: true, jsonl: Some(path.clone()) }).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for _ in 0..3 {
        audit.event(Event::new("test")).await.unwrap();
        audit.flush().await;
    }
    let lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(lines[..9], foreign);
    assert_eq!(lines[9..], export(&store).await);
}
