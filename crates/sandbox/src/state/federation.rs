//! Federation: shares given to other panels, what runs on them, and what this panel has bound on others.

use serde::Serialize;

use super::table::{Table, rows};

/// A share: another panel may use ports of one of our nodes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PeerShare {
    /// Primary key.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// The shared node.
    pub node_id: i64,
    /// What the other panel proves itself with.
    pub token: String,
    /// Allowed bytes (the name is the panel's); 0 without limit.
    pub max_bandwidth: i64,
    /// ms since the epoch; 0 never.
    pub expiry_time: i64,
    /// First port.
    pub port_range_start: i64,
    /// Last port.
    pub port_range_end: i64,
    /// Bytes used.
    pub current_flow: i64,
    /// 1 active; no route sets it to 0.
    pub is_active: i64,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: i64,
    /// Domains that may use it, comma-separated.
    pub allowed_domains: String,
    /// Addresses that may use it, comma-separated.
    pub allowed_ips: String,
}

/// Something that another panel reserved or runs on a share.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PeerShareRuntime {
    /// Primary key.
    pub id: i64,
    /// The share.
    pub share_id: i64,
    /// The node.
    pub node_id: i64,
    /// Random, unique.
    pub reservation_id: String,
    /// The other panel's name for it, unique.
    pub resource_key: String,
    /// Our name for what runs; empty before apply-role.
    pub binding_id: String,
    /// `exit`, `middle` or empty.
    pub role: String,
    /// The chain on the node.
    pub chain_name: String,
    /// The service on the node.
    pub service_name: String,
    /// Protocol.
    pub protocol: String,
    /// Strategy.
    pub strategy: String,
    /// Reserved port.
    pub port: i64,
    /// Next hop.
    pub target: String,
    /// 1 after apply-role.
    pub applied: i64,
    /// 1 live, 0 released.
    pub status: i64,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: i64,
}

/// A part of one of our tunnels that runs on another panel.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FederationBinding {
    /// Primary key.
    pub id: i64,
    /// Our tunnel.
    pub tunnel_id: i64,
    /// Our (remote) node.
    pub node_id: i64,
    /// 2 hop, 3 exit.
    pub chain_type: i64,
    /// Number of the hop.
    pub hop_inx: i64,
    /// The other panel.
    pub remote_url: String,
    /// The key it is reserved under there.
    pub resource_key: String,
    /// The binding there.
    pub remote_binding_id: String,
    /// The port there.
    pub allocated_port: i64,
    /// 1 live.
    pub status: i64,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: i64,
}

rows!(PeerShare, PeerShareRuntime, FederationBinding);

/// The tables about federation.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Federation {
    /// `peer_share`.
    pub shares: Table<PeerShare>,
    /// `peer_share_runtime`.
    pub runtimes: Table<PeerShareRuntime>,
    /// `federation_tunnel_binding`.
    pub bindings: Table<FederationBinding>,
}
