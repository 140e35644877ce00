//! What the tests share: a gateway over a fresh stand-in panel, a panel that misbehaves by script, and clients that
//! speak the raw protocol, so that nothing of the product stands between a test and the bytes.

// Every test file is a program of its own and uses its own part of this.
#![allow(dead_code, unused_imports)]

mod bad_panel;
mod http;
mod log;
mod program;
mod rpc;
mod world;

pub use bad_panel::{BadPanel, Script};
pub use http::{Connection, Reply, json_headers};
pub use log::Log;
pub use program::{Program, program, text};
pub use rpc::{call_modern, initialize, modern, modern_headers};
pub use world::{ADMIN, Served, WORD, World, call, caller, environment, gateway, object, subset};

/// Waits for a future, but not for ever: a hang fails the test with the name of what hung.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    within(30, what, future).await
}

/// The same with a limit in seconds.
pub async fn within<T>(seconds: u64, what: &str, future: impl Future<Output = T>) -> T {
    let limit = std::time::Duration::from_secs(seconds);
    match tokio::time::timeout(limit, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: nothing came of it within {seconds} s"),
    }
}

/// Looks again and again until something holds, and fails with its name when it does not come to that.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !holds() {
        assert!(std::time::Instant::now() < until, "{what}: that did not come to be within 30 s");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
