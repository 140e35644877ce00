//! A peer's probe and its raw commands to the shared node. Beyond a list of command names nothing ties a command to the
//! share: the port check looks at a form of data that the shipped agent does not even take.

use serde_json::{Value, json};

use super::share_of;
use crate::agents;
use crate::http::{Answer, Ctx, Kind, Reply};
use crate::routes::allow_list::split_host_port;
use crate::routes::federation_share::body;
use crate::state::PeerShare;

/// Commands a peer may send, in lower case; what is sent on is the peer's spelling.
const ALLOWED: [&str; 11] = [
    "addservice",
    "updateservice",
    "deleteservice",
    "pauseservice",
    "resumeservice",
    "addchains",
    "deletechains",
    "addlimiters",
    "deletelimiters",
    "tcpping",
    "reload",
];

pub(super) fn diagnose(ctx: &mut Ctx<'_>) -> Answer {
    const FIELDS: &[(&str, Kind)] =
        &[("ip", Kind::Text), ("port", Kind::Int), ("count", Kind::Int), ("timeout", Kind::Int)];
    let share = share_of(ctx)?;
    let body = body(ctx, FIELDS)?;
    let (host, port) = (body.text("ip").trim(), body.int("port"));
    if host.is_empty() || !(1..=65535).contains(&port) {
        return Err(Reply::fail("Invalid target"));
    }
    let or = |key: &str, default: i64| Some(body.int(key)).filter(|value| *value > 0).unwrap_or(default);
    let data = json!({"ip": host, "port": port, "count": or("count", 4), "timeout": or("timeout", 5000)});
    let answer =
        agents::send(ctx.state, share.node_id, "TcpPing", &data).map_err(|error| Reply::fail(error.to_string()))?;
    answer.data.map(Reply::ok).ok_or_else(|| Reply::fail("Node did not return diagnosis data"))
}

pub(super) fn command(ctx: &mut Ctx<'_>) -> Answer {
    let share = share_of(ctx)?;
    let body = body(ctx, &[("commandType", Kind::Text), ("data", Kind::Any)])?;
    let command = body.text("commandType").trim();
    if command.is_empty() {
        return Err(Reply::fail("commandType is required"));
    }
    let lower = command.to_lowercase();
    if !ALLOWED.contains(&lower.as_str()) {
        return Err(Reply::fail("command not allowed"));
    }
    let data = body.get("data").cloned().unwrap_or_default();
    if matches!(lower.as_str(), "addservice" | "updateservice") {
        check_ports(&share, &data).map_err(|text| Reply::err(403, text))?;
    }
    let answer =
        agents::send(ctx.state, share.node_id, command, &data).map_err(|error| Reply::fail(error.to_string()))?;
    Ok(Reply::ok(json!(answer)))
}

/// Checks the ports of `{services: […]}`; a plain list of services passes unseen.
fn check_ports(share: &PeerShare, data: &Value) -> Result<(), String> {
    if share.port_range_start <= 0 && share.port_range_end <= 0 {
        return Ok(());
    }
    let Some(services) = data.get("services") else { return Ok(()) };
    let services = services.as_array().ok_or("invalid services format")?;
    for service in services {
        let service = service.as_object().ok_or("invalid service entry format")?;
        let address = service.get("addr").and_then(Value::as_str).unwrap_or_default();
        if !address.is_empty() {
            check_address(share, address)?;
        }
    }
    Ok(())
}

fn check_address(share: &PeerShare, address: &str) -> Result<(), String> {
    let (_, port) = split_host_port(address).ok_or_else(|| format!("invalid service address: {address}"))?;
    let port: i64 = port
        .parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| format!("invalid port in service address: {address}"))?;
    let (start, end) = (share.port_range_start, share.port_range_end);
    if (start..=end).contains(&port) { Ok(()) } else { Err(format!("port {port} out of allowed range {start}-{end}")) }
}
