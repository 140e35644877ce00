//! Old records go, and what is left can still be proven.

use flvx_mcp::{
    audit::{
        now_ms, prune,
        verify::{Expected, Fault, verify},
    },
    store::audit::{Filter, Stopped},
};
use serde_json::json;

use crate::hands::{audit, chain, file, json as read};

#[tokio::test]
async fn what_is_left_after_pruning_can_be_proven_and_the_pruning_is_recorded() {
    let store = chain(1_200).await;
    let rows = store.audit_in_order(Filter::default(), usize::MAX).await.unwrap();
    let old = rows[999].link;
    let (records, damaged) = prune(&store, &audit(&store), now_ms() + 1_000, Some("root")).await.unwrap();
    assert_eq!((records, damaged), (1_200, None));
    let report = verify(&store, None).await.unwrap();
    assert_eq!((report.anchor.seq, report.head.seq, report.records, report.count), (1_200, 1_201, 1, 0), "{report:?}");
    let event = read(&store.audit_in_order(Filter::default(), 1).await.unwrap()[0]);
    assert_eq!(
        (&event["kind"], &event["details"]["records"], &event["details"]["last_seq"]),
        (&json!("pruned"), &json!(1_200), &json!(1_200))
    );
    assert_eq!(
        (&event["principal"], &event["via"], &event["details"]["decided_by"]),
        (&json!("local"), &json!("command"), &json!("root"))
    );
    assert_eq!(verify(&store, Some(old)).await.unwrap().expected, Expected::Pruned);
    let anchor = rows[1_199].link;
    assert_eq!(verify(&store, Some(anchor)).await.unwrap().expected, Expected::Found);
    file(&store).execute("DELETE FROM audit_end WHERE which = 'anchor'", []).unwrap();
    let report = verify(&store, None).await.unwrap();
    assert_eq!(report.damages[0].fault, Fault::Missing(1_200), "an anchor that is gone hides nothing");
}

#[tokio::test]
async fn only_what_is_old_enough_goes_and_only_in_small_steps() {
    let store = chain(20).await;
    let first = read(&store.audit_in_order(Filter::default(), 1).await.unwrap()[0])["time"].as_i64().unwrap();
    assert_eq!(prune(&store, &audit(&store), first, None).await.unwrap(), (0, None));
    let step = store.prune_audit(now_ms() + 1_000, now_ms(), 8).await.unwrap();
    assert_eq!((step.rows, step.last, step.stopped), (8, 8, None));
    let step = store.prune_audit(now_ms() + 1_000, now_ms(), 50).await.unwrap();
    assert_eq!((step.rows, step.last, step.stopped), (12, 20, Some(Stopped::Done)));
    assert_eq!(verify(&store, None).await.unwrap().count, 0);
}

#[tokio::test]
async fn what_is_damaged_is_never_pruned_away() {
    let store = chain(20).await;
    file(&store).execute("UPDATE audit SET principal = 'mallory' WHERE seq = 7", []).unwrap();
    let (records, damaged) = prune(&store, &audit(&store), now_ms() + 1_000, None).await.unwrap();
    assert_eq!((records, damaged), (6, Some(7)));
    let report = verify(&store, None).await.unwrap();
    assert_eq!((report.count, report.damages[0].seq), (1, 7), "{report:?}");
}
