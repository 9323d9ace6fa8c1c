-- What its gas was charged, millionths of a dollar, and the day (since 1970) that was charged.
ALTER TABLE settlements ADD COLUMN gas_micros INTEGER NOT NULL DEFAULT 0
--;
ALTER TABLE settlements ADD COLUMN gas_day INTEGER NOT NULL DEFAULT 0
--;
-- What the code of a payer that is a contract is known by; NULL: a key.
ALTER TABLE settlements ADD COLUMN code TEXT
--;
CREATE TABLE gas_spent (
  -- host:scope, source:address, token:number, payer:address, or total
  owner TEXT NOT NULL,
  -- since 1970, UTC
  day INTEGER NOT NULL,
  micros INTEGER NOT NULL,
  PRIMARY KEY (owner, day)
) STRICT, WITHOUT ROWID
--;
CREATE INDEX gas_spent_by_day ON gas_spent (day)
--;
CREATE TABLE standing (
  -- payer:address, code:hash or factory, new:claimant
  id TEXT PRIMARY KEY,
  settled INTEGER NOT NULL,
  -- transactions that a block has refused
  reverted INTEGER NOT NULL,
  since INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID
--;
CREATE INDEX standing_by_update ON standing (updated_at)
