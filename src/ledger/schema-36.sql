-- Prices that the host has set for tools that cost the same for every call, and how many calls of each a wallet has free in
-- a day. A tool without a row costs its usual price.
CREATE TABLE prices (
  tool TEXT PRIMARY KEY,
  -- atomic units of USDC
  amount INTEGER NOT NULL CHECK (amount > 0),
  free_per_day INTEGER NOT NULL CHECK (free_per_day >= 0)
) STRICT, WITHOUT ROWID
--;
-- Free calls of a day (Unix time in days). `source`: a pseudonym of the caller's network. `is_new`: the wallet had paid for
-- nothing here. What is older than a day is dropped.
CREATE TABLE free_calls (
  day INTEGER NOT NULL,
  wallet TEXT NOT NULL,
  tool TEXT NOT NULL,
  source TEXT NOT NULL,
  is_new INTEGER NOT NULL CHECK (is_new IN (0, 1)),
  used INTEGER NOT NULL,
  PRIMARY KEY (day, wallet, tool, source)
) STRICT, WITHOUT ROWID
