-- What a relayer was asked to settle, and what it has signed for that.
CREATE TABLE settlements (
  -- payer and nonce of the authorization
  id TEXT PRIMARY KEY,
  -- who asked first
  claimant TEXT NOT NULL,
  -- stands for exactly this authorization with exactly this signature
  fingerprint TEXT NOT NULL,
  -- the authorization as JSON, for finding its transfer
  authorization TEXT NOT NULL,
  valid_before INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('sent', 'settled', 'failed')),
  -- of the transaction that moved the money, or of the newest that is to
  hash TEXT NOT NULL,
  -- why it failed
  reason TEXT,
  -- how often it was begun
  attempts INTEGER NOT NULL,
  -- when the chain is looked at once more, because it may drop its newest blocks
  confirm_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX settlements_by_state ON settlements (state)
--;
CREATE INDEX settlements_by_confirmation ON settlements (confirm_at) WHERE confirm_at IS NOT NULL
--;
CREATE INDEX settlements_by_end ON settlements (valid_before)
--;
CREATE TABLE transactions (
  hash TEXT PRIMARY KEY,
  nonce INTEGER NOT NULL,
  -- NULL: it only fills a gap
  settlement TEXT,
  raw TEXT NOT NULL,
  -- live: may be in a block yet; done: is, or never will be
  state TEXT NOT NULL CHECK (state IN ('live', 'done')),
  signed_at INTEGER NOT NULL,
  sent_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX transactions_by_state ON transactions (state, nonce)
--;
CREATE INDEX transactions_by_settlement ON transactions (settlement)
--;
CREATE TABLE account (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  next_nonce INTEGER NOT NULL
) STRICT
