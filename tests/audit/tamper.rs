//! Whoever changes the record in the file is found out: every byte of every column of every record, rows taken out, moved or
//! added, at either end or in the middle.

use flvx_mcp::{
    audit::verify::{Damage, Fault, Report, verify},
    store::{Store, audit::End},
};
use rusqlite::{Connection, params, types::Value};

use crate::{
    hands::{chain, file},
    support::within,
};

const COLUMNS: &[&str] =
    &["time_ms", "trace_id", "kind", "principal", "tool", "outcome", "error", "targets", "record", "hash"];

async fn report(store: &Store) -> Report {
    verify(store, None).await.unwrap()
}

/// Damages without those that SQLite tells of its own file.
fn faults(report: &Report) -> Vec<(i64, Fault)> {
    report.damages.iter().map(|damage: &Damage| (damage.seq, damage.fault.clone())).collect()
}

fn cell(file: &Connection, column: &str, seq: i64) -> Value {
    file.query_row(&format!("SELECT {column} FROM audit WHERE seq = ?1"), [seq], |row| row.get(0)).unwrap()
}

/// Writes bytes as a text, whether they are one or not.
fn put(file: &Connection, column: &str, seq: i64, value: &Value) {
    match value {
        Value::Text(text) => {
            file.execute(&format!("UPDATE audit SET {column} = ?1 WHERE seq = ?2"), params![text, seq]).unwrap()
        }
        other => file.execute(&format!("UPDATE audit SET {column} = ?1 WHERE seq = ?2"), params![other, seq]).unwrap(),
    };
}

#[tokio::test]
async fn a_flipped_byte_is_found_wherever_it_is() {
    let store = chain(4).await;
    let file = file(&store);
    assert_eq!(faults(&report(&store).await), []);
    let mut flipped = 0;
    for seq in 1..=4 {
        for column in COLUMNS {
            let original = cell(&file, column, seq);
            let bytes = match &original {
                Value::Integer(number) => number.to_be_bytes().to_vec(),
                Value::Text(text) => text.clone().into_bytes(),
                Value::Blob(bytes) => bytes.clone(),
                other => panic!("{column} is {other:?}"),
            };
            for at in 0..bytes.len() {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << (at % 8);
                match &original {
                    Value::Integer(_) => {
                        put(&file, column, seq, &Value::Integer(i64::from_be_bytes(bad.try_into().unwrap())))
                    }
                    Value::Text(_) => {
                        let sql = format!("UPDATE audit SET {column} = CAST(?1 AS TEXT) WHERE seq = ?2");
                        file.execute(&sql, params![bad, seq]).unwrap();
                    }
                    _ => put(&file, column, seq, &Value::Blob(bad)),
                }
                let found = report(&store).await;
                let places = faults(&found);
                assert_eq!(places.len(), 1, "{column} of {seq}, byte {at}: {places:?}");
                assert!(
                    places[0].0 == seq && matches!(places[0].1, Fault::Changed | Fault::Moved(_)),
                    "{column} of {seq}, byte {at}: {places:?}"
                );
                flipped += 1;
            }
            put(&file, column, seq, &original);
        }
    }
    assert_eq!(faults(&report(&store).await), []);
    println!(
        "{flipped} bytes of {} columns in 4 records were flipped one at a time, and each was found",
        COLUMNS.len()
    );
    assert!(flipped > 1_500, "{flipped}");
}

#[tokio::test]
async fn a_column_of_another_type_is_found() {
    let store = chain(2).await;
    let file = file(&store);
    for column in COLUMNS {
        let original = cell(&file, column, 1);
        let other = match &original {
            Value::Text(text) => Value::Blob(text.clone().into_bytes()),
            Value::Integer(number) => Value::Text(number.to_string() + "x"),
            Value::Blob(_) => Value::Integer(7),
            other => panic!("{other:?}"),
        };
        put(&file, column, 1, &other);
        let found = faults(&report(&store).await);
        assert!(found.contains(&(1, Fault::Changed)), "{column}: {found:?}");
        put(&file, column, 1, &original);
    }
}

/// Does it to a fresh chain of nine records and tells what is found.
async fn after(tampering: &str) -> Vec<(i64, Fault)> {
    let store = chain(9).await;
    file(&store).execute_batch(tampering).unwrap();
    faults(&report(&store).await)
}

