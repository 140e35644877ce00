//! A panel, a state folder and a gateway that can be started again over it; the calls of the manifest's examples.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use flvx_mcp::{
    access::{AuditSight, Principal, Rights, Via},
    config::Environment,
    gateway::{Caller, Gateway},
    policy::effective_danger,
    store::{Decided, Decision, Folder},
};
use flvx_panel::{
    generated::ROUTES,
    spec::{Danger, Route},
};
use flvx_sandbox::{Options, Panel, Running, Sandbox, Settings};
use serde_json::{Map, Value, json};

use crate::support::{self, caller, environment, object, soon};

pub struct World {
    pub sandbox: Running,
    pub gateway: Arc<Gateway>,
    folder: Folder,
    environment: Environment,
}

impl World {
    pub async fn fresh() -> Self {
        let settings = Settings { node_wait: Duration::from_millis(12), ..Settings::default() };
        let sandbox = Sandbox::start(Options { settings, ..Options::default() }).await.unwrap();
        let folder = Folder::temporary().unwrap();
        // Once and for all: a change may take the share away whose token is in it.
        let environment = environment(&sandbox, &[("MCP_STATE_DIR", folder.path().to_str().unwrap())]);
        let gateway = support::gateway(&environment);
        Self { sandbox, gateway, folder, environment }
    }

    pub fn panel(&self) -> &Panel {
        &self.sandbox.panel
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A second gateway over the same state, as another process would have it.
    pub fn second(&self) -> Arc<Gateway> {
        support::gateway(&self.environment)
    }

    /// The gateway ends and is started again.
    pub fn restart(&mut self) {
        self.gateway = self.second();
    }

    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        call(&self.gateway, &caller(), tool, arguments).await
    }

    pub async fn preview(&self, tool: &str, request: &Map<String, Value>) -> Value {
        self.call("ops.preview", json!({ "request": { "tool": tool, "request": request } })).await
    }

    /// The token of a preview, if the call needs one.
    pub async fn token(&self, tool: &str, request: &Map<String, Value>) -> Option<String> {
        let shown = self.preview(tool, request).await;
        assert_eq!(shown["ok"], true, "{tool} {request:?}: {shown}");
        shown["data"]["confirm_token"].as_str().map(str::to_owned)
    }

    /// How often the panel was asked for a path.
    pub fn asked(&self, path: &str) -> u64 {
        self.panel().calls().get(path).copied().unwrap_or(0)
    }

    /// How often the panel was asked to change something.
    pub fn changes(&self) -> u64 {
        let calls = self.panel().calls();
        mutations().map(|route| calls.get(route.path).copied().unwrap_or(0)).sum()
    }

    /// A person at the machine decides.
    pub async fn decide(&self, told: &Value, decision: Decision) {
        let id = told["awaits"]["approval"].as_str().unwrap_or_else(|| panic!("nothing is awaited: {told}")).to_owned();
        let decided = self.gateway.store().decide(id, decision, "command", "root".to_owned(), None).await.unwrap();
        assert!(matches!(decided, Decided::Now(_)), "{decided:?}");
    }

    /// Makes a change with all that it needs: preview, token, and a person's approval.
    pub async fn apply(&self, tool: &str, request: &Map<String, Value>, key: &str) -> Value {
        let token = self.token(tool, request).await;
        let arguments = arguments(request, key, token.as_deref());
        let told = self.call(tool, arguments.clone()).await;
        if told["error"]["kind"] != "approval_required" {
            return told;
        }
        self.decide(&told, Decision::Approved).await;
        self.call(tool, arguments).await
    }

    pub async fn undo(&self, trace_id: &Value, key: &str) -> Value {
        self.apply("ops.undo", &object(json!({ "trace_id": trace_id })), key).await
    }

    /// The row of a change in `ops.history`.
    pub async fn history(&self, trace_id: &Value) -> Value {
        let all = self.call("ops.history", json!({ "request": { "limit": 200 } })).await;
        let rows = all["data"]["changes"].as_array().unwrap();
        rows.iter()
            .find(|row| row["trace_id"] == *trace_id)
            .unwrap_or_else(|| panic!("{trace_id} is not in {all}"))
            .clone()
    }

