-- How often payment was asked for and did not come with the call, for the host's own eyes. `day` is its first
-- second (UTC).
CREATE TABLE unpaid (
  day INTEGER NOT NULL,
  tool TEXT NOT NULL,
  event_id TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, tool, event_id)
) STRICT, WITHOUT ROWID
