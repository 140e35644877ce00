//! Every change by its idempotency key: begun before anything is sent, settled after. What is here decides whether a repeat
//! is answered, refused or run, so each step is on disk before the next one is taken.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{OwnerId, SavedKind, Store, StoreError, now_ms};

/// Who may meet whose result: a key means something only together with these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerKey {
    /// Base URL of the panel.
    pub panel: String,
    /// Who calls.
    pub principal: String,
    /// Name of the credential.
    pub credential: String,
    /// Canonical name of the tool.
    pub tool: String,
    /// The caller's key.
    pub key: String,
}

/// How far a change came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was sent.
    Intent,
    /// The panel may have it.
    Sending,
    /// It is known what came of it, or that nobody knows.
    Settled,
}

impl Stage {
    fn word(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Sending => "sending",
            Self::Settled => "settled",
        }
    }
}

/// A change that is about to run.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Its key.
    pub key: LedgerKey,
    /// Keyed digest of the canonical request.
    pub digest: [u8; 32],
    /// Its name.
    pub trace_id: String,
    /// JSON: the request without its secrets.
    pub arguments: String,
    /// Name of the change that this one takes back.
    pub undoes: Option<String>,
    /// Digest of the confirmation that is used up by it.
    pub confirmation: Option<[u8; 32]>,
}

/// What is known of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its name.
    pub trace_id: String,
    /// Its key.
    pub key: LedgerKey,
    /// Keyed digest of the canonical request.
    pub digest: Vec<u8>,
    /// The process that runs or ran it.
    pub owner: OwnerId,
    /// How far it came.
    pub stage: Stage,
    /// When it was begun, ms since the epoch.
    pub started_ms: i64,
    /// When it was sent; of several calls the last one.
    pub sent_ms: Option<i64>,
    /// When it was settled.
    pub settled_ms: Option<i64>,
    /// The outcome's word.
    pub outcome: Option<String>,
    /// Whether it was read back and found.
    pub verified: Option<bool>,
    /// JSON: the request without its secrets.
    pub arguments: String,
    /// JSON, without secrets: what was read before the call that was sent last. Where a change has several calls, also its place
    /// among them, the state saved for it, and what is known of those before it.
    pub before: Option<String>,
    /// JSON: the result.
    pub result: Option<String>,
    /// JSON: the inverse.
    pub undo: Option<String>,
    /// Id of the state saved before.
    pub saved: Option<String>,
    /// Name of the change that it takes back.
    pub undoes: Option<String>,
    /// Name of the change that took it back.
    pub undone_by: Option<String>,
}

/// What came of taking a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is ours: the intent is on disk.
    New,
    /// The key is taken by this change.
    Taken(Box<LedgerRow>),
    /// The confirmation was used up meanwhile, by the call of this name.
    ConfirmationUsed(String),
    /// The change that it takes back is being taken back, or was, by the call of this name.
    TakenBack(String),
}

/// What came of a change.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    /// The outcome's word.
    pub outcome: String,
    /// Whether it was read back and found.
    pub verified: Option<bool>,
    /// JSON: the result.
    pub result: String,
    /// JSON: the inverse.
    pub undo: Option<String>,
    /// Id of the state saved before.
    pub saved: Option<String>,
    /// Whether the key stays taken.
    pub live: bool,
}

/// Which changes are asked for. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct LedgerFilter {
    /// Base URL of the panel.
    pub panel: Option<String>,
    /// Who called.
    pub principal: Option<String>,
    /// Canonical name of the tool.
    pub tool: Option<String>,
    /// Begun at or after, ms since the epoch.
    pub since_ms: Option<i64>,
    /// Only those that nobody knows the outcome of.
    pub unknown: bool,
    /// Newest first, at most so many.
    pub limit: usize,
}

const COLUMNS: &str = "trace_id, panel, principal, credential, tool, key, digest, owner, stage, started_ms, sent_ms, settled_ms, \
                       outcome, verified, arguments, before, result, undo, saved, undoes, undone_by";

