//! Tokens of previews, and the decisions of people about calls that need one. A token itself is never kept, only its digest.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Store, StoreError, now_ms};

/// How long a token that is over is remembered, so that it can be told apart from one that never was: a day in ms.
const AFTERWARDS_MS: i64 = 24 * 3_600 * 1_000;

/// Tokens of one principal that are kept without having been used.
const MOST_UNUSED: i64 = 500;

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Digest of the token.
    pub hash: [u8; 32],
    /// Base URL of the panel.
    pub panel: String,
    /// Whose it is.
    pub principal: String,
    /// Name of the credential.
    pub credential: String,
    /// Canonical name of the tool.
    pub tool: String,
    /// Keyed digest of the canonical request.
    pub digest: [u8; 32],
    /// Of the state that the preview saw.
    pub fingerprint: [u8; 32],
    /// One sentence for a person.
    pub summary: String,
    /// What a person types to approve.
    pub phrase: String,
    /// JSON: the preview as it was shown.
    pub preview: String,
    /// When it was given, ms since the epoch.
    pub created_ms: i64,
    /// When it ends.
    pub expires_ms: i64,
    /// Name of the call that used it.
    pub used_by: Option<String>,
}

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Nothing yet.
    Pending,
    /// Yes.
    Approved,
    /// No.
    Denied,
}

impl Decision {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }
}

/// A call that waits for a person, or was decided by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: String,
    /// The token's side of it.
    pub confirmation: Confirmation,
    /// The client that asked.
    pub client: Option<String>,
    /// Danger of the call.
    pub danger: String,
    /// What was decided.
    pub decision: Decision,
    /// By which way: `elicitation` or `command`.
    pub how: Option<String>,
    /// By whom.
    pub decided_by: Option<String>,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// When it was asked for, ms since the epoch.
    pub created_ms: i64,
    /// When it ends.
    pub expires_ms: i64,
    /// When it was decided.
    pub decided_ms: Option<i64>,
}

/// Why a decision was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It was.
    Now(Box<Approval>),
    /// It was decided before.
    Before(Box<Approval>),
    /// It came too late.
    TooLate(Box<Approval>),
    /// Nothing of that id waits.
    Unknown,
}

impl Store {
    /// Keeps a token's digest and what it stands for.
    ///
    /// # Errors
    /// It is not on disk; the token must not be given out.
    pub async fn keep_confirmation(&self, confirmation: Confirmation) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection
                .execute("DELETE FROM confirmation WHERE expires_ms < ?1", [now_ms().saturating_sub(AFTERWARDS_MS)])?;
            let Confirmation { hash, panel, principal, credential, tool, digest, .. } = &confirmation;
            // Previews are free, so what they leave is bounded: the oldest token that nobody waits for goes first.
            connection.execute(
                "DELETE FROM confirmation WHERE hash IN (SELECT hash FROM confirmation WHERE panel = ?1 AND principal = ?2 AND used_ms IS NULL \
                 AND NOT EXISTS (SELECT 1 FROM approval WHERE approval.confirmation = confirmation.hash) \
                 ORDER BY created_ms DESC LIMIT -1 OFFSET ?3)",
                params![panel, principal, MOST_UNUSED - 1],
            )?;
            connection.execute(
                "INSERT INTO confirmation (hash, panel, principal, credential, tool, digest, fingerprint, summary, phrase, preview, created_ms, expires_ms) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
                    hash,
                    panel,
                    principal,
                    credential,
                    tool,
                    digest,
                    confirmation.fingerprint,
                    confirmation.summary,
                    confirmation.phrase,
                    confirmation.preview,
                    confirmation.created_ms,
                    confirmation.expires_ms
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// What a token stands for, and what a person decided about it.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn confirmation(&self, hash: [u8; 32]) -> Result<Option<(Confirmation, Option<Approval>)>, StoreError> {
        self.read(move |connection| {
            let found = connection
                .query_row("SELECT * FROM confirmation WHERE hash = ?1", [hash], read_confirmation)
                .optional()?;
            let Some(confirmation) = found else { return Ok(None) };
            let approval = find(connection, "confirmation.hash = ?1", &hash)?;
            Ok(Some((confirmation, approval)))
        })
        .await
    }

