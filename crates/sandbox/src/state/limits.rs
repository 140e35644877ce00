//! Speed limits.

use serde::Serialize;

use super::table::{Table, rows};

/// A speed limit of a tunnel.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SpeedLimit {
    /// Primary key.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// Mbit/s.
    pub speed: i64,
    /// The tunnel.
    pub tunnel_id: i64,
    /// The tunnel's name when the limit was made.
    pub tunnel_name: String,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: Option<i64>,
    /// 1 enabled.
    pub status: i64,
}

rows!(SpeedLimit);

/// The tables about speed limits.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Limits {
    /// `speed_limit`.
    pub limits: Table<SpeedLimit>,
}
