//! Every example of every change, from preview to the undo of its undo, in one process and with the gateway started anew
//! between all steps.

use std::os::unix::fs::PermissionsExt as _;

use flvx_mcp::{access::AuditSight, gateway::PREVIEWS, store::Decision};
use flvx_panel::spec::{Danger, Route};
use serde_json::{Map, Value, json};

use crate::{
    hands::{Counts, World, all_examples, arguments, call, danger, examples, mutations, others, somebody},
    support::object,
    whole::{ANNOUNCED, differences, whole},
};

/// Whether the gateway is started anew between the steps.
#[derive(Clone, Copy, PartialEq)]
enum Restart {
    Never,
    Always,
}

struct Walk {
    world: World,
    restart: Restart,
    route: &'static Route,
    request: Map<String, Value>,
}

impl Walk {
    fn place(&self, told: &Value) -> String {
        format!("{} {}: {told}", self.route.tool, json!(self.request))
    }

    fn pause(&mut self) {
        if self.restart == Restart::Always {
            self.world.restart();
        }
    }

    /// Under each of its three names a preview reads only, and gives a token exactly when one is demanded. Gives the last one.
    async fn previews(&mut self, counts: &mut Counts) -> Option<String> {
        let names = PREVIEWS.iter().find(|preview| preview.route.tool == self.route.tool).unwrap();
        let whole_call = json!({ "request": { "tool": self.route.tool, "request": self.request } });
        let own = json!({ "request": self.request });
        let start = whole(self.world.panel());
        let mut token = None;
        for (name, arguments) in
            [(names.name.as_str(), &own), (names.wire_name.as_str(), &own), ("ops.preview", &whole_call)]
        {
            let told = self.world.call(name, arguments.clone()).await;
            let still = whole(self.world.panel()) == start && self.world.changes() == 0;
            counts.hold("previews that changed nothing", told["ok"] == true && still, || self.place(&told));
            token = told["data"]["confirm_token"].as_str().map(str::to_owned);
            let gated = danger(self.route, &self.request) >= Danger::Dangerous;
            let what = if gated {
                "previews with the token that is demanded"
            } else {
                "previews without a token, as none is demanded"
            };
            counts.hold(
                what,
                token.is_some() == gated && told["data"]["danger"] == danger(self.route, &self.request).word(),
                || self.place(&told),
            );
        }
        token
    }

    /// Runs it; a critical one waits for a person first.
    async fn apply(&mut self, token: Option<&str>, counts: &mut Counts) -> Value {
        let whole_call = arguments(&self.request, "table-0001", token);
        let mut told = self.world.call(self.route.tool, whole_call.clone()).await;
        if danger(self.route, &self.request) == Danger::Critical {
            let waits = told["error"]["kind"] == "approval_required"
                && told["awaits"]["phrase"].is_string()
                && self.world.changes() == 0;
            counts.hold("critical calls that waited for a person", waits, || self.place(&told));
            self.pause();
            self.world.decide(&told, Decision::Approved).await;
            self.pause();
            told = self.world.call(self.route.tool, whole_call).await;
        }
        let ran =
            matches!(told["outcome"].as_str(), Some("done" | "partial")) && self.world.asked(self.route.path) == 1;
        counts.hold("changes that ran", ran, || self.place(&told));
        if told["verified"] == true {
            counts.count("changes that were read back and found");
        }
        told
    }

    /// The same key again: with the token and without.
    async fn replays(&mut self, token: Option<&str>, first: &Value, counts: &mut Counts) {
        let asked = self.world.changes();
        for token in [None, token] {
            let told = self.world.call(self.route.tool, arguments(&self.request, "table-0001", token)).await;
            let same = told["outcome"] == "replayed" && told["data"] == first["data"] && told["ok"] == first["ok"];
            counts.hold("replays that sent nothing", same && self.world.changes() == asked, || self.place(&told));
        }
        for other in others(&self.request) {
            let told = self.world.call(self.route.tool, arguments(&other, "table-0001", token)).await;
            if told["error"]["kind"] == "invalid_arguments" {
                continue;
            }
            let refused = told["error"]["kind"] == "idempotency_conflict" && told["outcome"] == "rejected";
            counts.hold("conflicts that were refused", refused && self.world.changes() == asked, || self.place(&told));
            return;
        }
        counts.count("changes whose request has no other form to conflict with");
    }

