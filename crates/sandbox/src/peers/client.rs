//! The client side of federation: the peer routes of another panel as functions. An error is the text that the panel
//! shows or stores for it.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::network;
use crate::agents::CommandAnswer;
use crate::state::State;

/// What `federation/connect` says about a share.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RemoteNode {
    /// The share there.
    pub share_id: i64,
    /// Its name.
    pub share_name: String,
    /// The node there.
    pub node_id: i64,
    /// The node's name.
    pub node_name: String,
    /// The node's address.
    pub server_ip: String,
    /// 1 online.
    pub status: i64,
    /// Allowance in bytes.
    pub max_bandwidth: i64,
    /// Bytes used.
    pub current_flow: i64,
    /// ms since the epoch, 0 never.
    pub expiry_time: i64,
    /// First port.
    pub port_range_start: i64,
    /// Last port.
    pub port_range_end: i64,
}

impl RemoteNode {
    /// The limits as the importing panel stores them in the node's `remote_config` (keys sorted).
    #[must_use]
    pub fn config_text(&self) -> String {
        serde_json::json!({
            "currentFlow": self.current_flow,
            "expiryTime": self.expiry_time,
            "maxBandwidth": self.max_bandwidth,
            "portRangeEnd": self.port_range_end,
            "portRangeStart": self.port_range_start,
            "shareId": self.share_id,
        })
        .to_string()
    }
}

/// Body of `runtime/reserve-port`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reserve {
    /// Our name for the use.
    pub resource_key: String,
    /// Listener type.
    pub protocol: String,
    /// Wished port, 0 for any.
    pub requested_port: i64,
}

/// Answer of `runtime/reserve-port` and `runtime/apply-role`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Reservation {
    /// Key for apply and release.
    pub reservation_id: String,
    /// The runtime there, empty until applied.
    pub binding_id: String,
    /// The port there.
    pub allocated_port: i64,
}

/// A next hop of a middle role.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Target {
    /// Its address.
    pub host: String,
    /// Its port.
    pub port: i64,
    /// Dialer type.
    pub protocol: String,
}

/// Body of `runtime/apply-role`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplyRole {
    /// The reservation.
    pub reservation_id: String,
    /// Our name for the use.
    pub resource_key: String,
    /// `middle` or `exit`.
    pub role: String,
    /// Listener type.
    pub protocol: String,
    /// Choice among the targets.
    pub strategy: String,
    /// Next hops; none for an exit.
    pub targets: Vec<Target>,
}

/// Body of `runtime/release-role`; the first that is not blank is used there.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// The runtime there.
    pub binding_id: String,
    /// The reservation.
    pub reservation_id: String,
    /// Our name for the use.
    pub resource_key: String,
}

/// Body of `runtime/diagnose`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Probe {
    /// Target host.
    pub ip: String,
    /// Target port.
    pub port: i64,
    /// Number of connects.
    pub count: i64,
    /// ms for one connect.
    pub timeout: i64,
}

/// Body of `runtime/command`.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeCommand {
    /// Node command.
    pub command_type: String,
    /// Its payload.
    pub data: Value,
}

/// The domain this panel gives to peers: its config `panel_domain`, trimmed, or nothing.
#[must_use]
pub fn local_domain(state: &State) -> String {
    let row = state.configs.configs.find(|row| row.name == "panel_domain");
    row.map(|row| row.value.trim().to_owned()).unwrap_or_default()
}

/// `federation/connect`: what the share is and how its node does.
///
/// # Errors
/// The panel's text when there is no answer or the provider refuses.
pub fn connect(state: &mut State, url: &str, token: &str, domain: &str) -> Result<RemoteNode, String> {
    let data = call(state, url, token, domain, "connect", None)?;
    Ok(decoded(data))
}

/// `runtime/reserve-port`.
///
/// # Errors
/// As [`connect`].
pub fn reserve_port(state: &mut State, url: &str, token: &str, request: &Reserve) -> Result<Reservation, String> {
    post(state, url, token, "runtime/reserve-port", request).map(decoded)
}

