//! Proves that records are what was written: walks a chain from its anchor to its head and says of everything that does not
//! fit where it is and of what kind. Works on the store and on a file of lines; both need the store's key.

mod file;
mod walker;

pub use file::{FileReport, verify_file};
pub use walker::{Damage, Fault};

use walker::Walker;

use crate::store::{
    Store, StoreError,
    audit::{End, Link},
};

/// Rows of one step.
const STEP: usize = 2_000;
/// Damages told one by one; beyond that they are counted.
pub const MOST_TOLD: usize = 200;

/// What a walk over the store showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Records that were looked at.
    pub records: u64,
    /// What the first of them hangs on; `seq` 0: the first record of all is there.
    pub anchor: Link,
    /// The newest record.
    pub head: Link,
    /// What is wrong, at most [`MOST_TOLD`].
    pub damages: Vec<Damage>,
    /// How much is wrong altogether.
    pub count: u64,
    /// Whether the head that was noted elsewhere could be looked at: it may have been pruned since.
    pub expected: Expected,
}

/// What became of a head that was noted elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// None was given.
    NotAsked,
    /// It is there as it was noted.
    Found,
    /// It is not there, or not as it was noted; told among the damages.
    Wrong,
    /// It is older than what is kept.
    Pruned,
}

/// Walks the whole chain.
///
/// # Errors
/// The state cannot be read; a file that SQLite itself finds damaged is [`StoreError::Damaged`].
pub async fn verify(store: &Store, expect: Option<Link>) -> Result<Report, StoreError> {
    let mut walker: Option<Walker> = None;
    // Rows before the anchor do not belong to the chain, so the walk starts at the smallest number that there is.
    let mut after = None;
    let mut seen = None;
    let (walker, head) = loop {
        let page = store.audit_page(after, STEP).await?;
        let anchor = page.ends.anchor;
        let walk = walker.get_or_insert_with(|| Walker::new(store.clone(), anchor.link().unwrap_or(Link::GENESIS)));
        if after.is_none() && anchor == End::Broken {
            walk.damage(Damage::nowhere(0, Fault::AnchorBroken));
            // Where the chain begins is not known then; the first row is taken as it is.
            walk.begin_anywhere();
        }
        if let Some(link) = anchor.link() {
            // Pruned while we walk.
            walk.jump(link);
        }
        let last_page = page.rows.len() < STEP;
        for row in page.rows {
            after = Some(row.seq);
            if let Some(expect) = expect.filter(|expect| expect.seq == row.seq) {
                seen = Some(row.hash() == Some(expect.hash));
            }
            walk.step(&row, None);
        }
        if last_page && let Some(walker) = walker {
            break (walker, page.ends);
        }
    };
    let mut walker = walker;
    walker.end(head.head, head.anchor != End::Absent);
    let last = walker.last();
    let newest = head.head.link().map_or(last, |head| if head.seq > last.seq { head } else { last });
    let expected = match (expect, seen) {
        (None, _) => Expected::NotAsked,
        (Some(_), Some(true)) => Expected::Found,
        (Some(expect), None) if expect == walker.anchor => Expected::Found,
        (Some(expect), None) if expect.seq < walker.anchor.seq => Expected::Pruned,
        (Some(expect), _) => {
            walker.damage(Damage::nowhere(expect.seq, Fault::NotAsNoted));
            Expected::Wrong
        }
    };
    for line in store.audit_integrity().await? {
        walker.damage(Damage::nowhere(0, Fault::Database(line)));
    }
    let (records, anchor) = (walker.records, walker.anchor);
    let (damages, count) = walker.damages();
    Ok(Report { records, anchor, head: newest, damages, count, expected })
}