    /// Does something to the state behind the gateway's back.
    pub fn sql(&self, statement: &str) -> usize {
        let connection = rusqlite::Connection::open(self.path().join("state.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection.execute(statement, []).unwrap()
    }
}

pub async fn call(gateway: &Gateway, caller: &Caller, tool: &str, arguments: Value) -> Value {
    let output = soon(tool, gateway.call(caller, tool, object(arguments))).await.unwrap();
    serde_json::from_str(&output.to_json()).unwrap()
}

/// Another principal of the same gateway.
pub fn somebody(name: &str, sight: AuditSight) -> Caller {
    let principal = Principal::new(name, Via::Token, Rights { sight, ..Rights::all() });
    Caller { principal, client: None, traceparent: None }
}

pub fn arguments(request: &Map<String, Value>, key: &str, token: Option<&str>) -> Value {
    let mut arguments = json!({ "request": request, "idempotency_key": key });
    if let Some(token) = token {
        arguments["confirm_token"] = token.into();
    }
    arguments
}

pub fn mutations() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.danger >= Danger::Write)
}

pub fn route(tool: &str) -> &'static Route {
    flvx_panel::generated::route(tool).unwrap()
}

pub fn danger(route: &Route, request: &Map<String, Value>) -> Danger {
    effective_danger(route, request).0
}

/// Requests of the examples that succeed. A share's token is drawn anew by every panel, so no example can hold it: the
/// panel imports its own share.
pub fn examples(world: &World, route: &Route) -> Vec<Map<String, Value>> {
    let entry: Value = serde_json::from_str(route.entry).unwrap();
    let good = entry["examples"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|example| example["expect"]["code"].as_i64().unwrap_or(0) == 0);
    let mut requests: Vec<_> =
        good.map(|example| example["request"].as_object().cloned().unwrap_or_default()).collect();
    if requests.is_empty() {
        assert_eq!(route.tool, "federation.node_import", "no example of {} succeeds", route.tool);
        let token = world.panel().share_token(1).unwrap();
        requests.push(object(json!({ "remoteUrl": world.sandbox.url(), "token": token })));
    }
    requests
}

/// Whether the panel refuses every item of an example, as the example says itself.
fn refused(route: &Route, number: usize) -> bool {
    let entry: Value = serde_json::from_str(route.entry).unwrap();
    let good = entry["examples"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|example| example["expect"]["code"].as_i64().unwrap_or(0) == 0);
    good.clone().nth(number).is_some_and(|example| {
        let data = &example["expect"]["data"];
        data["successCount"] == 0 && data["failCount"].as_u64().is_some_and(|failed| failed > 0)
    })
}

/// Every example of every change that has an effect, by route and number. What is about nothing that is there gets no token, and
/// what the panel refuses changes nothing.
pub async fn all_examples() -> Vec<(&'static Route, usize)> {
    let world = World::fresh().await;
    let mut all = Vec::new();
    for route in mutations() {
        for (number, request) in examples(&world, route).iter().enumerate() {
            let shown = world.preview(route.tool, request).await;
            let nothing = shown["warnings"].to_string().contains("nothing that the call is about is there");
            if !nothing && !refused(route, number) {
                all.push((route, number));
            }
        }
    }
    all
}

/// Requests that differ from this one in one value. Not all of them fit the tool.
pub fn others(request: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let mut others = Vec::new();
    for (key, value) in request {
        let other = match value {
            Value::Number(number) => number.as_i64().map(|number| json!(number + 1)),
            Value::String(text) => Some(json!(format!("{text}x"))),
            Value::Array(items) if items.iter().all(Value::is_number) => {
                Some(items.iter().cloned().chain([json!(4_321)]).collect())
            }
            Value::Bool(flag) => Some(json!(!flag)),
            Value::Array(items) if items.len() > 1 => Some(Value::Array(items[1..].to_vec())),
            _ => None,
        };
        if let Some(other) = other {
            let mut changed = request.clone();
            changed.insert(key.clone(), other);
            others.push(changed);
        }
    }
    others
}

/// What was done, counted.
#[derive(Default)]
pub struct Counts {
    counts: BTreeMap<&'static str, usize>,
    pub wrong: Vec<String>,
}

impl Counts {
    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn of(&self, what: &str) -> usize {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// Holds, or is noted with its place.
    pub fn hold(&mut self, what: &'static str, holds: bool, place: impl FnOnce() -> String) {
        if holds {
            self.count(what);
        } else {
            self.wrong.push(format!("{what}: {}", place()));
        }
    }

    /// Prints the table; everything must hold.
    pub fn tell(&self, title: &str) {
        println!("{title}");
        for (what, count) in &self.counts {
            println!("  {count:>5}  {what}");
        }
        println!("  {:>5}  in all, {} wrong", self.counts.values().sum::<usize>(), self.wrong.len());
        assert!(self.wrong.is_empty(), "{} wrong:\n{}", self.wrong.len(), self.wrong.join("\n"));
    }
}
