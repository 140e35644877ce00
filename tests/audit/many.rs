//! 100,000 records: every question has its index, and answers come in tens of milliseconds.

use std::time::Instant;

use flvx_mcp::{
    audit::verify::verify,
    store::audit::{Filter, NewRow},
};

use crate::{hands::store, support::within};

const RECORDS: i64 = 100_000;
const STEP_MS: i64 = 1_000;

fn row(number: i64) -> NewRow {
    let tool = ["node.list", "forward.list", "user.update", "node.delete", "tunnel.list"][number as usize % 5];
    let outcome = if number % 50 == 0 { "rejected" } else { "ok" };
    let time = number * STEP_MS;
    NewRow {
        time_ms: time,
        trace_id: format!("trace-{number}"),
        kind: "call".to_owned(),
        principal: format!("user-{}", number % 40),
        tool: tool.to_owned(),
        outcome: outcome.to_owned(),
        error: String::new(),
        targets: format!("|node={}|", number % 1_000),
        body: format!(
            "\"time\":{time},\"kind\":\"call\",\"principal\":\"user-{}\",\"tool\":\"{tool}\",\"arguments\":\"{}\"}}",
            number % 40,
            "x".repeat(400)
        ),
    }
}

#[tokio::test]
async fn a_hundred_thousand_records_are_searched_by_indices() {
    let store = store();
    let filling = Instant::now();
    for start in (0..RECORDS).step_by(10_000) {
        let rows: Vec<NewRow> = (start..start + 10_000).map(row).collect();
        within(120, "filling", store.append_audit(rows)).await.unwrap();
    }
    println!("{RECORDS} records were appended in {:.1} s", filling.elapsed().as_secs_f64());
    let text = |text: &str| Some(text.to_owned());
    let (since_ms, until_ms) = (Some(50_000 * STEP_MS), Some(60_000 * STEP_MS));
    for (what, filter, index, found) in [
        ("user", Filter { principal: text("user-7"), ..Filter::default() }, "audit_principal", 50),
        ("time", Filter { since_ms, until_ms, ..Filter::default() }, "audit_time", 50),
        ("tool", Filter { tool: text("node.delete"), ..Filter::default() }, "audit_tool", 50),
        (
            "user and time",
            Filter { principal: text("user-7"), since_ms, until_ms, ..Filter::default() },
            "audit_principal",
            50,
        ),
        (
            "tool and time",
            Filter { tool: text("node.delete"), since_ms, until_ms, ..Filter::default() },
            "audit_tool",
            50,
        ),
        ("outcome", Filter { outcome: text("rejected"), ..Filter::default() }, "audit_outcome", 50),
        ("error", Filter { error: text("forbidden"), ..Filter::default() }, "audit_error", 0),
        ("trace", Filter { trace_id: text("trace-4711"), ..Filter::default() }, "audit_trace", 1),
        ("a user nobody knows", Filter { principal: text("nobody"), ..Filter::default() }, "audit_principal", 0),
        ("target (looked through by time)", Filter { target: text("node=7"), ..Filter::default() }, "audit_time", 50),
        (
            "a target nobody knows (looked through)",
            Filter { target: text("node=5000"), ..Filter::default() },
            "audit_time",
            0,
        ),
    ] {
        let plan = store.explain_audit_search(filter.clone(), 50).await.unwrap().join("; ");
        assert!(plan.contains(&format!("USING INDEX {index}")), "{what}: {plan}");
        assert!(!plan.contains("TEMP B-TREE") || what == "trace", "{what}: {plan}");
        let started = Instant::now();
        assert_eq!(store.search_audit(filter, 50).await.unwrap().len(), found, "{what}");
        println!("search by {what}: {:.2} ms ({plan})", started.elapsed().as_secs_f64() * 1e3);
    }
    let started = Instant::now();
    let report = within(120, "verify", verify(&store, None)).await.unwrap();
    assert_eq!((report.records, report.count), (100_000, 0));
    println!("verify: {:.2} s", started.elapsed().as_secs_f64());
}