#[tokio::test]
async fn rows_that_are_taken_out_are_missed_wherever_they_were() {
    // Whether the row behind a gap was touched as well nobody can tell any more.
    assert_eq!(after("DELETE FROM audit WHERE seq = 1").await, [(1, Fault::Missing(1)), (2, Fault::Unproven)]);
    assert_eq!(after("DELETE FROM audit WHERE seq IN (4, 5)").await, [(4, Fault::Missing(5)), (6, Fault::Unproven)]);
    assert_eq!(after("DELETE FROM audit WHERE seq = 9").await, [(9, Fault::CutOff(9))]);
    assert_eq!(after("DELETE FROM audit WHERE seq > 3").await, [(4, Fault::CutOff(9))]);
    assert_eq!(after("DELETE FROM audit").await, [(1, Fault::CutOff(9))]);
    // Whoever takes the numbers along moves records.
    let moved = after("DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = seq - 1 WHERE seq > 4").await;
    let names: Vec<i64> = moved.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(moved[0], (4, Fault::Moved(5)), "{moved:?}");
    assert_eq!(names, [4, 5, 6, 7, 8, 9], "{moved:?}");
}

#[tokio::test]
async fn rows_that_change_places_are_named() {
    let swap = |one: i64, two: i64| {
        format!(
            "UPDATE audit SET seq = -1 WHERE seq = {one}; UPDATE audit SET seq = {one} WHERE seq = {two}; UPDATE audit SET seq = {two} WHERE seq = -1"
        )
    };
    for (one, two) in [(4, 5), (2, 8), (1, 9)] {
        let found = after(&swap(one, two)).await;
        assert!(found.contains(&(one, Fault::Moved(two))) && found.contains(&(two, Fault::Moved(one))), "{found:?}");
        assert!(found.iter().all(|(seq, _)| [one, two, one + 1, two + 1].contains(seq)), "{found:?}");
    }
}

#[tokio::test]
async fn rows_that_were_never_written_are_found() {
    let copy = |seq: i64| {
        format!(
            "INSERT INTO audit SELECT {seq}, time_ms, trace_id, kind, principal, tool, outcome, error, targets, record, hash FROM audit WHERE seq = 5"
        )
    };
    assert_eq!(after(&copy(10)).await, [(10, Fault::Moved(5)), (10, Fault::Inserted)]);
    assert_eq!(after(&copy(0)).await, [(0, Fault::Inserted)]);
    assert_eq!(after(&copy(-7)).await, [(-7, Fault::Inserted)]);
    assert_eq!(after(&copy(i64::MIN)).await, [(i64::MIN, Fault::Inserted)], "the smallest number is looked at too");
    assert_eq!(
        after(&copy(i64::MAX)).await,
        [(10, Fault::Missing(i64::MAX - 1)), (i64::MAX, Fault::Unproven), (10, Fault::Inserted)],
        "and the largest"
    );
    let between = format!(
        "UPDATE audit SET seq = -seq WHERE seq > 3; UPDATE audit SET seq = 1 - seq WHERE seq < 0; {}",
        copy(4).replace("seq = 5", "seq = 6")
    );
    let found = after(&between).await;
    assert_eq!(found[0], (4, Fault::Moved(5)), "{found:?}");
}

#[tokio::test]
async fn a_trigger_in_the_file_swallows_no_record() {
    let store = chain(3).await;
    file(&store)
        .execute_batch(
            "CREATE TRIGGER hush BEFORE INSERT ON audit WHEN NEW.principal = 'mallory' BEGIN SELECT RAISE(IGNORE); END;
             CREATE TRIGGER hush_end BEFORE INSERT ON audit_end BEGIN SELECT RAISE(IGNORE); END;",
        )
        .unwrap();
    // Also not by a store that is opened afterwards.
    let again = Store::open(store.folder().clone()).unwrap();
    for store in [&store, &again] {
        let event = flvx_mcp::audit::Event::new("test").by("mallory", None);
        crate::hands::audit(store).event(event).await.unwrap();
    }
    let found = report(&store).await;
    assert_eq!((found.records, found.head.seq, faults(&found)), (5, 5, vec![]));
}

#[tokio::test]
async fn behind_the_largest_number_nothing_is_written_and_nothing_breaks() {
    let store = chain(3).await;
    let end = i64::MAX;
    file(&store)
        .execute_batch(&format!("UPDATE audit SET seq = {end} WHERE seq = 3; UPDATE audit_end SET seal = zeroblob(32)"))
        .unwrap();
    let audit = crate::hands::audit(&store);
    let refused = within(5, "a record", audit.event(flvx_mcp::audit::Event::new("test"))).await.unwrap_err();
    assert!(refused.to_string().contains("the record cannot be kept"), "{refused}");
    assert!(report(&store).await.count > 0);
}

