//! Old rows go from the start, in small steps. The anchor takes the place of the last one that went, so the rest can still be
//! proven; rows that are not what they were are evidence and stay.

use super::{
    End, Link,
    append::write_end,
    link::{COUNT, COVERED, part},
    walk::read_end,
};
use crate::store::{Store, StoreError};

/// What one step of pruning did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pruned {
    /// Rows that went.
    pub rows: usize,
    /// Number of the last one that went, in this step or an earlier one.
    pub last: i64,
    /// Why no further step makes sense; `None`: there may be more to prune.
    pub stopped: Option<Stopped>,
}

/// Why pruning stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// The next row is young enough, or there is none.
    Done,
    /// The row of this number, or the anchor before it, is not what was written.
    Damaged(i64),
}

impl Store {
    /// Takes at most `most` rows from the start that are older than `before_ms`.
    ///
    /// # Errors
    /// Nothing was pruned.
    pub async fn prune_audit(&self, before_ms: i64, now_ms: i64, most: usize) -> Result<Pruned, StoreError> {
        let store = self.clone();
        self.write(move |connection| {
            let mut last = match read_end(&store, connection, "anchor")? {
                End::Absent => Link::GENESIS,
                End::Sealed { link, .. } => link,
                End::Broken => return Ok(Pruned { rows: 0, last: 0, stopped: Some(Stopped::Damaged(0)) }),
            };
            let mut rows = 0;
            let mut stopped = None;
            {
                let sql = format!("SELECT seq, hash, time_ms, {COVERED} FROM audit ORDER BY seq LIMIT ?1");
                let mut query = connection.prepare(&sql)?;
                let mut found = query.query([i64::try_from(most).unwrap_or(i64::MAX)])?;
                while let Some(row) = found.next()? {
                    let seq: i64 = row.get(0)?;
                    let columns = (3..3 + COUNT).map(|column| Ok(part(row.get_ref(column)?)));
                    let columns = columns.collect::<rusqlite::Result<Vec<_>>>()?;
                    let hash = store.audit_hash(&last.hash, seq, &columns);
                    if seq != last.seq + 1 || part(row.get_ref(1)?).get(1..) != Some(hash.as_slice()) {
                        stopped = Some(Stopped::Damaged(seq));
                        break;
                    }
                    if row.get::<_, i64>(2)? >= before_ms {
                        stopped = Some(Stopped::Done);
                        break;
                    }
                    last = Link { seq, hash };
                    rows += 1;
                }
            }
            if rows > 0 {
                connection.execute("DELETE FROM audit WHERE seq <= ?1", [last.seq])?;
                write_end(&store, connection, "anchor", &last, now_ms)?;
            }
            if rows < most && stopped.is_none() {
                stopped = Some(Stopped::Done);
            }
            Ok(Pruned { rows, last: last.seq, stopped })
        })
        .await
    }
}
