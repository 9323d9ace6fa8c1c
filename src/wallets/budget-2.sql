-- What is about to leave or has left a wallet that is kept, without buying anything. It counts for a day, apart from
-- what is spent.
CREATE TABLE withdrawals (
  id TEXT PRIMARY KEY,
  wallet TEXT NOT NULL,
  amount INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX withdrawals_by_time ON withdrawals (at)