    /// Takes it back, and that again.
    async fn undo(&mut self, first: &Value, start: &std::collections::BTreeMap<String, Value>, counts: &mut Counts) {
        let trace = &first["trace_id"];
        let undo = object(json!({ "trace_id": trace }));
        let changed = whole(self.world.panel());
        let row = self.world.history(trace).await;
        counts.hold(
            "changes that ops.history shows",
            row["tool"] == self.route.tool && row["outcome"] == first["outcome"],
            || self.place(&row),
        );
        let told = self.world.preview("ops.undo", &undo).await;
        counts.hold("previews of an undo that changed nothing", whole(self.world.panel()) == changed, || {
            self.place(&told)
        });
        if told["ok"] != true {
            let refused = told["error"]["kind"] == "no_inverse";
            // Whether the saved state holds anything that must go back is known only when it is read.
            if row["undo"]["possible"] == true {
                let by_file = matches!(self.route.tool, "backup.import" | "backup.restore");
                counts.hold("changes whose saved state has nothing to put back", refused && by_file, || {
                    self.place(&told)
                });
            } else {
                counts.hold("changes without an inverse, which history and preview say", refused, || self.place(&told));
            }
            return;
        }
        let foreign = call(
            &self.world.gateway,
            &somebody("bob", AuditSight::Own),
            "ops.undo",
            arguments(&undo, "bobs-0001", None),
        )
        .await;
        counts.hold(
            "undos of somebody else's change that were refused",
            foreign["error"]["kind"] == "invalid_arguments",
            || self.place(&foreign),
        );
        let chief = json!({ "request": { "tool": "ops.undo", "request": undo } });
        let chief = call(&self.world.gateway, &somebody("chief", AuditSight::All), "ops.preview", chief).await;
        counts.hold("undos that one with sight of all may preview", chief["ok"] == true, || self.place(&chief));
        self.pause();
        let done = self.world.undo(trace, "undo-0001").await;
        if !matches!(done["outcome"].as_str(), Some("done")) {
            counts.wrong.push(format!("undos that were made: {}", self.place(&done)));
            return;
        }
        counts.count("undos that were made");
        let (loses, lossless) = (told["data"]["loses"].to_string(), told["data"]["lossless"] == true);
        let mut left = differences(start, &whole(self.world.panel()));
        left.retain(|difference| {
            !ANNOUNCED.iter().any(|(tool, path, words)| {
                *tool == self.route.tool && difference.starts_with(path) && loses.contains(words)
            })
        });
        let what = if lossless {
            "states that came back whole"
        } else {
            "states that came back but for what the preview said"
        };
        counts.hold(what, left.is_empty(), || format!("{}\n  {}", self.place(&done), left.join("\n  ")));
        self.pause();
        let asked = self.world.changes();
        let again = self.world.call("ops.undo", arguments(&undo, "undo-0001", None)).await;
        counts.hold(
            "undos whose repeat was replayed",
            again["outcome"] == "replayed" && self.world.changes() == asked,
            || self.place(&again),
        );
        let twice = self.world.call("ops.undo", arguments(&undo, "undo-0002", None)).await;
        counts.hold(
            "second undos that were refused",
            twice["error"]["kind"] == "no_inverse" && self.world.changes() == asked,
            || self.place(&twice),
        );
        let row = self.world.history(trace).await;
        counts.hold("undos that ops.history shows", row["undone_by"] == done["trace_id"], || self.place(&row));
        self.pause();
        self.undo_the_undo(&done, &changed, counts).await;
    }