#[tokio::test]
async fn the_ends_cannot_be_moved() {
    for (tampering, fault) in [
        ("UPDATE audit_end SET seq = 8; DELETE FROM audit WHERE seq = 9", (8, Fault::HeadBroken)),
        ("UPDATE audit_end SET time_ms = time_ms + 1", (9, Fault::HeadBroken)),
        ("UPDATE audit_end SET seal = zeroblob(32)", (9, Fault::HeadBroken)),
        ("UPDATE audit_end SET hash = x'00'", (9, Fault::HeadBroken)),
        ("DELETE FROM audit_end", (9, Fault::HeadMissing)),
        (
            "INSERT INTO audit_end SELECT 'anchor', 3, (SELECT hash FROM audit WHERE seq = 3), time_ms, seal FROM audit_end; DELETE FROM audit WHERE seq <= 3",
            (0, Fault::AnchorBroken),
        ),
    ] {
        let found = after(tampering).await;
        assert!(found.contains(&fault), "{tampering}: {found:?}");
    }
}

#[tokio::test]
async fn what_was_cut_off_stays_missing_when_more_is_written() {
    for tampering in ["DELETE FROM audit WHERE seq > 5", "DELETE FROM audit WHERE seq > 5; DELETE FROM audit_end"] {
        let store = chain(9).await;
        file(&store).execute_batch(tampering).unwrap();
        let audit = crate::hands::audit(&store);
        for _ in 0..3 {
            audit.event(flvx_mcp::audit::Event::new("test")).await.unwrap();
        }
        let found = report(&store).await;
        let missing = |fault: &Fault| matches!(fault, Fault::Missing(_));
        assert!(faults(&found).iter().any(|(seq, fault)| *seq == 6 && missing(fault)), "{tampering}: {found:?}");
    }
}

#[tokio::test]
async fn a_chain_that_was_made_anew_is_found_by_a_head_that_was_noted() {
    let store = chain(6).await;
    let End::Sealed { link, .. } = store.audit_ends().await.unwrap().head else { panic!("a head") };
    let good = verify(&store, Some(link)).await.unwrap();
    assert_eq!((good.count, good.expected), (0, flvx_mcp::audit::verify::Expected::Found));
    // With the key at hand everything can be written again.
    file(&store).execute_batch("DELETE FROM audit; DELETE FROM audit_end").unwrap();
    let audit = crate::hands::audit(&store);
    for _ in 0..6 {
        audit.event(flvx_mcp::audit::Event::new("forged")).await.unwrap();
    }
    assert_eq!(report(&store).await.count, 0, "by itself it looks whole");
    let found = verify(&store, Some(link)).await.unwrap();
    assert_eq!(faults(&found), [(6, Fault::NotAsNoted)]);
}

#[tokio::test]
async fn an_index_that_hides_a_record_is_found() {
    let store = chain(9).await;
    // The index is taken out of the schema while records are written, and put back: it knows nothing of them then.
    let (page, sql): (i64, String) = file(&store)
        .query_row("SELECT rootpage, sql FROM sqlite_schema WHERE name = 'audit_tool'", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let edit = |store: &Store, statement: &str, values: &[&dyn rusqlite::ToSql]| {
        let file = file(store);
        file.pragma_update(None, "writable_schema", true).unwrap();
        assert_eq!(file.execute(statement, values).unwrap(), 1);
        // Others notice the change by the schema's version.
        let version: i64 = file.pragma_query_value(None, "schema_version", |row| row.get(0)).unwrap();
        file.pragma_update(None, "schema_version", version + 1).unwrap();
    };
    edit(&store, "DELETE FROM sqlite_schema WHERE name = 'audit_tool'", &[]);
    let between = Store::open(store.folder().clone()).unwrap();
    crate::hands::audit(&between).event(flvx_mcp::audit::Event::new("hidden")).await.unwrap();
    let put_back = "INSERT INTO sqlite_schema VALUES ('index', 'audit_tool', 'audit', ?1, ?2)";
    edit(&store, put_back, &[&page, &sql]);
    let again = Store::open(store.folder().clone()).unwrap();
    let found = within(20, "verify", verify(&again, None)).await.unwrap();
    assert!(
        found
            .damages
            .iter()
            .any(|damage| matches!(&damage.fault, Fault::Database(line) if line.contains("audit_tool"))),
        "{found:?}"
    );
}
