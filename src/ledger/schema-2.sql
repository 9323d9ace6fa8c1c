-- What a tool that settles last hands over: worked out before the money moves, JSON.
ALTER TABLE payments ADD COLUMN staged TEXT
--;
-- The caller's own id of the payment (x402 extension `payment-identifier`), and the SHA-256 of the
-- whole payment that it stands for.
ALTER TABLE payments ADD COLUMN identifier TEXT
--;
ALTER TABLE payments ADD COLUMN payload_digest TEXT
--;
CREATE INDEX payments_by_identifier ON payments (payer, identifier) WHERE identifier IS NOT NULL
--;
-- What this door knows of a wallet. `approvals` are a person's.
CREATE TABLE wallets (
  payer TEXT PRIMARY KEY,
  settled INTEGER NOT NULL DEFAULT 0,
  approvals INTEGER NOT NULL DEFAULT 0,
  refusals INTEGER NOT NULL DEFAULT 0,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT
--;
INSERT INTO wallets (payer, settled, first_at, last_at)
  SELECT payer, count(*), min(created_at), max(updated_at) FROM payments
  WHERE state IN ('settled', 'delivered') GROUP BY payer
--;
-- The host's own limits; NULL stands for the usual one.
ALTER TABLE profile ADD COLUMN calls_per_minute INTEGER
--;
ALTER TABLE profile ADD COLUMN usd_per_day INTEGER
--;
ALTER TABLE profile ADD COLUMN unpaid_per_minute INTEGER
--;
CREATE INDEX ledger_by_payment ON ledger (payment_id)
