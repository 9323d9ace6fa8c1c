-- Wallets of this session whose key is not its user's: they may hold money after another one was chosen.
CREATE TABLE kept_wallets (
  address TEXT PRIMARY KEY,
  -- kind, address and locator, as in the session
  wallet TEXT NOT NULL,
  -- when it was chosen first
  at INTEGER NOT NULL
) STRICT
--;
-- Money that its owner sends out of such a wallet. A row is written before anything is signed.
CREATE TABLE withdrawals (
  id TEXT PRIMARY KEY,
  -- the client's own id: the same request is carried out once
  request_id TEXT NOT NULL UNIQUE,
  -- the wallet as in the session
  wallet TEXT NOT NULL,
  network TEXT NOT NULL,
  amount INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('signing', 'sending', 'sent', 'failed')),
  reason TEXT NOT NULL DEFAULT '',
  -- what is signed; there is no second one
  authorization TEXT NOT NULL,
  signature TEXT,
  tx_hash TEXT,
  -- how often a facilitator was asked to move it, and whether it said no for good
  requests INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_check_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX withdrawals_by_check ON withdrawals (next_check_at) WHERE next_check_at IS NOT NULL
