//! Nodes: the machines that forward, and the nodes of other panels (`is_remote` 1).

use std::collections::BTreeSet;

use serde::Serialize;

use super::table::{Table, rows};

/// A node.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Node {
    /// Primary key.
    pub id: i64,
    /// Display name.
    pub name: String,
    /// What its agent proves itself with.
    pub secret: String,
    /// Address as entered.
    pub server_ip: String,
    /// IPv4 address.
    pub server_ip_v4: Option<String>,
    /// IPv6 address.
    pub server_ip_v6: Option<String>,
    /// Port ranges, such as `443,30000-40000`.
    pub port: String,
    /// Outgoing network interface.
    pub interface_name: Option<String>,
    /// What its agent said last.
    pub version: Option<String>,
    /// 1: plain HTTP is blocked.
    pub http: i64,
    /// 1: TLS is blocked.
    pub tls: i64,
    /// 1: SOCKS is blocked.
    pub socks: i64,
    /// ms since the epoch.
    pub created_time: i64,
    /// ms since the epoch.
    pub updated_time: Option<i64>,
    /// 1 online, 0 offline.
    pub status: i64,
    /// Listening address for TCP.
    pub tcp_listen_addr: String,
    /// Listening address for UDP.
    pub udp_listen_addr: String,
    /// Place in the list.
    pub inx: i64,
    /// 1: a node of another panel.
    pub is_remote: i64,
    /// The other panel.
    pub remote_url: Option<String>,
    /// The share's token there.
    pub remote_token: Option<String>,
    /// What the other panel said about the share, as JSON text.
    pub remote_config: Option<String>,
}

rows!(Node);

/// The tables about nodes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Nodes {
    /// `node`.
    pub nodes: Table<Node>,
    /// Nodes whose agent took an upgrade: at its next connection their tunnels are deployed again. In memory only.
    pub pending_redeploy: BTreeSet<i64>,
}
