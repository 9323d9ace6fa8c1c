-- Backups. A row says which backup is on its way out, or in, and when it is given up.
CREATE TABLE backups (
  direction TEXT PRIMARY KEY CHECK (direction IN ('out', 'in')),
  id TEXT NOT NULL,
  -- JSON: the first line of the backup
  header TEXT NOT NULL,
  -- out: how many pages there are; in: the page that is wanted next
  pages INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- out: the rows of each table, JSON
  counts TEXT,
  -- in: whether it has taken the place of what was here
  is_done INTEGER NOT NULL DEFAULT 0,
  began_at INTEGER NOT NULL,
  over_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID
--;
-- Rows of a table as JSON arrays, one a line. Empty unless a backup is on its way.
CREATE TABLE backup_out (
  seq INTEGER PRIMARY KEY,
  page INTEGER NOT NULL,
  name TEXT NOT NULL,
  columns TEXT NOT NULL,
  lines TEXT NOT NULL
) STRICT
--;
CREATE INDEX backup_out_by_page ON backup_out (page)
--;
CREATE TABLE backup_in (
  seq INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  columns TEXT NOT NULL,
  lines TEXT NOT NULL
) STRICT
--;
-- Records that KV does not have, or not as they are, since a backup was restored. The alarm moves them to the outbox.
CREATE TABLE unpublished (
  kind TEXT NOT NULL CHECK (kind IN ('events', 'secrets', 'rsvps')),
  id TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID
