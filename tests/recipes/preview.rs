//! Previews of every mutation: they only read, say what really happens, and tell one state from another.

mod predicted;
mod seen;
mod state;

use std::collections::BTreeSet;

use flvx_mcp::recipes::{self, Previewed};
use flvx_panel::{
    client::Credential,
    generated::ROUTES,
    spec::{Danger, Route},
};
use serde_json::{Map, Value, json};

use crate::world::{World, examples, mutations, object, recipe, route};

impl World {
    pub async fn preview(&self, route: &'static Route, request: &Map<String, Value>) -> Previewed {
        let seen = recipes::preview(&self.client, &self.credential(route), route, request, None).await;
        seen.unwrap_or_else(|error| panic!("{} with {request:?}: {error}", route.tool))
    }

    async fn told(&self, route: &'static Route, request: &Map<String, Value>, offered: &[&'static str]) -> Previewed {
        let offered: BTreeSet<&'static str> = offered.iter().copied().collect();
        let credential = self.credential(route);
        recipes::preview(&self.client, &credential, route, request, Some(&offered)).await.unwrap()
    }

    async fn fingerprint(&self, route: &'static Route, request: &Map<String, Value>) -> [u8; 32] {
        recipes::fingerprint(&self.client, &self.credential(route), route, request).await.unwrap()
    }
}

/// Every good example of every mutation, each for a fresh panel.
async fn all_examples() -> Vec<(&'static Route, usize)> {
    let mut all = Vec::new();
    for route in mutations() {
        let count = examples(&World::fresh().await, route).len();
        all.extend((0..count).map(|number| (route, number)));
    }
    all
}

#[tokio::test]
async fn a_preview_only_reads_and_is_the_same_twice() {
    let reads: BTreeSet<&str> =
        ROUTES.iter().filter(|route| route.danger <= Danger::Sensitive).map(|route| route.path).collect();
    let (mut previews, mut calls) = (0, 0);
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        let before = format!("{:?}", *world.panel.panel.state());
        let first = world.preview(route, &request).await;
        for (path, count) in world.panel.panel.calls() {
            assert!(reads.contains(path.as_str()), "{} calls {path}", route.tool);
            calls += count;
        }
        let second = world.preview(route, &request).await;
        assert_eq!(first, second, "{}", route.tool);
        assert_eq!(first.fingerprint(), world.fingerprint(route, &request).await, "{}", route.tool);
        assert_eq!(before, format!("{:?}", *world.panel.panel.state()), "{} changes the panel", route.tool);
        previews += 1;
    }
    println!("{previews} previews of {} mutations made {calls} reads and no change", mutations().count());
    assert!(previews >= 85, "{previews}");
}

/// Targets that have no name, with the reason.
const NAMELESS: [(&str, &str); 6] = [
    ("announcement.update", "there is one"),
    ("auth.captcha_verify", "a pass is known by nothing"),
    ("config.update", "the settings as a whole"),
    ("tunnel.user_assign", "an example takes a user and a tunnel that do not exist"),
    ("group.permission_assign", "an example links groups that do not exist"),
    ("backup.import", "an example holds a section without rows"),
];

#[tokio::test]
async fn every_preview_names_its_targets_and_says_what_a_person_must_know() {
    let (mut named, mut nameless, mut missing) = (0, 0, 0);
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        let seen = world.preview(route, &request).await;
        let tool = route.tool;
        let excused = NAMELESS.iter().any(|(known, _)| *known == tool) || tool == "backup.restore";
        assert!(!seen.targets.is_empty() || !seen.missing.is_empty() || excused, "{tool} {request:?}: {seen:?}");
        for target in &seen.targets {
            assert!(target.name.is_some() || excused, "{tool} {request:?} does not name {target:?}");
            if target.name.is_some() { named += 1 } else { nameless += 1 }
        }
        missing += seen.missing.len();
        assert!(seen.traps.len() + usize::from(route.danger < Danger::Dangerous) > 0, "{tool} has no trap");
        assert!(seen.duration.is_some(), "{tool} does not say how long");
        assert!(!seen.summary.is_empty() && seen.summary.len() < 2000 && !seen.confirm_phrase.is_empty(), "{tool}");
        assert!(seen.undo.possible != seen.undo.reason.is_some(), "{tool}: {:?}", seen.undo);
        let undo = recipe(route).undo.as_ref().unwrap();
        assert_eq!((&seen.undo.by, &seen.undo.loses), (&undo.tool, &undo.loses), "{tool}");
        if let [target] = &seen.targets[..]
            && let Some(name) = &target.name
            && !name.contains('\u{200b}')
            && name.chars().count() <= 60
        {
            assert_eq!(seen.confirm_phrase, name.trim(), "{tool}");
        }
    }
    println!("{named} targets named, {nameless} without a name, {missing} keys missing");
    assert!(named > 80, "{named}");
}