impl Store {
    /// Takes a key, and uses up the confirmation, in one step. `life_ms`: how long a settled key stays taken; one that nobody
    /// knows the outcome of stays taken for ever.
    ///
    /// # Errors
    /// The intent is not on disk; nothing may be sent.
    pub async fn ledger_begin(&self, intent: Intent, life_ms: i64) -> Result<Begun, StoreError> {
        let owner = self.owner().as_str().to_owned();
        self.write(move |connection| {
            let now = now_ms();
            if let Some(row) = taken(connection, &intent.key)? {
                let over = row.stage == Stage::Settled
                    && row.outcome.as_deref() != Some("unknown")
                    && row.settled_ms.is_some_and(|settled| now.saturating_sub(settled) >= life_ms);
                if !over {
                    return Ok(Begun::Taken(Box::new(row)));
                }
                connection.execute("UPDATE ledger SET live = 0 WHERE trace_id = ?1", [&row.trace_id])?;
            }
            // Two calls with keys of their own must not take the same change back twice. One that nobody knows the outcome of counts:
            // it may have happened.
            if let Some(undoes) = &intent.undoes
                && let Some(by) = taking_back(connection, undoes)?
            {
                return Ok(Begun::TakenBack(by));
            }
            if let Some(confirmation) = &intent.confirmation {
                let used = connection.execute(
                    "UPDATE confirmation SET used_ms = ?2, used_by = ?3 WHERE hash = ?1 AND used_ms IS NULL",
                    params![confirmation, now, intent.trace_id],
                )?;
                if used == 0 {
                    let by: Option<String> = connection
                        .query_row("SELECT used_by FROM confirmation WHERE hash = ?1", [confirmation], |row| row.get(0))
                        .optional()?
                        .flatten();
                    return Ok(Begun::ConfirmationUsed(by.unwrap_or_default()));
                }
            }
            let LedgerKey { panel, principal, credential, tool, key } = &intent.key;
            connection.execute(
                "INSERT INTO ledger (trace_id, panel, principal, credential, tool, key, live, digest, owner, stage, started_ms, arguments, undoes) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, 'intent', ?9, ?10, ?11)",
                params![intent.trace_id, panel, principal, credential, tool, key, intent.digest, owner, now, intent.arguments, intent.undoes],
            )?;
            Ok(Begun::New)
        })
        .await
    }

    /// The change that holds a key now.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn ledger_taken(&self, key: LedgerKey) -> Result<Option<LedgerRow>, StoreError> {
        self.read(move |connection| taken(connection, &key)).await
    }

    /// Notes that from now on the panel may have the request; `before` is as in [`LedgerRow::before`] and takes the place of what
    /// was noted for an earlier call.
    ///
    /// # Errors
    /// It is not on disk, or the change is not this process's (any more); nothing may be sent.
    pub async fn ledger_sending(
        &self,
        trace_id: String,
        before: String,
        saved: Option<String>,
    ) -> Result<(), StoreError> {
        let owner = self.owner().as_str().to_owned();
        self.write(move |connection| {
            let noted = connection.execute(
                "UPDATE ledger SET stage = 'sending', sent_ms = ?2, before = ?3, saved = COALESCE(?4, saved) \
                 WHERE trace_id = ?1 AND owner = ?5 AND stage <> 'settled'",
                params![trace_id, now_ms(), before, saved, owner],
            )?;
            if noted == 1 { Ok(()) } else { Err(rusqlite::Error::QueryReturnedNoRows) }
        })
        .await
    }

    /// Notes what came of a change. `false`: that was known already, and stays.
    ///
    /// # Errors
    /// It is not on disk; the change is settled by reading when its key is used next.
    pub async fn ledger_settle(&self, trace_id: String, settlement: Settlement) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let Settlement { outcome, verified, result, undo, saved, live } = settlement;
            let settled = connection.execute(
                "UPDATE ledger SET stage = 'settled', settled_ms = ?2, outcome = ?3, verified = ?4, result = ?5, undo = ?6, \
                 saved = COALESCE(?7, saved), live = ?8 WHERE trace_id = ?1 AND (stage <> 'settled' OR outcome = 'unknown')",
                params![trace_id, now_ms(), outcome, verified, result, undo, saved, live],
            )?;
            if settled == 0 {
                return Ok(false);
            }
            // What had no effect has used up no token: the same call, on the same state, may be made once more.
            connection.execute(
                "UPDATE confirmation SET used_ms = NULL, used_by = NULL WHERE used_by = ?1 AND NOT ?2",
                params![trace_id, live],
            )?;
            // Taken back is what was really taken back; a panel that said yes and did nothing has not.
            connection.execute(
                "UPDATE ledger SET undone_by = ?1 WHERE trace_id = (SELECT undoes FROM ledger WHERE trace_id = ?1) \
                 AND (?2 = 'partial' OR (?2 = 'done' AND ?3 IS NOT 0))",
                params![trace_id, outcome, verified],
            )?;
            Ok(true)
        })
        .await
    }

    /// Takes a change over from a process that is gone. `false`: another process did, or it is not at the stage any more that
    /// was read.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn ledger_take_over(&self, row: &LedgerRow) -> Result<bool, StoreError> {
        let owner = self.owner().as_str().to_owned();
        let (trace_id, from, stage) = (row.trace_id.clone(), row.owner.clone(), row.stage.word());
        self.write(move |connection| {
            let taken = connection.execute(
                "UPDATE ledger SET owner = ?3 WHERE trace_id = ?1 AND owner = ?2 AND stage = ?4 AND stage <> 'settled'",
                params![trace_id, from.as_str(), owner, stage],
            )?;
            Ok(taken == 1)
        })
        .await
    }

    /// Takes up a change again that nobody knows the outcome of, to carry it on. `false`: another call did.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn ledger_reopen(&self, trace_id: String) -> Result<bool, StoreError> {
        let owner = self.owner().as_str().to_owned();
        self.write(move |connection| {
            let taken = connection.execute(
                "UPDATE ledger SET stage = 'sending', owner = ?2 WHERE trace_id = ?1 AND stage = 'settled' AND outcome = 'unknown'",
                params![trace_id, owner],
            )?;
            Ok(taken == 1)
        })
        .await
    }

    /// One change by its name.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn ledger_row(&self, trace_id: String) -> Result<Option<LedgerRow>, StoreError> {
        self.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM ledger WHERE trace_id = ?1");
            connection.query_row(&sql, [trace_id], read_row).optional()
        })
        .await
    }

    /// Changes, newest first.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn ledger_rows(&self, filter: LedgerFilter) -> Result<Vec<LedgerRow>, StoreError> {
        self.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM ledger WHERE (?1 IS NULL OR panel = ?1) AND (?2 IS NULL OR principal = ?2) \
                 AND (?3 IS NULL OR tool = ?3) AND (?4 IS NULL OR started_ms >= ?4) \
                 AND (NOT ?5 OR outcome = 'unknown' OR stage <> 'settled') ORDER BY id DESC LIMIT ?6"
            );
            let LedgerFilter { panel, principal, tool, since_ms, unknown, limit } = filter;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![panel, principal, tool, since_ms, unknown, limit], read_row)?;
            rows.collect()
        })
        .await
    }

    /// Forgets settled changes that were begun before a time, with the states that were saved for taking them back. What
    /// nobody knows the outcome of stays. Gives how many.
    ///
    /// # Errors
    /// The state cannot be written.
    pub async fn ledger_forget(&self, before_ms: i64) -> Result<usize, StoreError> {
        let (forgotten, saved) = self
            .write(move |connection| {
                let mut statement = connection.prepare(
                    "DELETE FROM ledger WHERE started_ms < ?1 AND stage = 'settled' AND (outcome <> 'unknown' OR live = 0) RETURNING trace_id",
                )?;
                let traces = statement.query_map([before_ms], |row| row.get::<_, String>(0))?;
                let traces = traces.collect::<rusqlite::Result<Vec<_>>>()?;
                // An undo of several calls may have saved several.
                let mut statement = connection.prepare("SELECT id FROM saved WHERE trace_id = ?1 AND kind = ?2")?;
                let mut saved = Vec::new();
                for trace in &traces {
                    let ids = statement.query_map([trace.as_str(), SavedKind::Before.word()], |row| row.get::<_, String>(0))?;
                    for id in ids {
                        saved.push(id?);
                    }
                }
                Ok((traces.len(), saved))
            })
            .await?;
        // One that cannot be removed keeps none of the others: nothing leads to them any more.
        let mut failed = None;
        for id in &saved {
            if let Err(error) = self.remove_saved(id).await {
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(forgotten), Err)
    }
}

