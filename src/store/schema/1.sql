-- Every change that was begun: who, what, how far it came, what came of it, how it is taken back.
CREATE TABLE ledger (
  id         INTEGER PRIMARY KEY,
  trace_id   TEXT NOT NULL UNIQUE,
  panel      TEXT NOT NULL,
  principal  TEXT NOT NULL,
  credential TEXT NOT NULL,
  tool       TEXT NOT NULL,
  key        TEXT NOT NULL,
  live       INTEGER NOT NULL,  -- 1: the key is taken by this change; 0: it can be used anew
  digest     BLOB NOT NULL,     -- keyed digest of the canonical request
  owner      TEXT NOT NULL,     -- process that runs it
  stage      TEXT NOT NULL,     -- intent: nothing sent; sending: the panel may have it; settled
  started_ms INTEGER NOT NULL,
  sent_ms    INTEGER,
  settled_ms INTEGER,
  outcome    TEXT,              -- once settled
  verified   INTEGER,
  arguments  TEXT NOT NULL,     -- JSON: the request without its secrets
  before     TEXT,              -- JSON: the call that was sent last: what was read before it, its place among several, without secrets
  result     TEXT,              -- JSON: the result as the caller got it
  undo       TEXT,              -- JSON: the inverse
  saved      TEXT,              -- id of the state saved before, in `saved`
  undoes     TEXT,              -- trace_id of the change that this one takes back
  undone_by  TEXT               -- trace_id of the change that took this one back
);
CREATE UNIQUE INDEX ledger_key ON ledger (panel, principal, credential, tool, key) WHERE live = 1;
CREATE INDEX ledger_started ON ledger (started_ms);
CREATE INDEX ledger_principal ON ledger (principal, started_ms);
CREATE INDEX ledger_undoes ON ledger (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX ledger_unsettled ON ledger (owner) WHERE stage <> 'settled';

-- Tokens of previews. Only their digests are kept.
CREATE TABLE confirmation (
  hash        BLOB PRIMARY KEY,
  panel       TEXT NOT NULL,
  principal   TEXT NOT NULL,
  credential  TEXT NOT NULL,
  tool        TEXT NOT NULL,
  digest      BLOB NOT NULL,    -- keyed digest of the canonical request
  fingerprint BLOB NOT NULL,    -- of the state that the preview saw
  summary     TEXT NOT NULL,    -- one sentence for a person
  phrase      TEXT NOT NULL,    -- what a person types to approve
  preview     TEXT NOT NULL,    -- JSON: the preview as it was shown
  created_ms  INTEGER NOT NULL,
  expires_ms  INTEGER NOT NULL,
  used_ms     INTEGER,
  used_by     TEXT              -- trace_id
) WITHOUT ROWID;
CREATE INDEX confirmation_expires ON confirmation (expires_ms);

-- Calls that wait for a person, or were decided by one.
CREATE TABLE approval (
  id           TEXT PRIMARY KEY,
  confirmation BLOB NOT NULL UNIQUE REFERENCES confirmation (hash) ON DELETE CASCADE,
  client       TEXT,
  danger       TEXT NOT NULL,
  state        TEXT NOT NULL,   -- pending, approved, denied
  how          TEXT,            -- elicitation, command
  decided_by   TEXT,
  reason       TEXT,
  created_ms   INTEGER NOT NULL,
  expires_ms   INTEGER NOT NULL,
  decided_ms   INTEGER
) WITHOUT ROWID;

-- The record of every call, chained: each row's hash covers all its columns and the hash of the row before it.
CREATE TABLE audit (
  seq       INTEGER PRIMARY KEY,
  time_ms   INTEGER NOT NULL,
  trace_id  TEXT NOT NULL,      -- empty: an event that belongs to no call
  kind      TEXT NOT NULL,      -- call, intent, or a word for an event that is no call
  principal TEXT NOT NULL,
  tool      TEXT NOT NULL,
  outcome   TEXT NOT NULL,      -- ok, failed, an outcome of a change; empty: an intent or an event
  error     TEXT NOT NULL,      -- kind of the error; empty: none
  targets   TEXT NOT NULL,      -- words to find it by: |node=3|forward=12|
  record    TEXT NOT NULL,      -- JSON, exactly as it is hashed
  hash      BLOB NOT NULL
);
CREATE INDEX audit_time ON audit (time_ms);
CREATE INDEX audit_trace ON audit (trace_id);
CREATE INDEX audit_principal ON audit (principal, time_ms);
CREATE INDEX audit_tool ON audit (tool, time_ms);
CREATE INDEX audit_outcome ON audit (outcome, time_ms);
CREATE INDEX audit_error ON audit (error, time_ms) WHERE error <> '';

-- The two ends of the chain, sealed, so that rows cannot go from either end unseen.
CREATE TABLE audit_end (
  which     TEXT PRIMARY KEY CHECK (which IN ('anchor', 'head')),
  seq       INTEGER NOT NULL,   -- anchor: last row that was pruned; head: newest row
  hash      BLOB NOT NULL,      -- its hash
  time_ms   INTEGER NOT NULL,   -- when this end was moved
  seal      BLOB NOT NULL       -- keyed digest of the four
) WITHOUT ROWID;

-- Files with secrets in them: backups, states saved before a change, new secrets for a person.
CREATE TABLE saved (
  id         TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,     -- backup, before, secret
  trace_id   TEXT NOT NULL,
  panel      TEXT NOT NULL,
  principal  TEXT NOT NULL,
  tool       TEXT NOT NULL,
  file       TEXT NOT NULL,     -- name inside the folder of its kind
  bytes      INTEGER NOT NULL,
  sha256     BLOB NOT NULL,
  note       TEXT NOT NULL,     -- one line for a person
  created_ms INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX saved_created ON saved (created_ms);
CREATE INDEX saved_trace ON saved (trace_id);
