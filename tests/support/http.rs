//! HTTP/1.1 by hand over one connection: what is sent is what the test wrote, and the reply is what came.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// One reply.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("a reply is UTF-8")
    }

    /// The JSON-RPC message in it: the body itself, or the last data line of an event stream.
    pub fn json(&self) -> Value {
        let text = self.text();
        let stream = self.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        let message = if stream {
            text.lines()
                .filter_map(|line| line.strip_prefix("data:"))
                .rfind(|line| line.trim_start().starts_with('{'))
                .unwrap_or_default()
        } else {
            &text
        };
        serde_json::from_str(message).unwrap_or_else(|error| panic!("HTTP {}: {error} in {text:?}", self.status))
    }
}

/// Headers of an ordinary POST to `/mcp`.
pub fn json_headers() -> Vec<(&'static str, String)> {
    vec![("content-type", "application/json".to_owned()), ("accept", "application/json, text/event-stream".to_owned())]
}

/// One connection that stays open between requests.
pub struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    seen: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), address, seen: Vec::new() }
    }

    /// Sends one request with its length and reads the reply to its end.
    pub async fn request(&mut self, method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Reply {
        self.send(method, path, headers, body).await;
        super::soon(&format!("the reply to {method} {path}"), self.reply()).await
    }

    /// Only sends.
    pub async fn send(&mut self, method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str(&format!("host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        // A server that refuses by the headers alone may close while we still write.
        let _ = self.stream.write_all(&bytes).await;
    }

    /// Reads one reply to its end.
    pub async fn reply(&mut self) -> Reply {
        loop {
            let head = loop {
                if let Some(end) = find(&self.seen, b"\r\n\r\n") {
                    break end;
                }
                assert!(
                    self.more().await,
                    "the server closed before its reply was whole: {:?}",
                    String::from_utf8_lossy(&self.seen)
                );
            };
            let text = String::from_utf8(self.seen.drain(..head + 4).collect()).unwrap();
            let mut lines = text.lines();
            let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
            if status == 100 {
                continue;
            }
            let headers: Vec<(String, String)> = lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
                .collect();
            let mut reply = Reply { status, headers, body: Vec::new() };
            reply.body = if let Some(length) = reply.header("content-length") {
                let length = length.parse().unwrap();
                self.take(length).await
            } else if reply.header("transfer-encoding").is_some_and(|coding| coding == "chunked") {
                self.chunks().await
            } else {
                Vec::new()
            };
            return reply;
        }
    }

    /// The next message of an event stream that stays open. hyper sends each event as one chunk, so it is whole.
    pub async fn event(&mut self) -> Value {
        loop {
            if let Some(start) = find(&self.seen, b"data: {")
                && let Some(length) = find(&self.seen[start..], b"\n")
            {
                let line: Vec<u8> = self.seen.drain(..start + length).skip(start + "data: ".len()).collect();
                return serde_json::from_slice(&line).unwrap();
            }
            assert!(self.more().await, "the stream ended: {:?}", String::from_utf8_lossy(&self.seen));
        }
    }

    /// Whether the server has closed the connection.
    pub async fn is_over(&mut self) -> bool {
        self.seen.is_empty() && !self.more().await
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(end) = find(&self.seen, b"\r\n") {
                    break end;
                }
                assert!(self.more().await, "the server closed inside a chunked body");
            };
            let line: Vec<u8> = self.seen.drain(..end + 2).collect();
            let size = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
            let chunk = self.take(size + 2).await;
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                return body;
            }
        }
    }

    async fn take(&mut self, count: usize) -> Vec<u8> {
        while self.seen.len() < count {
            assert!(self.more().await, "the server closed inside a body");
        }
        self.seen.drain(..count).collect()
    }

    async fn more(&mut self) -> bool {
        let mut buffer = vec![0; 64 << 10];
        match self.stream.read(&mut buffer).await {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.seen.extend_from_slice(&buffer[..count]);
                true
            }
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
