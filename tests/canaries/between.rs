//! A panel that stands before the stand-in panel: it passes everything on, except that it answers one path as it is told to.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// See above.
pub struct Between {
    address: SocketAddr,
    told: Arc<Mutex<Told>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Told {
    path: String,
    answer: Vec<u8>,
    heard: Vec<u8>,
}

impl Between {
    pub async fn before(panel: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told: Arc<Mutex<Told>> = Arc::default();
        let shared = Arc::clone(&told);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let told = Arc::clone(&shared);
                tokio::spawn(async move { act(stream, panel, &told).await });
            }
        });
        Self { address, told, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on this path is answered so.
    pub fn say(&self, path: &str, status: &str, content_type: &str, body: &str) {
        let mut told = self.told.lock().unwrap();
        path.clone_into(&mut told.path);
        told.answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes();
    }

    /// Whether a text was in a request for such a path.
    pub fn heard(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.told.lock().unwrap().heard).contains(text)
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn act(mut stream: TcpStream, panel: SocketAddr, told: &Mutex<Told>) -> Option<()> {
    let request = read(&mut stream).await?;
    let text = String::from_utf8_lossy(&request);
    let path = text.split(' ').nth(1)?.split('?').next()?.to_owned();
    let answer = {
        let mut told = told.lock().unwrap();
        if told.path == path {
            told.heard.extend_from_slice(&request);
            Some(told.answer.clone())
        } else {
            None
        }
    };
    match answer {
        Some(answer) => stream.write_all(&answer).await.ok()?,
        None => {
            let mut behind = TcpStream::connect(panel).await.ok()?;
            let line = request.windows(2).position(|pair| pair == b"\r\n")? + 2;
            let closing = [&request[..line], b"connection: close\r\n", &request[line..]].concat();
            behind.write_all(&closing).await.ok()?;
            let mut reply = Vec::new();
            behind.read_to_end(&mut reply).await.ok()?;
            stream.write_all(&reply).await.ok()?;
        }
    }
    stream.shutdown().await.ok()
}

/// One request, whole.
async fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut seen, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&seen[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if seen.len() >= end + 4 + length.unwrap_or(0) {
                return Some(seen);
            }
        }
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        seen.extend_from_slice(&buffer[..count]);
    }
}
