-- After a rotation of MASTER_KEY: how far the walk over all hosts is. One row.
CREATE TABLE rotation (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- the ids of the current and the previous key; with others the walk begins anew
  keys TEXT NOT NULL,
  -- the page of KV's list, NULL for the first one, and the last scope of it that was asked
  cursor TEXT,
  after TEXT,
  -- times in a row that KV has not given the page
  failures INTEGER NOT NULL,
  -- whether the last page was walked
  is_walked INTEGER NOT NULL,
  -- values that open with neither key
  unopened INTEGER NOT NULL,
  -- when nothing was left; NULL: not yet
  done_at INTEGER
) STRICT
--;
-- Hosts that have something to seal anew, or could not be asked. They are asked again.
CREATE TABLE rotation_hosts (
  scope TEXT PRIMARY KEY,
  ask_at INTEGER NOT NULL,
  -- times in a row that it was asked without an answer
  failures INTEGER NOT NULL
) STRICT, WITHOUT ROWID
--;
CREATE INDEX rotation_hosts_by_time ON rotation_hosts (ask_at)
