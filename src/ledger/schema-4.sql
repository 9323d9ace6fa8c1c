-- Secrets that the host sells. `sealed` is AES-GCM, bound to scope, id and version; it is gone once nobody can
-- read it any more.
CREATE TABLE secrets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  price INTEGER NOT NULL CHECK (price > 0),
  sealed TEXT,
  version INTEGER NOT NULL,
  -- sales that are not in `retrievals`, since the host was rebuilt from KV
  carried INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER,
  revoked_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
-- Who has read which secret, and on what ground: 'paid' is a sale, the others are a buyer who reads again.
CREATE TABLE retrievals (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  secret_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  payer TEXT NOT NULL,
  how TEXT NOT NULL CHECK (how IN ('paid', 'payment', 'signature')),
  payment_id TEXT,
  paid INTEGER NOT NULL,
  tx_hash TEXT,
  network TEXT,
  at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX retrievals_by_secret ON retrievals (secret_id, how, payer)
--;
CREATE UNIQUE INDEX retrievals_by_payment ON retrievals (payment_id) WHERE how = 'paid'
--;
-- What is sold at this door: names separated by spaces; NULL stands for the usual ones.
ALTER TABLE profile ADD COLUMN doors TEXT
