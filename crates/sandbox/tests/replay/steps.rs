//! What happened between the recorded exchanges: the side file's language.

use std::collections::BTreeMap;

use flvx_sandbox::agents::{Behaviour, Hello};
use serde::Deserialize;
use serde_json::Value;

/// The side file: for each recording, what to do before which exchange.
#[derive(Debug, Deserialize)]
pub struct Steps(BTreeMap<String, Vec<Before>>);

/// What to do before one exchange.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    /// The exchange's name.
    before: String,
    /// In this order.
    steps: Vec<Step>,
}

/// One thing to do, on the provider unless `panel` says otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `provider` (the default), `consumer` or `empty`.
    #[serde(default)]
    pub panel: Option<String>,
    /// What.
    #[serde(rename = "do")]
    pub action: Action,
}

/// The things to do.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A node's agent connects.
    Online(i64),
    /// A node's agent hangs up.
    Offline(i64),
    /// A node's agent changes its ways: `{"node":1,"how":{"mode":"refuse","message":"disk full","only":["AddService"]}}`.
    Behave {
        /// The node.
        node: i64,
        /// How it answers from now on.
        how: Behaviour,
    },
    /// What a node's agent will say of itself when it connects.
    Hello {
        /// The node.
        node: i64,
        /// What it says.
        hello: Hello,
    },
    /// Ports on a node that something else holds.
    ForeignPorts {
        /// The node.
        node: i64,
        /// All of them.
        ports: Vec<u32>,
    },
    /// Hosts that a node cannot reach.
    DeadTargets {
        /// The node.
        node: i64,
        /// All of them.
        hosts: Vec<String>,
    },
    /// Whether a node has an older binary to roll back to.
    BackupBinary {
        /// The node.
        node: i64,
        /// Whether.
        present: bool,
    },
    /// A node's agent reports traffic: `[{"n":"1_1_0_tcp","u":1,"d":2}]`.
    Traffic {
        /// The node.
        node: i64,
        /// The report.
        items: Value,
    },
    /// A state of the internet, by its name.
    Internet(String),
    /// An unrecorded call, which must answer code 0.
    Call {
        /// The path.
        path: String,
        /// POST when it is left out.
        #[serde(default)]
        method: Option<String>,
        /// As in the recordings; the administrator's token when it is left out.
        #[serde(default)]
        authorization: Option<String>,
        /// The JSON body.
        #[serde(default)]
        body: Option<Value>,
    },
}

impl Steps {
    /// The steps of one recording.
    pub fn of(&self, file: &str) -> FileSteps {
        FileSteps(self.0.get(file).cloned().unwrap_or_default())
    }
}

/// The steps of one recording that are still to do.
#[derive(Debug)]
pub struct FileSteps(Vec<Before>);

impl FileSteps {
    /// Takes the steps before an exchange.
    pub fn take(&mut self, exchange: &str) -> Vec<Step> {
        let (now, later) = std::mem::take(&mut self.0).into_iter().partition(|b: &Before| b.before == exchange);
        self.0 = later;
        now.into_iter().flat_map(|b| b.steps).collect()
    }

    /// Exchanges that never came.
    pub fn left(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|b| b.before)
    }
}
