//! The built gateway as a process: start, stop, CPU time and memory as the operating system counts them.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

use super::panel::StandIn;

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
}

impl Gateway {
    /// Starts it and waits for its first answer.
    pub async fn start(panel: &StandIn) -> Self {
        Self::with(panel, &[]).await
    }

    /// The same with further settings.
    pub async fn with(panel: &StandIn, settings: &[(&str, &str)]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_flvx-mcp"))
            .env_clear()
            .env("PANEL_BASE_URL", format!("http://{}", panel.address))
            .env("PANEL_TOKEN", "bench.e30.token")
            .env("MCP_STATE_DIR", "temporary")
            .env("MCP_TRANSPORT", "http")
            .env("MCP_HTTP_ADDR", address.to_string())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let gateway = Self { address, child };
        for _ in 0..2_000 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return gateway;
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        panic!("the gateway did not start");
    }

    /// CPU seconds used so far.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    }

    /// Resident memory now, in MB.
    pub fn memory_mb(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// Most resident memory so far, in MB.
    pub fn peak_mb(&self) -> f64 {
        self.status("VmHWM:")
    }

    fn status(&self, key: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }

    /// Ends the process.
    pub async fn stop(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