    /// Asks for a person's decision about a token's call; asking again gives the same. The token lives as long as the
    /// question.
    ///
    /// # Errors
    /// It is not on disk.
    pub async fn ask_for_approval(
        &self,
        hash: [u8; 32],
        client: Option<String>,
        danger: String,
        life_ms: i64,
    ) -> Result<Option<Approval>, StoreError> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        self.write(move |connection| {
            let now = now_ms();
            let made = connection.execute(
                "INSERT INTO approval (id, confirmation, client, danger, state, created_ms, expires_ms) \
                 VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?6) ON CONFLICT (confirmation) DO NOTHING",
                params![id, hash, client, danger, now, now.saturating_add(life_ms)],
            )?;
            if made == 1 {
                connection.execute(
                    "UPDATE confirmation SET expires_ms = max(expires_ms, ?2) WHERE hash = ?1",
                    params![hash, now.saturating_add(life_ms)],
                )?;
            }
            find(connection, "confirmation.hash = ?1", &hash)
        })
        .await
    }

    /// Notes a person's decision.
    ///
    /// # Errors
    /// It is not on disk.
    pub async fn decide(
        &self,
        id: String,
        decision: Decision,
        how: &'static str,
        by: String,
        reason: Option<String>,
    ) -> Result<Decided, StoreError> {
        self.write(move |connection| {
            let Some(approval) = find(connection, "approval.id = ?1", &id)? else { return Ok(Decided::Unknown) };
            if approval.decision != Decision::Pending {
                return Ok(Decided::Before(Box::new(approval)));
            }
            let now = now_ms();
            if approval.expires_ms <= now {
                return Ok(Decided::TooLate(Box::new(approval)));
            }
            connection.execute(
                "UPDATE approval SET state = ?2, how = ?3, decided_by = ?4, reason = ?5, decided_ms = ?6 WHERE id = ?1",
                params![id, decision.word(), how, by, reason, now],
            )?;
            Ok(find(connection, "approval.id = ?1", &id)?
                .map_or(Decided::Unknown, |approval| Decided::Now(Box::new(approval))))
        })
        .await
    }

    /// One question by its id, or by the beginning of it when only one fits.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn approval(&self, id: String) -> Result<Option<Approval>, StoreError> {
        self.read(move |connection| {
            let short = id.len() >= 4 && id.bytes().all(|letter| letter.is_ascii_hexdigit());
            if !short {
                return Ok(None);
            }
            let mut statement =
                connection.prepare("SELECT id FROM approval WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2")?;
            let ids: Vec<String> = statement.query_map([&id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            match ids.as_slice() {
                [id] => find(connection, "approval.id = ?1", id),
                _ => Ok(None),
            }
        })
        .await
    }

    /// Questions, newest first: those that still wait, or all.
    ///
    /// # Errors
    /// The state cannot be read.
    pub async fn approvals(&self, all: bool) -> Result<Vec<Approval>, StoreError> {
        self.read(move |connection| {
            let sql = format!(
                "{JOINED} WHERE ?1 OR (approval.state = 'pending' AND approval.expires_ms > ?2 AND confirmation.used_ms IS NULL) \
                 ORDER BY approval.created_ms DESC LIMIT 500"
            );
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map(params![all, now_ms()], read_approval)?;
            rows.collect()
        })
        .await
    }
}

const JOINED: &str = "SELECT confirmation.hash, confirmation.panel, confirmation.principal, confirmation.credential, confirmation.tool, \
    confirmation.digest, confirmation.fingerprint, confirmation.summary, confirmation.phrase, confirmation.preview, confirmation.created_ms, \
    confirmation.expires_ms, confirmation.used_by, approval.id AS approval_id, approval.client, approval.danger, approval.state, approval.how, \
    approval.decided_by, approval.reason, approval.created_ms AS asked_ms, approval.expires_ms AS until_ms, approval.decided_ms \
    FROM approval JOIN confirmation ON confirmation.hash = approval.confirmation";

fn find(connection: &Connection, condition: &str, value: &dyn rusqlite::ToSql) -> rusqlite::Result<Option<Approval>> {
    connection.query_row(&format!("{JOINED} WHERE {condition}"), [value], read_approval).optional()
}

fn read_confirmation(row: &Row<'_>) -> rusqlite::Result<Confirmation> {
    Ok(Confirmation {
        hash: row.get("hash")?,
        panel: row.get("panel")?,
        principal: row.get("principal")?,
        credential: row.get("credential")?,
        tool: row.get("tool")?,
        digest: row.get("digest")?,
        fingerprint: row.get("fingerprint")?,
        summary: row.get("summary")?,
        phrase: row.get("phrase")?,
        preview: row.get("preview")?,
        created_ms: row.get("created_ms")?,
        expires_ms: row.get("expires_ms")?,
        used_by: row.get("used_by")?,
    })
}

fn read_approval(row: &Row<'_>) -> rusqlite::Result<Approval> {
    let decision = match row.get::<_, String>("state")?.as_str() {
        "approved" => Decision::Approved,
        "denied" => Decision::Denied,
        _ => Decision::Pending,
    };
    Ok(Approval {
        confirmation: read_confirmation(row)?,
        id: row.get("approval_id")?,
        client: row.get("client")?,
        danger: row.get("danger")?,
        decision,
        how: row.get("how")?,
        decided_by: row.get("decided_by")?,
        reason: row.get("reason")?,
        created_ms: row.get("asked_ms")?,
        expires_ms: row.get("until_ms")?,
        decided_ms: row.get("decided_ms")?,
    })
}
