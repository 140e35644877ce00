//! The types of a backup document. One unknown member anywhere makes the whole request fail.

use crate::http::Kind;
use crate::http::Kind::{Float, Int, List, MapOf, Object, Text};

/// The body of an import: the sections wanted, and the document.
pub(super) const FIELDS: &[(&str, Kind)] = &[
    ("types", List(&Text)),
    ("version", Text),
    ("exportedAt", Int),
    ("users", List(&Object(USER))),
    ("nodes", List(&Object(NODE))),
    ("tunnels", List(&Object(TUNNEL))),
    ("forwards", List(&Object(FORWARD))),
    ("userTunnels", List(&Object(USER_TUNNEL))),
    ("speedLimits", List(&Object(SPEED_LIMIT))),
    ("tunnelGroups", List(&Object(TUNNEL_GROUP))),
    ("userGroups", List(&Object(USER_GROUP))),
    ("permissions", List(&Object(PERMISSION))),
    ("configs", MapOf(&Text)),
];

const USER: &[(&str, Kind)] = &[
    ("id", Int),
    ("user", Text),
    ("pwd", Text),
    ("roleId", Int),
    ("expTime", Int),
    ("flow", Int),
    ("inFlow", Int),
    ("outFlow", Int),
    ("flowResetTime", Int),
    ("num", Int),
    ("createdTime", Int),
    ("updatedTime", Int),
    ("status", Int),
];

const NODE: &[(&str, Kind)] = &[
    ("id", Int),
    ("name", Text),
    ("secret", Text),
    ("serverIp", Text),
    ("serverIpV4", Text),
    ("serverIpV6", Text),
    ("port", Text),
    ("interfaceName", Text),
    ("version", Text),
    ("http", Int),
    ("tls", Int),
    ("socks", Int),
    ("createdTime", Int),
    ("updatedTime", Int),
    ("status", Int),
    ("tcpListenAddr", Text),
    ("udpListenAddr", Text),
    ("inx", Int),
    ("isRemote", Int),
    ("remoteUrl", Text),
    ("remoteToken", Text),
    ("remoteConfig", Text),
];

const TUNNEL: &[(&str, Kind)] = &[
    ("id", Int),
    ("name", Text),
    ("trafficRatio", Float),
    ("type", Int),
    ("protocol", Text),
    ("flow", Int),
    ("createdTime", Int),
    ("updatedTime", Int),
    ("status", Int),
    ("inIp", Text),
    ("inx", Int),
    ("ipPreference", Text),
    ("chainTunnels", List(&Object(CHAIN_TUNNEL))),
];

const CHAIN_TUNNEL: &[(&str, Kind)] = &[
    ("id", Int),
    ("tunnelId", Int),
    ("chainType", Text),
    ("nodeId", Int),
    ("port", Int),
    ("strategy", Text),
    ("inx", Int),
    ("protocol", Text),
];

const FORWARD: &[(&str, Kind)] = &[
    ("id", Int),
    ("userId", Int),
    ("userName", Text),
    ("name", Text),
    ("tunnelId", Int),
    ("remoteAddr", Text),
    ("strategy", Text),
    ("inFlow", Int),
    ("outFlow", Int),
    ("createdTime", Int),
    ("updatedTime", Int),
    ("status", Int),
    ("inx", Int),
    ("forwardPorts", List(&Object(&[("nodeId", Int), ("port", Int)]))),
];

const USER_TUNNEL: &[(&str, Kind)] = &[
    ("id", Int),
    ("userId", Int),
    ("tunnelId", Int),
    ("speedId", Int),
    ("num", Int),
    ("flow", Int),
    ("inFlow", Int),
    ("outFlow", Int),
    ("flowResetTime", Int),
    ("expTime", Int),
    ("status", Int),
];

const SPEED_LIMIT: &[(&str, Kind)] = &[
    ("id", Int),
    ("name", Text),
    ("speed", Int),
    ("tunnelId", Int),
    ("tunnelName", Text),
    ("createdTime", Int),
    ("updatedTime", Int),
    ("status", Int),
];

const TUNNEL_GROUP: &[(&str, Kind)] = &[
    ("id", Int),
    ("name", Text),
    ("createdTime", Int),
    ("updatedTime", Int),
    ("status", Int),
    ("tunnels", List(&Int)),
];

const USER_GROUP: &[(&str, Kind)] =
    &[("id", Int), ("name", Text), ("createdTime", Int), ("updatedTime", Int), ("status", Int), ("users", List(&Int))];

const PERMISSION: &[(&str, Kind)] = &[
    ("id", Int),
    ("userGroupId", Int),
    ("tunnelGroupId", Int),
    ("createdTime", Int),
    ("createdByGroup", Int),
    ("grants", List(&Object(GRANT))),
];

const GRANT: &[(&str, Kind)] = &[
    ("id", Int),
    ("userGroupId", Int),
    ("tunnelGroupId", Int),
    ("userTunnelId", Int),
    ("createdTime", Int),
    ("createdByGroup", Int),
];
