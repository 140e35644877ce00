//! The document: every section in the panel's order of keys, empty values left out where the panel leaves them out.
//! Not in it: announcement, statistics, federation.

use serde_json::{Map, Value};

use crate::http::reply::number;
use crate::routes::config;
use crate::state::{Group, Member, State, Table};

/// A JSON object under construction.
struct Row(Map<String, Value>);

impl Row {
    fn new() -> Self {
        Self(Map::new())
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Leaves the key out for null, zero, empty text and empty lists.
    fn unless_empty(self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let empty = match &value {
            Value::Null => true,
            Value::Number(n) => n.as_i64() == Some(0),
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Bool(_) => false,
        };
        if empty { self } else { self.with(key, value) }
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

/// The document with the wanted sections.
pub(super) fn document(state: &State, wanted: impl Fn(&str) -> bool) -> Value {
    type Section = fn(&State) -> Value;
    let sections: [(&str, Section); 10] = [
        ("users", users),
        ("nodes", nodes),
        ("tunnels", tunnels),
        ("forwards", forwards),
        ("userTunnels", user_tunnels),
        ("speedLimits", speed_limits),
        ("tunnelGroups", |s| groups(&s.groups.tunnel_groups, &s.groups.tunnel_members, "tunnels")),
        ("userGroups", |s| groups(&s.groups.user_groups, &s.groups.user_members, "users")),
        ("permissions", permissions),
        ("configs", |s| Value::Object(config::all(s))),
    ];
    let mut document = Row::new().with("version", "1.0").with("exportedAt", state.now());
    for (name, section) in sections {
        if wanted(name) {
            document = document.unless_empty(name, section(state));
        }
    }
    document.done()
}

fn users(state: &State) -> Value {
    let row = |u: &crate::state::User| {
        Row::new()
            .with("id", u.id)
            .with("user", u.user.as_str())
            .with("pwd", u.pwd.as_str())
            .with("roleId", u.role_id)
            .with("expTime", u.exp_time)
            .with("flow", u.flow)
            .with("inFlow", u.in_flow)
            .with("outFlow", u.out_flow)
            .with("flowResetTime", u.flow_reset_time)
            .with("num", u.num)
            .with("createdTime", u.created_time)
            .unless_empty("updatedTime", u.updated_time)
            .with("status", u.status)
            .done()
    };
    state.users.users.iter().map(row).collect()
}

fn nodes(state: &State) -> Value {
    let mut rows: Vec<_> = state.nodes.nodes.iter().collect();
    rows.sort_by_key(|n| (n.inx, n.id));
    let row = |n: &crate::state::Node| {
        Row::new()
            .with("id", n.id)
            .with("name", n.name.as_str())
            .with("secret", n.secret.as_str())
            .with("serverIp", n.server_ip.as_str())
            .unless_empty("serverIpV4", n.server_ip_v4.as_deref())
            .unless_empty("serverIpV6", n.server_ip_v6.as_deref())
            .with("port", n.port.as_str())
            .unless_empty("interfaceName", n.interface_name.as_deref())
            .unless_empty("version", n.version.as_deref())
            .with("http", n.http)
            .with("tls", n.tls)
            .with("socks", n.socks)
            .with("createdTime", n.created_time)
            .unless_empty("updatedTime", n.updated_time)
            .with("status", n.status)
            .with("tcpListenAddr", n.tcp_listen_addr.as_str())
            .with("udpListenAddr", n.udp_listen_addr.as_str())
            .with("inx", n.inx)
            .with("isRemote", n.is_remote)
            .unless_empty("remoteUrl", n.remote_url.as_deref())
            .unless_empty("remoteToken", n.remote_token.as_deref())
            .unless_empty("remoteConfig", n.remote_config.as_deref())
            .done()
    };
    rows.into_iter().map(row).collect()
}

fn tunnels(state: &State) -> Value {
    let mut rows: Vec<_> = state.tunnels.tunnels.iter().collect();
    rows.sort_by_key(|t| (t.inx, t.id));
    let row = |t: &crate::state::Tunnel| {
        Row::new()
            .with("id", t.id)
            .with("name", t.name.as_str())
            .with("trafficRatio", number(t.traffic_ratio))
            .with("type", t.kind)
            .with("protocol", t.protocol.as_str())
            .with("flow", t.flow)
            .with("createdTime", t.created_time)
            .with("updatedTime", t.updated_time)
            .with("status", t.status)
            .unless_empty("inIp", t.in_ip.as_deref())
            .with("inx", t.inx)
            .unless_empty("ipPreference", t.ip_preference.as_str())
            .unless_empty("chainTunnels", chains(state, t.id))
            .done()
    };
    rows.into_iter().map(row).collect()
}

fn chains(state: &State, tunnel_id: i64) -> Value {
    let mut rows: Vec<_> = state.tunnels.chains.iter().filter(|c| c.tunnel_id == tunnel_id).collect();
    // a missing hop number sorts before every number, as NULL does
    rows.sort_by_key(|c| (c.inx, c.id));
    let row = |c: &crate::state::ChainTunnel| {
        Row::new()
            .with("id", c.id)
            .with("tunnelId", c.tunnel_id)
            .with("chainType", c.chain_type.as_str())
            .with("nodeId", c.node_id)
            .unless_empty("port", c.port)
            .unless_empty("strategy", c.strategy.as_deref())
            .unless_empty("inx", c.inx)
            .unless_empty("protocol", c.protocol.as_deref())
            .done()
    };
    rows.into_iter().map(row).collect()
}

fn forwards(state: &State) -> Value {
    let row = |f: &crate::state::Forward| {
        let ports: Vec<Value> = state
            .forwards
            .ports
            .iter()
            .filter(|p| p.forward_id == f.id)
            .map(|p| Row::new().with("nodeId", p.node_id).with("port", p.port).done())
            .collect();
        // the panel hands out a pointer to a list that is nil when there are no ports: null, not []
        let ports = if ports.is_empty() { Value::Null } else { Value::Array(ports) };
        Row::new()
            .with("id", f.id)
            .with("userId", f.user_id)
            .with("userName", f.user_name.as_str())
            .with("name", f.name.as_str())
            .with("tunnelId", f.tunnel_id)
            .with("remoteAddr", f.remote_addr.as_str())
            .with("strategy", f.strategy.as_str())
            .with("inFlow", f.in_flow)
            .with("outFlow", f.out_flow)
            .with("createdTime", f.created_time)
            .with("updatedTime", f.updated_time)
            .with("status", f.status)
            .with("inx", f.inx)
            .with("forwardPorts", ports)
            .done()
    };
    state.forwards.forwards.iter().map(row).collect()
}

fn user_tunnels(state: &State) -> Value {
    let row = |u: &crate::state::UserTunnel| {
        Row::new()
            .with("id", u.id)
            .with("userId", u.user_id)
            .with("tunnelId", u.tunnel_id)
            .unless_empty("speedId", u.speed_id)
            .with("num", u.num)
            .with("flow", u.flow)
            .with("inFlow", u.in_flow)
            .with("outFlow", u.out_flow)
            .with("flowResetTime", u.flow_reset_time)
            .with("expTime", u.exp_time)
            .with("status", u.status)
            .done()
    };
    state.tunnels.user_tunnels.iter().map(row).collect()
}

fn speed_limits(state: &State) -> Value {
    let row = |l: &crate::state::SpeedLimit| {
        Row::new()
            .with("id", l.id)
            .with("name", l.name.as_str())
            .with("speed", l.speed)
            .with("tunnelId", l.tunnel_id)
            .with("tunnelName", l.tunnel_name.as_str())
            .with("createdTime", l.created_time)
            .unless_empty("updatedTime", l.updated_time)
            .with("status", l.status)
            .done()
    };
    state.limits.limits.iter().map(row).collect()
}

fn groups(groups: &Table<Group>, members: &Table<Member>, key: &str) -> Value {
    let row = |group: &Group| {
        // ascending: the panel's database reads them from the unique index
        let mut ids: Vec<i64> = members.iter().filter(|m| m.group_id == group.id).map(|m| m.member_id).collect();
        ids.sort_unstable();
        Row::new()
            .with("id", group.id)
            .with("name", group.name.as_str())
            .with("createdTime", group.created_time)
            .with("updatedTime", group.updated_time)
            .with("status", group.status)
            .unless_empty(key, ids)
            .done()
    };
    groups.iter().map(row).collect()
}

fn permissions(state: &State) -> Value {
    let row = |p: &crate::state::Permission| {
        let pair = (p.user_group_id, p.tunnel_group_id);
        let grants = state.groups.grants.iter();
        let mut grants: Vec<_> = grants.filter(|g| (g.user_group_id, g.tunnel_group_id) == pair).collect();
        grants.sort_by_key(|g| g.user_tunnel_id);
        let grants: Vec<Value> = grants
            .into_iter()
            .map(|g| {
                Row::new()
                    .with("id", g.id)
                    .with("userGroupId", g.user_group_id)
                    .with("tunnelGroupId", g.tunnel_group_id)
                    .with("userTunnelId", g.user_tunnel_id)
                    .with("createdTime", g.created_time)
                    .with("createdByGroup", g.created_by_group)
                    .done()
            })
            .collect();
        Row::new()
            .with("id", p.id)
            .with("userGroupId", p.user_group_id)
            .with("tunnelGroupId", p.tunnel_group_id)
            .with("createdTime", p.created_time)
            // never set by the panel's export
            .with("createdByGroup", 0)
            .unless_empty("grants", grants)
            .done()
    };
    state.groups.permissions.iter().map(row).collect()
}
