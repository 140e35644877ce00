//! The sections that are plain tables. Texts that an export leaves out come back as empty texts, not as null.

use super::{free, text_or, upsert};
use crate::http::Strict;
use crate::state::{ChainTunnel, Forward, ForwardPort, Node, SpeedLimit, State, Tunnel, User, UserTunnel};

type Done = Result<(), String>;

fn filled(entry: &Strict, key: &str) -> Option<String> {
    Some(entry.text(key).to_owned())
}

pub(super) fn users(state: &mut State, entries: &[Strict]) -> Done {
    let now = state.now();
    for e in entries {
        let row = User {
            id: e.int("id"),
            user: e.text("user").to_owned(),
            pwd: e.text("pwd").to_owned(),
            role_id: e.int("roleId"),
            exp_time: e.int("expTime"),
            flow: e.int("flow"),
            in_flow: e.int("inFlow"),
            out_flow: e.int("outFlow"),
            flow_reset_time: e.int("flowResetTime"),
            num: e.int("num"),
            created_time: e.int("createdTime"),
            updated_time: Some(now),
            status: e.int("status"),
        };
        upsert(&mut state.users.users, row, |old, new| new.created_time = old.created_time, free)?;
    }
    Ok(())
}

pub(super) fn nodes(state: &mut State, entries: &[Strict]) -> Done {
    let now = state.now();
    for e in entries {
        let row = Node {
            id: e.int("id"),
            name: e.text("name").to_owned(),
            secret: e.text("secret").to_owned(),
            server_ip: e.text("serverIp").to_owned(),
            server_ip_v4: filled(e, "serverIpV4"),
            server_ip_v6: filled(e, "serverIpV6"),
            port: e.text("port").to_owned(),
            interface_name: filled(e, "interfaceName"),
            version: filled(e, "version"),
            http: e.int("http"),
            tls: e.int("tls"),
            socks: e.int("socks"),
            created_time: e.int("createdTime"),
            updated_time: Some(now),
            status: e.int("status"),
            tcp_listen_addr: text_or(e, "tcpListenAddr", "[::]"),
            udp_listen_addr: text_or(e, "udpListenAddr", "[::]"),
            inx: e.int("inx"),
            is_remote: e.int("isRemote"),
            remote_url: filled(e, "remoteUrl"),
            remote_token: filled(e, "remoteToken"),
            remote_config: filled(e, "remoteConfig"),
        };
        upsert(&mut state.nodes.nodes, row, |old, new| new.created_time = old.created_time, free)?;
    }
    Ok(())
}

pub(super) fn tunnels(state: &mut State, entries: &[Strict]) -> Done {
    let now = state.now();
    for e in entries {
        let ratio = e.float("trafficRatio");
        let row = Tunnel {
            id: e.int("id"),
            name: e.text("name").to_owned(),
            // the column's default, as for texts
            traffic_ratio: if ratio == 0.0 { 1.0 } else { ratio },
            kind: e.int("type"),
            protocol: text_or(e, "protocol", "tls"),
            flow: e.int("flow"),
            created_time: e.int("createdTime"),
            updated_time: now,
            status: e.int("status"),
            in_ip: filled(e, "inIp"),
            inx: e.int("inx"),
            ip_preference: e.text("ipPreference").to_owned(),
        };
        upsert(&mut state.tunnels.tunnels, row, |old, new| new.created_time = old.created_time, free)?;
        for c in e.structs("chainTunnels") {
            let row = ChainTunnel {
                id: c.int("id"),
                tunnel_id: c.int("tunnelId"),
                chain_type: c.text("chainType").to_owned(),
                node_id: c.int("nodeId"),
                port: Some(c.int("port")),
                strategy: filled(&c, "strategy"),
                inx: Some(c.int("inx")),
                protocol: filled(&c, "protocol"),
            };
            upsert(&mut state.tunnels.chains, row, |old, new| new.tunnel_id = old.tunnel_id, free)?;
        }
    }
    Ok(())
}

pub(super) fn forwards(state: &mut State, entries: &[Strict]) -> Done {
    let now = state.now();
    for e in entries {
        let row = Forward {
            id: e.int("id"),
            user_id: e.int("userId"),
            user_name: e.text("userName").to_owned(),
            name: e.text("name").to_owned(),
            tunnel_id: e.int("tunnelId"),
            remote_addr: e.text("remoteAddr").to_owned(),
            strategy: text_or(e, "strategy", "fifo"),
            in_flow: e.int("inFlow"),
            out_flow: e.int("outFlow"),
            created_time: e.int("createdTime"),
            updated_time: now,
            status: e.int("status"),
            inx: e.int("inx"),
        };
        upsert(&mut state.forwards.forwards, row, |old, new| new.created_time = old.created_time, free)?;
        // the ports go to the id in the document, which is 0 for a new forward
        let forward_id = e.int("id");
        if e.has("forwardPorts") {
            state.forwards.ports.retain(|p| p.forward_id != forward_id);
            for p in e.structs("forwardPorts") {
                let row = ForwardPort { id: 0, forward_id, node_id: p.int("nodeId"), port: p.int("port") };
                state.forwards.ports.insert(row);
            }
        }
    }
    Ok(())
}

pub(super) fn user_tunnels(state: &mut State, entries: &[Strict]) -> Done {
    for e in entries {
        let row = UserTunnel {
            id: e.int("id"),
            user_id: e.int("userId"),
            tunnel_id: e.int("tunnelId"),
            speed_id: e.opt_int("speedId").filter(|id| *id > 0),
            num: e.int("num"),
            flow: e.int("flow"),
            in_flow: e.int("inFlow"),
            out_flow: e.int("outFlow"),
            flow_reset_time: e.int("flowResetTime"),
            exp_time: e.int("expTime"),
            status: e.int("status"),
        };
        let clash = |other: &UserTunnel, new: &UserTunnel| {
            ((other.user_id, other.tunnel_id) == (new.user_id, new.tunnel_id))
                .then_some("user_tunnel.user_id, user_tunnel.tunnel_id")
        };
        upsert(&mut state.tunnels.user_tunnels, row, |_, _| (), clash)?;
    }
    Ok(())
}

pub(super) fn speed_limits(state: &mut State, entries: &[Strict]) -> Done {
    let now = state.now();
    for e in entries {
        let row = SpeedLimit {
            id: e.int("id"),
            name: e.text("name").to_owned(),
            speed: e.int("speed"),
            tunnel_id: e.int("tunnelId"),
            tunnel_name: e.text("tunnelName").to_owned(),
            created_time: e.int("createdTime"),
            updated_time: Some(now),
            status: e.int("status"),
        };
        upsert(&mut state.limits.limits, row, |old, new| new.created_time = old.created_time, free)?;
    }
    Ok(())
}
