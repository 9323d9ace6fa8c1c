-- A host that is being restored from its published records: how far that is, and the records that are still to be read
-- (`value` is null) or to be written down. Both are empty at all other times.
CREATE TABLE restoring (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  scope TEXT NOT NULL,
  -- which kind of record is listed next; null when all are
  listing TEXT CHECK (listing IN ('events', 'secrets', 'rsvps')),
  -- where the next page of that list begins
  cursor TEXT,
  -- how often in a row KV could not be asked, or a record could not be read
  failures INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL
) STRICT
--;
CREATE TABLE restoring_records (
  key TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('events', 'secrets', 'rsvps')),
  value TEXT
) STRICT, WITHOUT ROWID
--;
CREATE INDEX restoring_unread ON restoring_records (key) WHERE value IS NULL
