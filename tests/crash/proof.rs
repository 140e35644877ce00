//! What must be true after a change was broken off, whatever the point: one effect at most, the right answer, a token that
//! opens nothing more, a whole record, and nothing that is still under way.

use std::collections::{BTreeMap, BTreeSet};

use flvx_mcp::{
    audit::verify::verify,
    store::{LedgerFilter, Stage, audit::Filter},
};
use serde_json::{Value, json};

use crate::{
    life::{KEY, Life, call},
    scene::Scene,
    support::Program,
};

/// How the panel looks, without times.
pub fn state(life: &Life) -> Value {
    let state = life.sandbox.panel.state();
    let mut whole = json!({ "tables": state.tables(), "agents": flvx_sandbox::agents::show(&state) });
    without_times(&mut whole);
    whole
}

fn without_times(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !key.to_lowercase().ends_with("time"));
            object.values_mut().for_each(without_times);
        }
        Value::Array(rows) => rows.iter_mut().for_each(without_times),
        _ => {}
    }
}

/// How the panel looks before the change and after it, when nothing goes wrong.
pub struct Undisturbed {
    pub before: Value,
    pub after: Value,
    effects: u64,
    steps: usize,
}

pub async fn undisturbed(scene: Scene) -> Undisturbed {
    let (life, mut gateway) = Life::begin(scene).await;
    let before = state(&life);
    let result = call(&mut gateway, life.tool, &life.arguments);
    assert_eq!(result["outcome"], "done", "{}: {result}", scene.name);
    let after = state(&life);
    assert_ne!(before, after, "{}", scene.name);
    let again = call(&mut gateway, life.tool, &life.arguments);
    assert_eq!(again["outcome"], "replayed", "{}: {again}", scene.name);
    let steps = steps(&life).await;
    Undisturbed { before, after, effects: life.effects(), steps }
}

/// How many panel calls of the change can be taken back, as the ledger has it.
async fn steps(life: &Life) -> usize {
    let row = life.row(&life.store()).await.unwrap();
    let steps: Vec<Value> = serde_json::from_str(row.undo.as_deref().unwrap_or("[]")).unwrap();
    steps.len()
}

/// Holds everything that must be true against the end of a run.
pub async fn check(life: &Life, gateway: &mut Program, result: &Value, usual: &Undisturbed, place: &str) {
    let place = format!("{} {place}", life.scene.name);
    assert!(life.most() <= 1, "{place}: the panel saw it {} times: {result}", life.most());
    let now = state(life);
    match result["outcome"].as_str().unwrap() {
        "done" | "replayed" => {
            assert_eq!(life.effects(), usual.effects, "{place}: {result}");
            assert_eq!(now, usual.after, "{place}: {result}");
            assert_eq!(result["ok"], true, "{place}: {result}");
            if life.scene.proves {
                assert_eq!(result["verified"], true, "{place}: {result}");
            }
            assert_eq!(steps(life).await, usual.steps, "{place}: it can be taken back as always: {result}");
        }
        "unknown" => {
            assert!(!life.scene.proves, "{place}: reading would have told: {result}");
            assert!(life.effects() > 0 || now == usual.before, "{place}: {result}");
        }
        other => panic!("{place}: ended as {other}: {result}"),
    }
    token_is_used_up(life, gateway, &place);
    record_is_whole(life, &place).await;
}

fn token_is_used_up(life: &Life, gateway: &mut Program, place: &str) {
    if life.arguments["confirm_token"].is_null() {
        return;
    }
    let (effects, mut other) = (life.effects(), life.arguments.clone());
    other["idempotency_key"] = "another-key-0001".into();
    let refused = call(gateway, life.tool, &other);
    let kind = refused["error"]["kind"].as_str().unwrap_or_default();
    assert!(["confirmation_rejected", "no_inverse"].contains(&kind), "{place}: {refused}");
    other["request"] = life.scene.request();
    other["request"]["id"] = 2.into();
    let refused = call(gateway, life.scene.tool, &other);
    assert_eq!(refused["outcome"], "rejected", "{place}: {refused}");
    assert_eq!(life.effects(), effects, "{place}: a used token opened something");
}

async fn record_is_whole(life: &Life, place: &str) {
    let store = life.store();
    let report = verify(&store, None).await.unwrap();
    assert_eq!(report.damages, [], "{place}");
    let rows = store.audit_in_order(Filter::default(), usize::MAX).await.unwrap();
    let mut intents: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let row: Value = serde_json::from_str(&row.record).unwrap();
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        intents.entry(text("kind")).or_default().insert(text("trace_id"));
    }
    let intents = intents.remove("intent").unwrap_or_default();
    let changes = store.ledger_rows(LedgerFilter { limit: 500, ..LedgerFilter::default() }).await.unwrap();
    for change in changes {
        assert_eq!(change.stage, Stage::Settled, "{place}: {change:?} is still under way");
        // Between the ledger's word and the intent's nothing is sent yet.
        if change.outcome.as_deref() == Some("done")
            || (life.effects() > 0 && change.key.key == KEY && change.sent_ms.is_some() && !life.scene.proves)
        {
            assert!(intents.contains(&change.trace_id), "{place}: {} has no intent", change.trace_id);
        }
    }
}
