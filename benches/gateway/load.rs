//! A closed loop of callers over kept-alive connections. Each answer is checked for the rows it must hold.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{
    panel::{Reply, StandIn},
    process::Gateway,
};

/// What one measurement came to.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Calls a second.
    pub rate: f64,
    /// Median latency, microseconds.
    pub p50: f64,
    /// 99th percentile, microseconds.
    pub p99: f64,
    /// CPU of the gateway a call, microseconds.
    pub cpu: f64,
}

/// One request, ready to be sent.
#[derive(Debug, Clone)]
pub struct Call {
    address: SocketAddr,
    bytes: Vec<u8>,
    rows: usize,
}

impl Call {
    /// To the panel itself.
    pub fn direct(panel: &StandIn, kind: Reply) -> Self {
        let (path, _) = kind.route();
        let bytes = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: t\r\nContent-Length: 2\r\n\r\n{{}}",
            panel.address
        )
        .into_bytes();
        Self { address: panel.address, bytes, rows: kind.rows() }
    }

    /// Through the gateway, revision 2026-07-28.
    pub fn stateless(gateway: &Gateway, kind: Reply) -> Self {
        let (_, tool) = kind.route();
        let mut params = Self::params(kind);
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let head = format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n");
        Self {
            address: gateway.address,
            bytes: request(gateway.address, &head, &rpc("tools/call", &params)),
            rows: kind.rows(),
        }
    }

    /// Through the gateway in a session of 2025-11-25.
    pub async fn session(gateway: &Gateway, kind: Reply) -> Self {
        let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" } });
        let mut stream = connect(gateway.address).await;
        let (head, _) = exchange(&mut stream, &request(gateway.address, "", &rpc("initialize", &hello))).await;
        let session = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("mcp-session-id:").map(|id| id.trim().to_owned()))
            .expect("a session id");
        let head = format!("MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: {session}\r\n");
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
        exchange(&mut stream, &request(gateway.address, &head, &ready)).await;
        Self {
            address: gateway.address,
            bytes: request(gateway.address, &head, &rpc("tools/call", &Self::params(kind))),
            rows: kind.rows(),
        }
    }

    /// The same request with another id of the same length.
    fn numbered(mut self, caller: usize) -> Self {
        if let Some(at) = memchr::memmem::find(&self.bytes, ID.as_bytes()) {
            let id = format!("\"id\":{}", 1_000 + caller);
            self.bytes[at..at + id.len()].copy_from_slice(id.as_bytes());
        }
        self
    }

    fn params(kind: Reply) -> serde_json::Value {
        let (_, tool) = kind.route();
        let arguments =
            if kind == Reply::Small { json!({}) } else { json!({ "view": { "fields": ["*"], "limit": 10_000 } }) };
        json!({ "name": tool, "arguments": arguments })
    }
}

/// The id of a request before it is numbered.
const ID: &str = "\"id\":1000";

fn rpc(method: &str, params: &serde_json::Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1000, "method": method, "params": params }).to_string()
}

fn request(address: SocketAddr, head: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /mcp HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{head}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Keeps `callers` busy for `span`.
pub async fn measure(call: &Call, callers: usize, span: Duration, gateway: Option<&Gateway>) -> Figures {
    let cpu_before = gateway.map_or(0.0, Gateway::cpu_seconds);
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            // In one session no two calls that run may have one id.
            let call = call.clone().numbered(caller);
            tokio::spawn(async move {
                let mut stream = connect(call.address).await;
                let mut taken = Vec::new();
                while started.elapsed() < span {
                    let sent = Instant::now();
                    let (head, body) = exchange(&mut stream, &call.bytes).await;
                    taken.push(sent.elapsed());
                    let rows = memchr::memmem::find_iter(&body, b"\"inPort\":").count();
                    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
                    assert_eq!(rows, call.rows, "{}", String::from_utf8_lossy(&body[..body.len().min(600)]));
                }
                taken
            })
        })
        .collect();
    let mut taken = Vec::new();
    for task in tasks {
        taken.extend(task.await.unwrap());
    }
    let seconds = started.elapsed().as_secs_f64();
    let cpu = gateway.map_or(0.0, Gateway::cpu_seconds) - cpu_before;
    taken.sort();
    let at = |share: f64| taken[((taken.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    Figures { rate: taken.len() as f64 / seconds, p50: at(0.5), p99: at(0.99), cpu: cpu / taken.len() as f64 * 1e6 }
}

async fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::with_capacity(256 << 10, stream)
}

/// Sends a request and reads the answer: by length, in chunks, or none.
async fn exchange(stream: &mut BufReader<TcpStream>, bytes: &[u8]) -> (String, Vec<u8>) {
    stream.get_mut().write_all(bytes).await.unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).await.unwrap() > 0, "the connection was closed");
    }
    let lower = head.to_ascii_lowercase();
    let mut body = Vec::new();
    if lower.contains("transfer-encoding: chunked") {
        let mut line = String::new();
        loop {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            let size = usize::from_str_radix(line.trim(), 16).unwrap();
            let start = body.len();
            body.resize(start + size + 2, 0);
            stream.read_exact(&mut body[start..]).await.unwrap();
            body.truncate(start + size);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = lower.lines().find_map(|line| line.strip_prefix("content-length:")) {
        body.resize(length.trim().parse().unwrap(), 0);
        stream.read_exact(&mut body).await.unwrap();
    }
    (head, body)
}