#[tokio::test]
async fn keys_that_are_not_there_are_said() {
    let (mut single, mut batches) = (0, 0);
    for route in mutations() {
        let Some(target) = &recipe(route).target else { continue };
        for (_, value) in target.matches.iter() {
            let Some(path) = value.as_str().and_then(|text| text.strip_prefix("$request.")) else { continue };
            let world = World::fresh().await;
            let mut request = examples(&world, route).remove(0);
            let made = world.preview(route, &request).await.targets.iter().any(|target| target.key.is_none());
            if made {
                continue;
            }
            let (list, inner) = path.split_once("[]").unwrap_or((path, ""));
            let lost = match (path.contains("[]"), inner.trim_start_matches('.')) {
                (false, _) => json!(9999),
                (true, "") => json!([request[list][0].clone(), 9999]),
                (true, key) => {
                    let mut other = request[list][0].clone();
                    other[key] = json!(9999);
                    json!([request[list][0].clone(), other])
                }
            };
            request.insert(list.to_owned(), lost);
            let seen = world.preview(route, &request).await;
            // A permission that is not there yet is made.
            if recipe(route).preview.as_ref().unwrap().makes.is_some() {
                assert!(seen.missing.is_empty() && seen.summary.contains("creates"), "{}: {seen:?}", route.tool);
                continue;
            }
            assert_eq!(seen.missing, [json!(9999)], "{}", route.tool);
            assert!(seen.summary.contains("not there: 9999"), "{}: {}", route.tool, seen.summary);
            match path.contains("[]") {
                false => {
                    let told = |warning: &String| warning.contains("nothing would change") || warning.contains("no ");
                    assert!(seen.warnings.iter().any(told) && seen.targets.is_empty(), "{}: {seen:?}", route.tool);
                    single += 1;
                }
                true => {
                    assert_eq!(seen.targets.len(), 1, "{}", route.tool);
                    batches += 1;
                }
            }
        }
    }
    println!("{single} routes and {batches} batches say what is missing");
    assert!(single > 25 && batches >= 10, "{single} {batches}");
}

#[tokio::test]
async fn an_ordinary_account_sees_what_it_may_and_is_told_the_rest() {
    let world = World::fresh().await;
    let credential = Credential::Token(world.panel.panel.token("zhangwei").unwrap().into());
    let request = object(json!({"id": 3}));
    let seen = recipes::preview(&world.client, &credential, route("forward.pause"), &request, None).await.unwrap();
    assert_eq!(seen.targets[0].name.as_deref(), Some("游戏加速-东京"));
    assert_eq!(
        (&seen.changes[0].fields[0].before, &seen.changes[0].fields[0].after),
        (&Some(json!(1)), &Some(json!(0)))
    );
    let told = "some of what hangs on it is not shown: this account may not call node.check_status, tunnel.list";
    assert_eq!(seen.warnings, [told]);
    let again = recipes::fingerprint(&world.client, &credential, route("forward.pause"), &request).await.unwrap();
    assert_eq!(seen.fingerprint(), again);
}

#[tokio::test]
async fn what_hangs_on_a_node_is_found_through_its_tunnels() {
    let world = World::fresh().await;
    let seen = world.preview(route("node.delete"), &object(json!({"id": 2}))).await;
    let counts: Vec<(&str, usize)> = seen.dependents.iter().map(|each| (each.label.as_str(), each.count)).collect();
    assert_eq!(
        counts,
        [
            ("tunnels with a middle hop here", 1),
            ("tunnels that leave here", 1),
            ("forwards of those tunnels", 5),
            ("federation shares of it", 1)
        ]
    );
    assert_eq!(seen.dependents[0].first[0].name.as_deref(), Some("HK→JP→DE 三跳链路"));
    assert_eq!(
        seen.summary,
        "deletes node \"Tokyo-Relay-02\" (id 2); tunnels with a middle hop here: 1; tunnels that leave here: 1; \
         forwards of those tunnels: 5; federation shares of it: 1"
    );
    assert_eq!(seen.confirm_phrase, "Tokyo-Relay-02");
    assert!(seen.undo.possible && !seen.undo.loses.is_empty());
}

