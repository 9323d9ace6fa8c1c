-- The policy that an owner has set for all sessions; none is the usual one.
CREATE TABLE policy (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  policy TEXT NOT NULL,
  -- when a session asked for it last, about
  used_at INTEGER NOT NULL
) STRICT
--;
-- What is about to be signed for or was, by the purchase of the session. It counts for a day.
CREATE TABLE reservations (
  id TEXT PRIMARY KEY,
  wallet TEXT NOT NULL,
  amount INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX reservations_by_time ON reservations (at)
