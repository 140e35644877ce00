//! Tunnels, the nodes they run over, and who may use them.

use serde::Serialize;

use super::table::{Table, rows};

/// A tunnel. `kind` (the panel's `type`) 1 is one node, 2 a chain.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tunnel {
    /// Primary key.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// Bytes are counted times this.
    pub traffic_ratio: f64,
    /// 1 port forward, 2 tunnel.
    pub kind: i64,
    /// Protocol of the tunnel.
    pub protocol: String,
    /// 1 counts one way, 2 both ways.
    pub flow: i64,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: i64,
    /// 1 enabled.
    pub status: i64,
    /// Entry addresses, comma-separated.
    pub in_ip: Option<String>,
    /// Place in the list.
    pub inx: i64,
    /// `v4`, `v6` or empty.
    pub ip_preference: String,
}

/// One node's part in a tunnel. `chain_type` is `"1"` entry, `"2"` hop, `"3"` exit.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChainTunnel {
    /// Primary key.
    pub id: i64,
    /// The tunnel.
    pub tunnel_id: i64,
    /// The part, a text in the database.
    pub chain_type: String,
    /// The node.
    pub node_id: i64,
    /// Port it listens on.
    pub port: Option<i64>,
    /// How it chooses among the next nodes.
    pub strategy: Option<String>,
    /// Number of the hop.
    pub inx: Option<i64>,
    /// Protocol towards it.
    pub protocol: Option<String>,
}

/// A user's permission on a tunnel; user and tunnel together are unique.
#[derive(Clone, Debug, Default, Serialize)]
pub struct UserTunnel {
    /// Primary key.
    pub id: i64,
    /// Who.
    pub user_id: i64,
    /// What.
    pub tunnel_id: i64,
    /// Speed limit.
    pub speed_id: Option<i64>,
    /// Allowed number of forwards.
    pub num: i64,
    /// Quota in GB.
    pub flow: i64,
    /// Bytes counted inbound.
    pub in_flow: i64,
    /// Bytes counted outbound.
    pub out_flow: i64,
    /// Day of the month on which the counters are zeroed; 0 never.
    pub flow_reset_time: i64,
    /// Expiry, ms since the epoch.
    pub exp_time: i64,
    /// 1 enabled.
    pub status: i64,
}

rows!(Tunnel, ChainTunnel, UserTunnel);

/// The tables about tunnels.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Tunnels {
    /// `tunnel`.
    pub tunnels: Table<Tunnel>,
    /// `chain_tunnel`.
    pub chains: Table<ChainTunnel>,
    /// `user_tunnel`.
    pub user_tunnels: Table<UserTunnel>,
}
