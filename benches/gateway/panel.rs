//! A stand-in panel with fixed answers, on a thread of its own: as fast as HTTP gets, so that the gateway is what is measured.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
};

/// Which answer a call gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// 80 bytes.
    Small,
    /// 20 rows, 7 KB.
    Rows20,
    /// 2,600 rows, 1 MB.
    Rows2600,
}

impl Reply {
    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "80 B",
            Self::Rows20 => "7 KB",
            Self::Rows2600 => "1 MB",
        }
    }

    /// Route of the panel, and the tool for it.
    pub fn route(self) -> (&'static str, &'static str) {
        match self {
            Self::Small => ("/api/v1/announcement/get", "announcement_get"),
            Self::Rows20 => ("/api/v1/node/list", "node_list"),
            Self::Rows2600 => ("/api/v1/forward/list", "forward_list"),
        }
    }

    /// Rows in the answer.
    pub fn rows(self) -> usize {
        match self {
            Self::Small => 0,
            Self::Rows20 => 20,
            Self::Rows2600 => 2_600,
        }
    }
}

/// The running stand-in.
#[derive(Debug)]
pub struct StandIn {
    /// Where it listens.
    pub address: SocketAddr,
}

/// Starts it; it ends with the process.
pub fn start() -> StandIn {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Arc::new([answer(Reply::Small), answer(Reply::Rows20), answer(Reply::Rows2600)]);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || serve(stream, &answers));
        }
    });
    StandIn { address }
}

fn serve(stream: TcpStream, answers: &[Vec<u8>; 3]) {
    stream.set_nodelay(true).unwrap();
    let mut out = stream.try_clone().unwrap();
    let mut input = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if input.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let which = if line.contains("/node/list") {
            1
        } else if line.contains("/forward/list") {
            2
        } else {
            0
        };
        let mut length = 0;
        loop {
            line.clear();
            if input.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if input.read_exact(&mut body).is_err() || out.write_all(&answers[which]).is_err() {
            return;
        }
    }
}

fn answer(reply: Reply) -> Vec<u8> {
    let data = match reply {
        Reply::Small => serde_json::json!({ "content": "hello", "enabled": 1 }),
        _ => (0..reply.rows()).map(row).collect(),
    };
    let body =
        serde_json::json!({ "code": 0, "msg": "操作成功", "data": data, "ts": 1_764_000_000_000_u64 }).to_string();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// A row of about 350 bytes with keys of both lists, texts in two scripts, numbers and nulls.
fn row(index: usize) -> serde_json::Value {
    serde_json::json!({
        "id": index + 1, "inx": index, "name": format!("香港-node-{index:05}"), "ip": format!("203.0.113.{}", index % 254 + 1),
        "serverIp": format!("198.51.100.{}", index % 254 + 1), "port": "10000-59999", "status": u8::from(!index.is_multiple_of(7)), "version": "2.1.5",
        "userId": index % 40, "userName": format!("user{}", index % 40), "tunnelId": index % 9 + 1, "tunnelName": "hk > jp", "inPort": 10_000 + index,
        "remoteAddr": format!("192.0.2.{}:443,192.0.2.{}:8443", index % 250, index % 250 + 1), "strategy": "fifo", "inFlow": 1_234_567_890_u64 + index as u64,
        "outFlow": 9_876_543_210_u64, "createdTime": 1_764_000_000_000_u64, "remark": if index.is_multiple_of(5) { "备用 \"east\" / on-call" } else { "" }, "isRemote": 0, "remoteUrl": null,
    })
}
