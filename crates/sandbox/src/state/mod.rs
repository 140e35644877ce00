//! All that a panel remembers: its tables (one file per domain), the agents on its nodes, and the settings of the
//! process. Everything is plain data; what the routes do with it is in `routes`.

mod clock;
mod configs;
mod federation;
mod forwards;
mod groups;
mod internet;
mod limits;
mod nodes;
mod table;
mod tunnels;
mod users;

use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use clock::Clock;
pub use configs::{Announcement, Config, Configs};
pub use federation::{Federation, FederationBinding, PeerShare, PeerShareRuntime};
pub use forwards::{Forward, ForwardPort, Forwards};
pub use groups::{Grant, Group, Groups, Member, Permission};
pub use internet::{GitHub, Internet, Release, Turnstile};
pub use limits::{Limits, SpeedLimit};
pub use nodes::{Node, Nodes};
pub use table::{Row, Table, unique_violated};
pub use tunnels::{ChainTunnel, Tunnel, Tunnels, UserTunnel};
pub use users::{Statistic, User, Users, md5_hex};

use crate::agents::Agents;
use crate::peers::Peers;

/// What does not change while a panel runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Key of the JWT signatures.
    pub jwt_secret: String,
    /// How long a silent node is waited for (12 s on the real panel).
    pub node_wait: Duration,
    /// The source of time.
    pub clock: Clock,
    /// Makes the random tokens of two sandboxes differ.
    pub seed: u64,
    /// How this panel reaches others.
    pub peers: Peers,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            jwt_secret: "flvx-sandbox-jwt-secret".to_owned(),
            node_wait: Duration::from_millis(50),
            clock: Clock::Real,
            seed: 0,
            peers: Peers::default(),
        }
    }
}

/// A panel's whole state.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What does not change.
    pub settings: Settings,
    /// Accounts.
    pub users: Users,
    /// Groups and permissions.
    pub groups: Groups,
    /// Nodes.
    pub nodes: Nodes,
    /// Tunnels.
    pub tunnels: Tunnels,
    /// Forwards.
    pub forwards: Forwards,
    /// Speed limits.
    pub limits: Limits,
    /// Settings, announcement, captcha.
    pub configs: Configs,
    /// Federation.
    pub federation: Federation,
    /// The agents on the nodes.
    pub agents: Agents,
    /// The hosts that the panel itself calls.
    pub internet: Internet,
    pending_delay: Duration,
    panel_waited: Duration,
    drawn: u64,
}

impl State {
    /// A panel at its first start: no rows at all (not even the seeded administrator; `world` makes those).
    pub fn empty(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Everything that is stored, by table, for tests that compare two states. Secrets are in it.
    pub fn tables(&self) -> Value {
        json!({
            "users": self.users,
            "groups": self.groups,
            "nodes": self.nodes,
            "tunnels": self.tunnels,
            "forwards": self.forwards,
            "limits": self.limits,
            "configs": self.configs,
            "federation": self.federation,
        })
    }

    /// ms since the epoch.
    pub fn now(&self) -> i64 {
        self.settings.clock.now_ms()
    }

    /// Lets the answer to the present request come later by `delay` (slept after the lock is given back).
    pub fn delay(&mut self, delay: Duration) {
        self.pending_delay += delay;
    }

    /// The present request waits for a node or another panel, in the real panel's time (12 s for a silent node).
    pub fn panel_wait(&mut self, time: Duration) {
        self.panel_waited += time;
        self.delay(self.scaled(time));
    }

    /// What a time of the real panel lasts here: `node_wait` stands for its 12 s.
    pub fn scaled(&self, time: Duration) -> Duration {
        self.settings.node_wait.mul_f64(time.as_secs_f64() / 12.0)
    }

    /// Takes the real panel's waiting time that the present request has gathered; past 30 s its answer is lost.
    pub fn take_panel_waited(&mut self) -> Duration {
        std::mem::take(&mut self.panel_waited)
    }

    /// Takes the delay that the present request has gathered.
    pub fn take_delay(&mut self) -> Duration {
        std::mem::take(&mut self.pending_delay)
    }

    /// `bytes` random bytes in lower-case hex; the same sequence for the same seed.
    pub fn random_hex(&mut self, bytes: usize) -> String {
        let mut hex = String::with_capacity(bytes * 2);
        while hex.len() < bytes * 2 {
            self.drawn += 1;
            let mut hash = Sha256::new();
            hash.update(self.settings.seed.to_be_bytes());
            hash.update(self.drawn.to_be_bytes());
            for byte in hash.finalize() {
                hex.push_str(&format!("{byte:02x}"));
            }
        }
        hex.truncate(bytes * 2);
        hex
    }
}
