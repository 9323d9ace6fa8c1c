-- The host's own record: one row once it is registered.
CREATE TABLE profile (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  user_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  wallet_address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
-- Nonces of sign-in messages that were used; kept until they expire.
CREATE TABLE used_nonces (
  nonce TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT
--;
CREATE TABLE events (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER,
  time_zone TEXT NOT NULL,
  location TEXT,
  capacity INTEGER NOT NULL CHECK (capacity >= 0),
  price INTEGER NOT NULL CHECK (price > 0),
  status TEXT NOT NULL CHECK (status IN ('scheduled', 'cancelled')),
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX events_by_start ON events (starts_at, id)
--;
-- One row for each payment that this door has seen. The four columns of the unique key are what a
-- token contract knows an EIP-3009 authorization by; the row says what it buys and how far it is.
CREATE TABLE payments (
  id TEXT PRIMARY KEY,
  network TEXT NOT NULL,
  asset TEXT NOT NULL,
  payer TEXT NOT NULL,
  nonce TEXT NOT NULL,
  signature_digest TEXT NOT NULL,
  tool TEXT NOT NULL,
  digest TEXT NOT NULL,
  arguments TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  pay_to TEXT NOT NULL,
  valid_before INTEGER NOT NULL,
  x402_version INTEGER NOT NULL,
  payment TEXT,
  requirements TEXT NOT NULL,
  event_id TEXT,
  state TEXT NOT NULL CHECK (state IN
    ('claimed', 'verified', 'settling', 'settled', 'delivered', 'refused', 'failed', 'unknown')),
  reason TEXT,
  tx_hash TEXT,
  answer TEXT,
  attempts INTEGER NOT NULL,
  next_check_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (network, asset, payer, nonce)
) STRICT
--;
CREATE INDEX payments_by_event ON payments (event_id, state)
--;
CREATE INDEX payments_by_payer ON payments (payer, state)
--;
CREATE INDEX payments_due ON payments (next_check_at) WHERE next_check_at IS NOT NULL
--;
-- What happened, in order. Only 'settled' rows are money; corrections are new rows.
CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  entry TEXT NOT NULL,
  payment_id TEXT,
  tool TEXT,
  event_id TEXT,
  amount INTEGER NOT NULL,
  tx_hash TEXT,
  note TEXT,
  at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX ledger_by_entry ON ledger (entry, event_id)
--;
CREATE TRIGGER ledger_is_not_updated BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
--;
CREATE TRIGGER ledger_is_not_deleted BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
--;
CREATE TABLE rsvps (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  payer TEXT NOT NULL,
  code TEXT NOT NULL UNIQUE,
  payment_id TEXT NOT NULL UNIQUE,
  name TEXT,
  email TEXT,
  paid INTEGER NOT NULL,
  tx_hash TEXT NOT NULL,
  network TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  checked_in_at INTEGER,
  UNIQUE (event_id, payer)
) STRICT
--;
-- Records on their way to KV: the newest value of a key wins, NULL removes the key.
CREATE TABLE outbox (
  key TEXT PRIMARY KEY,
  value TEXT,
  version INTEGER NOT NULL,
  not_before INTEGER NOT NULL
) STRICT