#[tokio::test]
async fn what_the_caller_may_not_list_counts_for_the_state_and_is_not_told() {
    let world = World::fresh().await;
    let (node, request) = (route("node.delete"), object(json!({"id": 2})));
    let whole = world.preview(node, &request).await;
    let further = "what the caller may not list is not shown: things of other kinds may hang on it";
    let seen = world.told(node, &request, &["node.check_status", "node.delete"]).await;
    assert_eq!((seen.fingerprint(), &seen.confirm_phrase), (whole.fingerprint(), &whole.confirm_phrase));
    assert_eq!(seen.told_phrase.as_ref(), Some(&whole.confirm_phrase));
    assert_eq!((&seen.targets, &seen.changes), (&whole.targets, &whole.changes));
    assert_eq!(seen.summary, "deletes node \"Tokyo-Relay-02\" (id 2)");
    assert_eq!((seen.dependents.len(), &seen.warnings[..]), (0, &[further.to_owned()][..]));
    // One kind of them.
    let seen = world.told(node, &request, &["node.check_status", "tunnel.list"]).await;
    assert_eq!(seen.dependents[..], whole.dependents[..2]);
    assert!(!serde_json::to_string(&seen).unwrap().contains("forwards of those tunnels"));
    // Not even the target: only what the request says of it.
    let seen = world.told(node, &request, &["node.delete"]).await;
    assert_eq!((seen.fingerprint(), &seen.confirm_phrase), (whole.fingerprint(), &whole.confirm_phrase));
    assert_eq!(seen.summary, "deletes node 2");
    // The person who approves types its name all the same.
    assert_eq!(seen.told_phrase, None);
    let told = serde_json::to_string(&seen).unwrap();
    assert!(!told.contains(&whole.confirm_phrase) && !told.contains("confirm_phrase"), "{told}");
    let target = &seen.targets[0];
    assert_eq!((&target.key, &target.name, &target.current), (&Some(json!(2)), &None, &None));
    assert!(seen.changes.is_empty() && seen.dependents.is_empty(), "{seen:?}");
}

#[tokio::test]
async fn how_many_things_a_request_is_about_is_in_no_phrase_for_those_who_may_not_list_them() {
    let world = World::fresh().await;
    let row = world.read("backup.export", json!({"types": ["speedLimits"]})).await["speedLimits"][0].clone();
    let (mut one, mut other) = (row.clone(), row);
    (one["id"], other["id"]) = (json!(1), json!(2));
    let request = object(json!({"types": ["speedLimits"], "version": "1.0", "speedLimits": [one, other]}));
    let import = route("backup.import");
    let seen = world.told(import, &request, &["backup.import"]).await;
    assert_eq!((seen.confirm_phrase.as_str(), seen.told_phrase), ("2 speed limits", None));
    let seen = world.told(import, &request, &["backup.import", "backup.export"]).await;
    assert_eq!(seen.told_phrase.as_deref(), Some("2 speed limits"));
}