fn taken(connection: &Connection, key: &LedgerKey) -> rusqlite::Result<Option<LedgerRow>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM ledger WHERE panel = ?1 AND principal = ?2 AND credential = ?3 AND tool = ?4 AND key = ?5 AND live = 1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row(params![key.panel, key.principal, key.credential, key.tool, key.key], read_row).optional()
}

/// Name of the change that takes this one back, or took it back, or perhaps did.
fn taking_back(connection: &Connection, trace_id: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT trace_id FROM ledger WHERE undoes = ?1 \
               AND (stage <> 'settled' OR outcome IN ('unknown', 'partial') OR (outcome = 'done' AND verified IS NOT 0)) LIMIT 1";
    connection.query_row(sql, [trace_id], |row| row.get(0)).optional()
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    let key = LedgerKey {
        panel: row.get("panel")?,
        principal: row.get("principal")?,
        credential: row.get("credential")?,
        tool: row.get("tool")?,
        key: row.get("key")?,
    };
    let stage = match row.get::<_, String>("stage")?.as_str() {
        "intent" => Stage::Intent,
        "sending" => Stage::Sending,
        _ => Stage::Settled,
    };
    Ok(LedgerRow {
        trace_id: row.get("trace_id")?,
        key,
        digest: row.get("digest")?,
        owner: OwnerId::from_text(row.get::<_, String>("owner")?),
        stage,
        started_ms: row.get("started_ms")?,
        sent_ms: row.get("sent_ms")?,
        settled_ms: row.get("settled_ms")?,
        outcome: row.get("outcome")?,
        verified: row.get("verified")?,
        arguments: row.get("arguments")?,
        before: row.get("before")?,
        result: row.get("result")?,
        undo: row.get("undo")?,
        saved: row.get("saved")?,
        undoes: row.get("undoes")?,
        undone_by: row.get("undone_by")?,
    })
}
