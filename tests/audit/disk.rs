//! A full disk: changes are refused before they are sent, reads go on, and the gap is part of the record.

use std::time::Duration;

use flvx_mcp::{
    audit::{Event, verify::verify},
    store::audit::Filter,
};
use serde_json::{Value, json};

use crate::{
    hands::{audit, file, json as read, recorded, store},
    support::{World, within},
};

fn announce(number: usize) -> Value {
    json!({ "request": { "content": "x".repeat(2_000), "enabled": 1 }, "idempotency_key": format!("announce-{number}") })
}

#[tokio::test]
async fn a_full_disk_refuses_changes_and_answers_reads_and_tells_of_the_gap() {
    let world = World::start().await;
    assert_eq!(world.call("announcement.update", announce(0)).await["ok"], true);
    let store = world.gateway.store().clone();
    let pages: u32 = file(&store).pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.limit_pages(pages).await.unwrap();
    let mut refused = None;
    for number in 1..200 {
        let asked = world.asked("/api/v1/announcement/update");
        let result = world.call("announcement.update", announce(number)).await;
        if result["error"]["kind"] == "record_unavailable" {
            assert_eq!(world.asked("/api/v1/announcement/update"), asked, "the panel never saw it");
            refused = Some((number, result));
            break;
        }
        assert_eq!(result["ok"], true, "{result}");
    }
    let (number, refused) = refused.expect("the disk is full at some time");
    assert_eq!(refused["outcome"], "rejected");
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("record") && message.contains("change"), "{refused}");
    assert!(refused["error"]["hint"].as_str().unwrap().contains("operator"), "{refused}");
    for _ in 0..30 {
        assert_eq!(world.call("node.list", json!({})).await["ok"], true, "reads go on");
    }
    world.gateway.audit().flush().await;
    // The disk has room again.
    store.limit_pages(1_000_000).await.unwrap();
    // The first change, those until the disk was full, the one that was refused, and the reads: each is recorded or counted. On
    // a slow machine the room that is left can be enough for a first count.
    let calls = 1 + number as u64 + 30;
    let lost = within(20, "the record of what was lost", async {
        loop {
            let records = recorded(&world.gateway).await;
            let kept = records.iter().filter(|record| record["kind"] == "call").count() as u64;
            let lost: Vec<_> = records.into_iter().filter(|record| record["kind"] == "lost").collect();
            let count: u64 = lost.iter().map(|lost| lost["details"]["records"].as_u64().unwrap()).sum();
            assert!(kept + count <= calls, "{lost:?}");
            if count >= 1 && kept + count == calls {
                break lost;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for lost in &lost {
        assert!(lost["details"]["from_ms"].as_i64() <= lost["details"]["to_ms"].as_i64(), "{lost}");
    }
    let again = world.call("announcement.update", announce(number)).await;
    assert_eq!(again["outcome"], "done", "the same key works again: {again}");
    assert_eq!(verify(&store, None).await.unwrap().count, 0);
}

#[tokio::test]
async fn records_are_counted_also_when_whoever_had_them_written_hangs_up() {
    let store = store();
    let audit = audit(&store);
    audit.event(Event::new("test")).await.unwrap();
    let pages: u32 = file(&store).pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    store.limit_pages(pages).await.unwrap();
    for _ in 0..100 {
        audit.note(Event::new("test").with("text", "x".repeat(400)));
    }
    tokio::select! {
        biased;
        () = audit.catch_up() => {}
        () = std::future::ready(()) => {}
    }
    audit.catch_up().await;
    store.limit_pages(1_000_000).await.unwrap();
    let lost = within(10, "the record of what was lost", async {
        loop {
            let filter = Filter { kind: Some("lost".to_owned()), ..Filter::default() };
            if let Some(lost) = store.search_audit(filter, 1).await.unwrap().first() {
                break read(lost);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(lost["details"]["records"], 100, "{lost}");
}