#[tokio::test]
async fn an_undo_by_calls_that_are_not_offered_is_none_and_names_no_tool() {
    let world = World::fresh().await;
    let (delete, request) = (route("forward.delete"), object(json!({"id": 3})));
    let all = [
        "forward.delete",
        "forward.list",
        "forward.create",
        "forward.batch_redeploy",
        "forward.batch_pause",
        "backup.import",
    ];
    let whole = world.preview(delete, &request).await.undo;
    assert_eq!((whole.possible, whole.by.as_deref()), (true, Some("backup.import")));
    assert_eq!(world.told(delete, &request, &all).await.undo, whole);
    // Neither the inverse nor a call that follows it may be missing.
    for missing in ["backup.import", "forward.batch_redeploy"] {
        let offered: Vec<&'static str> = all.into_iter().filter(|tool| *tool != missing).collect();
        let undo = world.told(delete, &request, &offered).await.undo;
        assert!(!undo.possible && undo.by.is_none() && !undo.lossless && undo.loses.is_empty(), "{undo:?}");
        let reason = undo.reason.unwrap();
        assert!(reason.contains("you may not make") && !reason.contains(['.', '_']), "{reason}");
    }
    // An account that can neither export nor import makes a new one, and that is what it is told.
    let credential = Credential::Token(world.panel.panel.token("zhangwei").unwrap().into());
    for (offered, by) in [(&all[..], Some("forward.create")), (&["forward.delete", "forward.list"][..], None)] {
        let offered: BTreeSet<&'static str> = offered.iter().copied().collect();
        let seen = recipes::preview(&world.client, &credential, delete, &request, Some(&offered)).await.unwrap();
        assert_eq!((seen.undo.possible, seen.undo.by.as_deref()), (by.is_some(), by), "{:?}", seen.undo);
    }
}

#[tokio::test]
async fn what_is_filled_in_comes_from_the_reads_that_the_fingerprint_covers() {
    let world = World::fresh().await;
    let seen = world.preview(route("node.update"), &object(json!({"id": 2, "name": "another"}))).await;
    assert!(seen.filled.contains(&"interfaceName".to_owned()), "{seen:?}");
    let calls = world.panel.panel.calls();
    assert_eq!(calls[route("backup.export").path], 1, "{calls:?}");
}

#[tokio::test]
async fn counters_are_zeroed_for_an_account_or_a_permission_by_the_type() {
    let world = World::fresh().await;
    let reset = route("user.reset_flow");
    let account = world.preview(reset, &object(json!({"id": 2, "type": 1}))).await;
    assert_eq!((account.targets[0].kind.as_str(), account.targets[0].name.as_deref()), ("user", Some("zhangwei")));
    assert_eq!(account.dependents[0].count, 3);
    let permission = world.preview(reset, &object(json!({"id": 5, "type": 2}))).await;
    let name = permission.targets[0].name.as_deref();
    assert_eq!((permission.targets[0].kind.as_str(), name), ("permission", Some("alice / HK-Tokyo 双程")));
    assert!(permission.dependents.is_empty(), "{:?}", permission.dependents);
}

#[tokio::test]
async fn of_a_large_document_the_first_rows_are_shown_and_all_are_counted() {
    let world = World::fresh().await;
    let row = world.read("backup.export", json!({"types": ["speedLimits"]})).await["speedLimits"][0].clone();
    let rows: Vec<Value> = (1..=150)
        .map(|id| {
            let mut row = row.clone();
            row["id"] = json!(id);
            row["speed"] = json!(7);
            row
        })
        .collect();
    let request = object(json!({"types": ["speedLimits"], "version": "1.0", "speedLimits": rows}));
    let seen = world.preview(route("backup.import"), &request).await;
    assert_eq!((seen.targets.len(), seen.confirm_phrase.as_str()), (100, "150 speed limits"));
    assert!(seen.summary.starts_with("creates 147 speed limits ("), "{}", seen.summary);
    assert_eq!(seen.warnings, ["50 of the targets are not shown one by one"]);
    assert!(seen.changes.iter().all(|change| change.target.unwrap() < 100));
}

#[tokio::test]
async fn nothing_hangs_on_what_is_not_there() {
    let world = World::fresh().await;
    let request =
        json!({"id": 9999, "flow": 1, "num": 1, "expTime": 1, "flowResetTime": 1, "speedId": null, "status": 1});
    let seen = world.preview(route("tunnel.user_update"), &object(request)).await;
    assert_eq!((seen.missing, seen.dependents), (vec![json!(9999)], vec![]));
    assert_eq!(seen.summary, "changes nothing; not there: 9999");
}

#[tokio::test]
async fn an_update_that_changes_nothing_says_so() {
    let world = World::fresh().await;
    let seen = world.preview(route("group.user_update"), &object(json!({"id": 2, "name": "trial users"}))).await;
    assert!(seen.changes.is_empty(), "{:?}", seen.changes);
    assert_eq!(seen.warnings, ["no stored value would change: every one is already as it was asked for"]);
    assert_eq!(seen.filled, ["status"]);
}
