//! One world of a run: a panel in this process, a state folder, and the programs that live and die over it.

use std::{collections::BTreeMap, path::Path, time::Duration};

use flvx_mcp::store::{Folder, LedgerFilter, LedgerRow, Stage, Store};
use flvx_sandbox::{Fault, FaultRule, Options, Running, Sandbox};
use serde_json::{Value, json};

use crate::{
    scene::{Scene, arguments},
    support::{Program, WORD, program},
};

/// The key under which the change of a scene is asked for.
pub const KEY: &str = "the-change-0001";

pub struct Life {
    pub scene: Scene,
    pub sandbox: Running,
    pub folder: Folder,
    settings: Vec<(&'static str, String)>,
    /// Tool and arguments of the change.
    pub tool: &'static str,
    pub arguments: Value,
    /// Panel calls that changed something before the change.
    made: BTreeMap<&'static str, u64>,
}

impl Life {
    /// A fresh world in which everything is ready for the change; gives the program that is to make it.
    pub async fn begin(scene: Scene) -> (Self, Program) {
        let sandbox = Sandbox::start(Options::default()).await.unwrap();
        let folder = Folder::temporary().unwrap();
        let settings = vec![
            ("PANEL_BASE_URL", sandbox.url()),
            ("PANEL_TOKEN", sandbox.panel.token("admin_user").unwrap()),
            ("MCP_CONFIRM_TOKEN", WORD.to_owned()),
            ("MCP_STATE_DIR", folder.path().to_str().unwrap().to_owned()),
        ];
        let (tool, arguments, made) = (scene.tool, Value::Null, BTreeMap::new());
        let mut life = Self { scene, sandbox, folder, settings, tool, arguments, made };
        let mut gateway = life.start();
        let mut request = scene.request();
        if scene.undone {
            let first = json!({ "request": request, "idempotency_key": "the-first-0001", "confirm_token": WORD });
            let made = call(&mut gateway, scene.tool, &first);
            assert_eq!(made["outcome"], "done", "{made}");
            (life.tool, request) = ("ops.undo", json!({ "trace_id": made["trace_id"] }));
        }
        let preview = json!({ "request": { "tool": life.tool, "request": request } });
        let seen = call(&mut gateway, "ops.preview", &preview);
        assert_eq!(seen["ok"], true, "{seen}");
        life.arguments = arguments_of(&request, &seen);
        if seen["data"]["needs"].as_str().unwrap().contains("approval") {
            life.approve(&mut gateway);
        }
        life.made = life.counts();
        (life, gateway)
    }

    fn approve(&self, gateway: &mut Program) {
        let waits = call(gateway, self.tool, &self.arguments);
        let id = waits["awaits"]["approval"].as_str().unwrap_or_else(|| panic!("{waits}"));
        let phrase = waits["awaits"]["phrase"].as_str().unwrap();
        let mut command = program();
        command.args(["approvals", "approve", id, "--phrase", phrase]);
        let done = command.envs(self.settings.iter().map(|(name, value)| (*name, value))).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// A program over this state.
    pub fn start(&self) -> Program {
        let settings: Vec<(&str, &str)> = self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut gateway = Program::start(&["serve"], &settings);
        gateway.initialize();
        gateway
    }

    /// Asks for the change and does not wait.
    pub fn ask(&self, gateway: &mut Program) {
        let params = json!({ "name": self.tool, "arguments": self.arguments });
        gateway.send(&json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params }));
    }

    /// From now on the panel stops before and after the work of every request.
    pub fn hold(&self) {
        for fault in [Fault::HoldBefore, Fault::HoldAfter] {
            self.sandbox.panel.fault(FaultRule::new(fault).times(u32::MAX));
        }
    }

    /// Changing calls of the panel since the scene was ready.
    pub fn effects(&self) -> u64 {
        self.counts().iter().map(|(path, count)| count - self.made.get(path).unwrap_or(&0)).sum()
    }

    /// The most often that one of them was made.
    pub fn most(&self) -> u64 {
        self.counts().iter().map(|(path, count)| count - self.made.get(path).unwrap_or(&0)).max().unwrap_or(0)
    }

    fn counts(&self) -> BTreeMap<&'static str, u64> {
        let calls = self.sandbox.panel.calls();
        self.scene.paths.iter().map(|path| (*path, calls.get(*path).copied().unwrap_or(0))).collect()
    }

    pub fn store(&self) -> Store {
        Store::open(open_folder(self.folder.path())).unwrap()
    }

    /// What the ledger says of the change.
    pub async fn row(&self, store: &Store) -> Option<LedgerRow> {
        let rows = store.ledger_rows(LedgerFilter { limit: 50, ..LedgerFilter::default() }).await.unwrap();
        rows.into_iter().find(|row| row.key.key == KEY)
    }

    /// At which stage of the change it is now.
    pub async fn stage(&self, store: &Store) -> &'static str {
        let held = self.sandbox.panel.held();
        let at_panel = held.iter().any(|path| self.scene.paths.contains(&path.as_str()));
        match self.row(store).await.map(|row| row.stage) {
            None => "1 before the intent",
            Some(Stage::Intent) => "2 intent on disk, nothing sent",
            Some(Stage::Sending) if at_panel && self.effects() == 0 => "3 at the panel, not done",
            Some(Stage::Sending) if at_panel => "4 done, before the answer",
            Some(Stage::Sending) => "5 answered, not settled",
            Some(Stage::Settled) => "6 settled, not read",
        }
    }

    /// Asks again and again with the same key until there is nothing more to be had. Gives what was told, word by word.
    pub async fn repeat(&self, gateway: &mut Program) -> (Vec<String>, Value) {
        let mut told = Vec::new();
        for number in 0..100 {
            if number == 3 {
                self.age();
            }
            let result = call(gateway, self.tool, &self.arguments);
            let error = &result["error"];
            let outcome = result["outcome"].as_str().unwrap_or("-");
            let word = error["key"].as_str().or(error["kind"].as_str());
            let word = word.map_or_else(|| outcome.to_owned(), |word| format!("{outcome} ({word})"));
            if told.last() != Some(&word) {
                told.push(word);
            }
            let again = error["key"] == "did_not_happen" || !error["retry_after_ms"].is_null();
            if !again {
                return (told, result);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{}: no end of it: {told:?}", self.scene.name);
    }
}

impl Life {
    /// Lets the time pass in which the panel may still be at it.
    fn age(&self) {
        let store = self.store();
        let connection = rusqlite::Connection::open(store.path().join("state.db")).unwrap();
        connection.execute("UPDATE ledger SET sent_ms = sent_ms - 600000 WHERE key = ?1", [KEY]).unwrap();
    }
}

fn arguments_of(request: &Value, seen: &Value) -> Value {
    arguments(request, KEY, seen["data"]["confirm_token"].as_str())
}

fn open_folder(path: &Path) -> Folder {
    Folder::at(path).unwrap()
}

/// Calls a tool and gives its result.
pub fn call(gateway: &mut Program, tool: &str, arguments: &Value) -> Value {
    let wire = tool.replace('.', "_");
    gateway.call(3, &wire, arguments.clone())["structuredContent"].clone()
}
