//! A panel that answers what it is told to, in bytes, or does something worse. It can be told to misbehave on one path only
//! and to read out a small announcement on all others, so that a change gets as far as being sent.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Script {
    /// These bytes, then the connection is closed.
    Say(Vec<u8>),
    /// An endless body in chunks, until the client has enough.
    Flood(Vec<u8>),
    /// The connection is closed without a byte.
    Close,
    /// These bytes, then the connection is torn down (RST), not closed.
    Reset(Vec<u8>),
    /// Nothing, and the connection stays open.
    Hang,
}

impl Script {
    /// An answer with a body of that type and the right length.
    pub fn answer(status: &str, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!(
            "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        Self::Say(bytes)
    }
}

/// A listening panel without manners.
pub struct BadPanel {
    pub address: SocketAddr,
    requests: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl BadPanel {
    /// Every request gets the same.
    pub async fn start(script: Script) -> Self {
        Self::listen(None, vec![script]).await
    }

    /// The first request gets the first script, and so on; the last one stays.
    pub async fn in_turn(scripts: Vec<Script>) -> Self {
        Self::listen(None, scripts).await
    }

    /// Only requests for this path get the script, and only they are counted.
    pub async fn on(path: &'static str, script: Script) -> Self {
        Self::listen(Some(path), vec![script]).await
    }

    async fn listen(path: Option<&'static str>, scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (scripts, counter) = (scripts.clone(), Arc::clone(&counter));
                tokio::spawn(async move {
                    // A broken pipe is the client's good right.
                    let _ = act(stream, path, &scripts, &counter).await;
                });
            }
        });
        Self { address, requests, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many whole requests have arrived (for the path, if there is one).
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for BadPanel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn act(
    mut stream: TcpStream,
    path: Option<&str>,
    scripts: &[Script],
    counter: &AtomicUsize,
) -> std::io::Result<()> {
    let Some(asked) = read_request(&mut stream).await? else { return Ok(()) };
    let ordinary = Script::answer(
        "200 OK",
        "application/json",
        r#"{"code":0,"msg":"操作成功","data":{"content":"old","enabled":1},"ts":1}"#,
    );
    let script = if path.is_none_or(|path| path == asked) {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        scripts.get(number).or(scripts.last()).unwrap()
    } else {
        &ordinary
    };
    match script {
        Script::Say(bytes) => {
            stream.write_all(bytes).await?;
            stream.shutdown().await?;
            // Closing with unread bytes on our side would be a reset; there are none, the request was read whole.
        }
        Script::Flood(start) => {
            stream.write_all(start).await?;
            let chunk = [b"10000\r\n".as_slice(), &vec![b'x'; 0x1_0000], b"\r\n"].concat();
            loop {
                stream.write_all(&chunk).await?;
            }
        }
        Script::Close => {}
        Script::Reset(bytes) => {
            stream.write_all(bytes).await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.set_zero_linger()?;
        }
        Script::Hang => tokio::time::sleep(Duration::from_secs(600)).await,
    }
    Ok(())
}

/// Reads one request to its end and gives its path; `None`: the client went away before.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut seen = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&seen[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .map_or(0, |value| value.trim().parse().unwrap());
            if seen.len() >= end + 4 + length {
                return Ok(String::from_utf8_lossy(&seen).split(' ').nth(1).map(str::to_owned));
            }
        }
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(None);
        }
        seen.extend_from_slice(&buffer[..count]);
    }
}