    async fn undo_the_undo(
        &mut self,
        undone: &Value,
        changed: &std::collections::BTreeMap<String, Value>,
        counts: &mut Counts,
    ) {
        let told = self.world.preview("ops.undo", &object(json!({ "trace_id": undone["trace_id"] }))).await;
        if told["ok"] != true {
            counts.hold("undos that cannot be taken back, and say so", told["error"]["kind"] == "no_inverse", || {
                self.place(&told)
            });
            return;
        }
        let redone = self.world.undo(&undone["trace_id"], "redo-0001").await;
        counts.hold("undos that were taken back", redone["outcome"] == "done", || self.place(&redone));
        if redone["outcome"] == "done" {
            let left = differences(changed, &whole(self.world.panel()));
            if left.is_empty() {
                counts.count("states that an undone undo brought back whole");
            } else {
                // New ids, chosen ports: an undone undo of a create is another create.
                let said = told["data"]["lossless"] == false || !told["data"]["loses"].as_array().unwrap().is_empty();
                counts.hold("states that an undone undo brought back in part, as it said", said, || {
                    format!("{}\n  {}", self.place(&redone), left.join("\n  "))
                });
            }
        }
    }

    /// What is saved is for the owner's eyes, and no secret is anywhere else.
    fn files(&self, counts: &mut Counts) {
        let mut files = vec![self.world.path().to_owned()];
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let name = path.strip_prefix(self.world.path()).unwrap().display().to_string();
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            if name.starts_with("saved") || name.starts_with("before") || name.starts_with("backup") {
                counts.hold("saved files that only their owner can read", mode == 0o600, || {
                    format!("{}: {name} {mode:o}", self.route.tool)
                });
            } else if name.starts_with("state.db") {
                let bytes = std::fs::read(&path).unwrap();
                let found: Vec<_> = self
                    .secrets()
                    .into_iter()
                    .filter(|secret| bytes.windows(secret.len()).any(|part| part == secret.as_bytes()))
                    .collect();
                counts.hold("state files without a secret", found.is_empty(), || {
                    format!("{}: {name} holds {found:?}", self.route.tool)
                });
            }
        }
    }

    /// Secrets of the panel and of the request.
    fn secrets(&self) -> Vec<String> {
        let state = self.world.panel().state();
        let mut secrets: Vec<String> = state.federation.shares.iter().map(|share| share.token.clone()).collect();
        secrets.extend(state.nodes.nodes.iter().map(|node| node.secret.clone()));
        drop(state);
        for field in self.route.request.fields.iter().filter(|field| field.secret) {
            secrets.extend(self.request.get(field.name).and_then(Value::as_str).map(str::to_owned));
        }
        // The administrator's password is his name as well; a setting's value is marked because it may be a secret, and this one
        // is not; the pass that a captcha was solved with is the answer that the caller asked for, and good once.
        let known = [crate::support::ADMIN, "help@example.com", "fake-turnstile-token"];
        secrets.retain(|secret| secret.len() >= 8 && !known.contains(&secret.as_str()));
        secrets
    }
}

async fn walk_all(restart: Restart) -> Counts {
    let mut counts = Counts::default();
    for (route, number) in all_examples().await {
        let world = World::fresh().await;
        let request = examples(&world, route).remove(number);
        let mut walk = Walk { world, restart, route, request };
        let start = whole(walk.world.panel());
        let token = walk.previews(&mut counts).await;
        walk.pause();
        let first = walk.apply(token.as_deref(), &mut counts).await;
        walk.pause();
        walk.replays(token.as_deref(), &first, &mut counts).await;
        walk.undo(&first, &start, &mut counts).await;
        walk.files(&mut counts);
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_previewed_confirmed_made_once_and_taken_back() {
    let counts = walk_all(Restart::Never).await;
    counts.tell("every example of every change, in one process:");
    assert_eq!(mutations().count(), 64);
    assert!(counts.of("changes that ran") >= 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_the_same_when_the_gateway_is_started_anew_between_its_steps() {
    let counts = walk_all(Restart::Always).await;
    counts.tell("every example of every change, with the gateway started anew between the steps:");
    assert!(counts.of("changes that ran") >= 64);
}
