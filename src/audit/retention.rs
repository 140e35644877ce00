//! How long records are kept: old ones go in small steps, so that no call waits for it, and the chain stays provable.

use std::time::Duration;

use super::{Audit, Event, now_ms};
use crate::store::{
    Store,
    audit::{Pruned, Stopped},
};

/// Records of one step.
const STEP: usize = 500;
/// Rest between steps.
const REST: Duration = Duration::from_millis(20);
/// Time between rounds.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Takes records away that are older than that moment and records how many, and the person at the machine who wanted it, if
/// one did. Gives their number, and the number of a damaged record where pruning stopped: what is damaged stays.
///
/// # Errors
/// The store cannot be written.
pub async fn prune(
    store: &Store,
    audit: &Audit,
    before_ms: i64,
    person: Option<&str>,
) -> Result<(usize, Option<i64>), crate::store::StoreError> {
    let (mut rows, mut last) = (0, 0);
    let ended = loop {
        let step: Pruned = match store.prune_audit(before_ms, now_ms(), STEP).await {
            Ok(step) => step,
            Err(error) => break Err(error),
        };
        rows += step.rows;
        last = step.last;
        match step.stopped {
            Some(Stopped::Done) => break Ok(None),
            Some(Stopped::Damaged(seq)) => break Ok(Some(seq)),
            None => tokio::time::sleep(REST).await,
        }
    };
    // What the steps before a failure took is recorded as well.
    if rows > 0 {
        let event = match person {
            Some(person) => Event::new(Event::PRUNED).at_the_machine(person),
            None => Event::new(Event::PRUNED),
        };
        let event = event.with("records", rows as u64).with("last_seq", last).with("before_ms", before_ms);
        audit.event(event).await.map_err(|error| error.0)?;
    }
    let damaged = ended?;
    if let Some(seq) = damaged {
        tracing::error!(
            seq,
            "the record is damaged; nothing is pruned from there on (flvx-mcp audit verify says more)"
        );
    }
    Ok((rows, damaged))
}

/// Prunes now and once a day for as long as the runtime runs.
pub async fn prune_daily(store: Store, audit: Audit, keep: Duration) {
    let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    loop {
        match prune(&store, &audit, now_ms().saturating_sub(keep_ms), None).await {
            Ok((0, _)) => {}
            Ok((records, _)) => tracing::info!(records, "old records were pruned"),
            Err(error) => tracing::error!(%error, "old records cannot be pruned"),
        }
        tokio::time::sleep(DAY).await;
    }
}
