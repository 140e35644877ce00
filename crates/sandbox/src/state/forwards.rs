//! Forwards and the entry ports they take.

use serde::Serialize;

use super::table::{Table, rows};

/// A forward.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Forward {
    /// Primary key.
    pub id: i64,
    /// Owner.
    pub user_id: i64,
    /// The owner's name when the forward was made.
    pub user_name: String,
    /// Display name.
    pub name: String,
    /// The tunnel it goes through.
    pub tunnel_id: i64,
    /// Targets, comma-separated.
    pub remote_addr: String,
    /// `fifo`, `round`, `rand` or `hash`.
    pub strategy: String,
    /// Bytes counted inbound.
    pub in_flow: i64,
    /// Bytes counted outbound.
    pub out_flow: i64,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: i64,
    /// 1 running, 0 paused.
    pub status: i64,
    /// Place in the list.
    pub inx: i64,
}

/// A port of an entry node that a forward takes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ForwardPort {
    /// Primary key.
    pub id: i64,
    /// The forward.
    pub forward_id: i64,
    /// The entry node.
    pub node_id: i64,
    /// The port.
    pub port: i64,
}

rows!(Forward, ForwardPort);

/// The tables about forwards.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Forwards {
    /// `forward`.
    pub forwards: Table<Forward>,
    /// `forward_port`.
    pub ports: Table<ForwardPort>,
}
