//! What a caller leaves out of an update stays as it was, although the panel would reset it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    hands::{Counts, World, all_examples, examples},
    whole::{differences, whole},
};

/// A name without its spelling: `flowResetTime` and `flow_reset_time` are the same.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_update_changes_nothing_and_an_update_only_what_it_names() {
    let mut counts = Counts::default();
    for (route, number) in all_examples().await {
        let entry: Value = serde_json::from_str(route.entry).unwrap();
        if entry["merge"].is_null() {
            continue;
        }
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        let start = whole(world.panel());
        let told = world.apply(route.tool, &request, "merge-0001").await;
        assert_eq!(told["outcome"], "done", "{}: {told}", route.tool);
        let named: BTreeSet<String> = request.keys().map(|key| plain(key)).collect();
        let left = differences(&start, &whole(world.panel()));
        // Fields of the target's own row; what follows from the change elsewhere is the panel's business.
        let key = format!("[{}].", request.get("id").cloned().unwrap_or_default());
        let strays: Vec<&String> = left
            .iter()
            .filter(|difference| {
                let path = difference.split(": ").next().unwrap();
                let table = path.split(&key).next().unwrap();
                let field = path.rsplit('.').next().unwrap();
                path.contains(&key) && own_table(route.tool, table) && !named.contains(&plain(field))
            })
            .collect();
        counts.hold("updates that changed only what they name", strays.is_empty(), || {
            format!("{} {}: {strays:?}", route.tool, json!(request))
        });
    }
    counts.tell("merges:");
    assert!(counts.of("updates that changed only what they name") >= 5);
}

/// Whether a table is the one that holds the rows of a tool's domain.
fn own_table(tool: &str, table: &str) -> bool {
    let last = table.rsplit('.').next().unwrap();
    let domain = tool.split('.').next().unwrap();
    last.trim_end_matches('s') == domain || last.contains(domain)
}
