//! One chain, whoever writes: many tasks, several processes, a walk while others write and prune.

use std::time::Duration;

use flvx_mcp::{
    audit::{Event, Record, verify::verify},
    result::CallOutput,
    store::{Store, audit::Filter},
};

use crate::{
    hands::{audit, chain, json, recorded, somebody, store, tool},
    support::{World, within},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_stores_on_one_folder_keep_one_chain() {
    let first = store();
    let stores: Vec<Store> =
        (0..3).map(|_| Store::open(first.folder().clone()).unwrap()).chain([first.clone()]).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for (number, store) in stores.into_iter().enumerate() {
        tasks.spawn(async move {
            let audit = audit(&store);
            let caller = somebody(&format!("user-{number}"));
            for call in 0..50 {
                let record = Record::new(&format!("trace-{number}-{call}"), &caller, &tool("user.update"));
                audit.intent(&record).await.unwrap();
                audit.write(record, &CallOutput::default(), Duration::ZERO).await.unwrap();
                audit.note(Event::new("test"));
            }
            audit.flush().await;
        });
    }
    // A walk while they write sees a chain that fits at each moment.
    for _ in 0..20 {
        let report = verify(&first, None).await.unwrap();
        assert_eq!(report.damages, []);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    within(60, "the writers", tasks.join_all()).await;
    let report = verify(&first, None).await.unwrap();
    assert_eq!((report.records, report.head.seq, report.count), (600, 600, 0));
}

#[tokio::test]
async fn a_read_is_recorded_soon_without_anybody_waiting_for_it() {
    let world = World::start().await;
    world.call("announcement.get", serde_json::json!({})).await;
    within(5, "the read's record", async {
        while world.gateway.store().audit_in_order(Filter::default(), 1).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(recorded(&world.gateway).await.len(), 1);
}

#[tokio::test]
async fn a_thing_whose_kind_has_two_words_is_found_as_the_table_shows_it() {
    let store = chain(2).await;
    let mut record = Record::new("trace-3", &somebody("alice"), &tool("group.user_delete"));
    record.target("user group", "3", None);
    audit(&store).write(record, &CallOutput::default(), Duration::ZERO).await.unwrap();
    for target in ["user group=3", "user_group=3"] {
        let filter = Filter { target: Some(target.to_owned()), ..Filter::default() };
        assert_eq!(store.search_audit(filter, 10).await.unwrap().len(), 1, "{target}");
    }
}

#[tokio::test]
async fn records_are_found_by_each_of_their_sides() {
    let store = chain(10).await;
    let of = async |filter: Filter| -> Vec<i64> {
        store.search_audit(filter, 100).await.unwrap().iter().map(|row| row.link.seq).collect()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(of(Filter { tool: text("node.delete"), ..Filter::default() }).await, [9, 7, 5, 3, 1]);
    assert_eq!(of(Filter { tool: text("user.*"), ..Filter::default() }).await, [10, 8, 6, 4, 2]);
    assert_eq!(of(Filter { tool: text("user*"), target: text("node=3"), ..Filter::default() }).await, [4]);
    assert_eq!(of(Filter { target: text("node=33"), ..Filter::default() }).await, Vec::<i64>::new());
    assert_eq!(of(Filter { trace_id: text("trace-7"), ..Filter::default() }).await, [8]);
    assert_eq!(of(Filter { principal: text("bob"), ..Filter::default() }).await, Vec::<i64>::new());
    assert_eq!(of(Filter { outcome: text("ok"), kind: text("call"), ..Filter::default() }).await.len(), 10);
    let all = store.audit_in_order(Filter::default(), 100).await.unwrap();
    let time = json(&all[0])["time"].as_i64();
    assert_eq!(of(Filter { until_ms: time.map(|time| time - 1), ..Filter::default() }).await, Vec::<i64>::new());
    assert_eq!(of(Filter { since_ms: time, ..Filter::default() }).await.len(), 10);
    assert_eq!(store.search_audit(Filter::default(), 3).await.unwrap().len(), 3);
}
