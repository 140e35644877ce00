//! What the record costs a read: a gateway that keeps one beside one that does not, in turn, the state on a real disk.

use crate::{
    ROUNDS, SPAN,
    load::{Call, measure},
    middle,
    panel::{Reply, StandIn},
    process::Gateway,
};

/// Prints rate, latency and CPU of both, and what the record adds.
pub async fn compare(panel: &StandIn) {
    let folder = tempfile::tempdir_in("target").unwrap();
    let state = folder.path().join("state");
    let with = Gateway::with(panel, &[("MCP_STATE_DIR", state.to_str().unwrap())]).await;
    let without = Gateway::with(panel, &[("MCP_AUDIT_ENABLED", "false")]).await;
    println!(
        "{:<8} {:>8} {:<10} {:>10} {:>10} {:>10} {:>12}",
        "call", "callers", "record", "calls/s", "p50 us", "p99 us", "gw CPU us"
    );
    for kind in [Reply::Small, Reply::Rows20] {
        for callers in [1, 8, 32] {
            let (mut on, mut off) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                on.push(measure(&Call::stateless(&with, kind), callers, SPAN, Some(&with)).await);
                off.push(measure(&Call::stateless(&without, kind), callers, SPAN, Some(&without)).await);
            }
            for (name, figures) in [("on", middle(&on)), ("off", middle(&off))] {
                println!(
                    "{:<8} {:>8} {:<10} {:>10.0} {:>10.0} {:>10.0} {:>12.0}",
                    kind.name(),
                    callers,
                    name,
                    figures.rate,
                    figures.p50,
                    figures.p99,
                    figures.cpu
                );
            }
        }
    }
    with.stop().await;
    without.stop().await;
}