/// `runtime/apply-role`.
///
/// # Errors
/// As [`connect`].
pub fn apply_role(state: &mut State, url: &str, token: &str, request: &ApplyRole) -> Result<Reservation, String> {
    post(state, url, token, "runtime/apply-role", request).map(decoded)
}

/// `runtime/release-role`.
///
/// # Errors
/// As [`connect`].
pub fn release_role(state: &mut State, url: &str, token: &str, request: &Release) -> Result<(), String> {
    post(state, url, token, "runtime/release-role", request).map(|_| ())
}

/// `runtime/diagnose`: what the node there answered to the probe.
///
/// # Errors
/// As [`connect`], and when the provider sent no data.
pub fn diagnose(state: &mut State, url: &str, token: &str, request: &Probe) -> Result<Value, String> {
    match post(state, url, token, "runtime/diagnose", request)? {
        data @ Value::Object(_) => Ok(data),
        _ => Err("remote api error: empty diagnosis payload".to_owned()),
    }
}

/// `runtime/command`: a raw command to the node there.
///
/// # Errors
/// As [`connect`], and when the node there refused.
pub fn command(state: &mut State, url: &str, token: &str, request: &RuntimeCommand) -> Result<CommandAnswer, String> {
    let answer: CommandAnswer = decoded(post(state, url, token, "runtime/command", request)?);
    match answer {
        CommandAnswer { success: true, .. } => Ok(answer),
        CommandAnswer { message, .. } if message.trim().is_empty() => Err("命令执行失败".to_owned()),
        CommandAnswer { message, .. } => Err(message),
    }
}

fn post(state: &mut State, url: &str, token: &str, path: &str, body: &impl Serialize) -> Result<Value, String> {
    let domain = local_domain(state);
    let body = serde_json::to_vec(body).map_err(|error| error.to_string())?;
    call(state, url, token, &domain, path, Some(body))
}

/// One call; the value of `data`, `null` when there was none.
fn call(
    state: &mut State,
    url: &str,
    token: &str,
    domain: &str,
    path: &str,
    body: Option<Vec<u8>>,
) -> Result<Value, String> {
    let url = format!("{}/api/v1/federation/{path}", url.strip_suffix('/').unwrap_or(url));
    let invalid = |name: &str| format!("Post \"{url}\": net/http: invalid header field value for \"{name}\"");
    let mut headers = HeaderMap::new();
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| invalid("Authorization"))?;
    headers.insert(AUTHORIZATION, bearer);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if !domain.is_empty() {
        let value = HeaderValue::from_bytes(domain.as_bytes()).map_err(|_| invalid("X-Panel-Domain"))?;
        headers.insert(HeaderName::from_static("x-panel-domain"), value);
    }
    let response = network::post(state, &url, headers, body.map(Bytes::from).unwrap_or_default())?;
    if response.status != 200 {
        return Err(format!("remote error {}: {}", response.status, String::from_utf8_lossy(&response.body)));
    }
    let envelope = first_json(&response.body)?;
    match envelope.get("code").and_then(Value::as_i64).unwrap_or(0) {
        0 => Ok(envelope.get("data").cloned().unwrap_or_default()),
        _ => Err(format!("remote api error: {}", envelope.get("msg").and_then(Value::as_str).unwrap_or_default())),
    }
}

/// The first JSON value of an answer, with the words of Go's decoder when there is none.
fn first_json(body: &[u8]) -> Result<Value, String> {
    let text = String::from_utf8_lossy(body);
    let Some(first) = text.trim_start().chars().next() else {
        return Err("EOF".to_owned());
    };
    match serde_json::Deserializer::from_str(&text).into_iter::<Value>().next() {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) if error.is_eof() => Err("unexpected EOF".to_owned()),
        _ => Err(format!("invalid character '{first}' looking for beginning of value")),
    }
}

fn decoded<T: DeserializeOwned + Default>(data: Value) -> T {
    serde_json::from_value(data).unwrap_or_default()
}
