//! What a call costs through the gateway, side by side with the same call to the panel itself, in one run.
//!
//! `cargo bench` (or `just bench`) starts a stand-in panel on a thread of its own and the built gateway as a process, and
//! measures in turn: a read of 7 KB, a read of 1 MB and a small read, with 1, 8 and 32 callers; start-up; memory. Every
//! answer is checked. `cargo bench -- audit` compares a gateway that records calls with one that does not.
//! Figures of one machine say little; the ratios to `direct` are what to compare (docs/benchmarks.md).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod audit;
mod load;
mod panel;
mod process;

use std::time::{Duration, Instant};

use load::{Call, Figures, measure};
use process::Gateway;

/// How long each measurement runs.
const SPAN: Duration = Duration::from_millis(1_000);
/// Rounds; medians are printed.
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --benches` asks for nothing but that it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let panel = panel::start();
    if std::env::args().any(|argument| argument == "audit") {
        return audit::compare(&panel).await;
    }
    println!("start-up, from spawn to the first answer (ms; median of 15)");
    println!("  http   {:7.1}", median(startup(&panel, 15).await));
    let gateway = Gateway::start(&panel).await;
    println!("memory after start: {:.1} MB", gateway.memory_mb());
    println!();
    println!(
        "{:<22} {:>8} {:>10} {:>10} {:>10} {:>12} {:>9} {:>9}",
        "call", "callers", "calls/s", "p50 us", "p99 us", "gw CPU us", "x direct", "x p50"
    );
    for kind in [panel::Reply::Small, panel::Reply::Rows20, panel::Reply::Rows2600] {
        for callers in [1, 8, 32] {
            if kind == panel::Reply::Rows2600 && callers > 8 {
                continue;
            }
            let mut direct = Vec::new();
            let mut through = Vec::new();
            let mut sessions = Vec::new();
            for _ in 0..ROUNDS {
                direct.push(measure(&Call::direct(&panel, kind), callers, SPAN, None).await);
                through.push(measure(&Call::stateless(&gateway, kind), callers, SPAN, Some(&gateway)).await);
                sessions.push(measure(&Call::session(&gateway, kind).await, callers, SPAN, Some(&gateway)).await);
            }
            let base = middle(&direct);
            for (name, figures) in
                [("direct", &base), ("gateway 2026-07-28", &middle(&through)), ("gateway session", &middle(&sessions))]
            {
                println!(
                    "{:<22} {:>8} {:>10.0} {:>10.0} {:>10.0} {:>12.0} {:>9.3} {:>9.1}",
                    format!("{} {name}", kind.name()),
                    callers,
                    figures.rate,
                    figures.p50,
                    figures.p99,
                    figures.cpu,
                    figures.rate / base.rate,
                    figures.p50 / base.p50
                );
            }
        }
    }
    println!();
    println!("memory after the load: {:.1} MB (peak {:.1} MB)", gateway.memory_mb(), gateway.peak_mb());
    gateway.stop().await;
}

async fn startup(panel: &panel::StandIn, times: usize) -> Vec<f64> {
    let mut taken = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        let gateway = Gateway::start(panel).await;
        taken.push(started.elapsed().as_secs_f64() * 1e3);
        gateway.stop().await;
    }
    taken
}

/// Each figure's median over the rounds.
fn middle(rounds: &[Figures]) -> Figures {
    let of = |pick: fn(&Figures) -> f64| median(rounds.iter().map(pick).collect());
    Figures { rate: of(|f| f.rate), p50: of(|f| f.p50), p99: of(|f| f.p99), cpu: of(|f| f.cpu) }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
