-- The objects of one kind that may have something open.
CREATE TABLE objects (
  -- the id of the Durable Object, hexadecimal
  id TEXT PRIMARY KEY,
  -- when it has last said that something is open
  noted_at INTEGER NOT NULL,
  -- how often it has said so: who asks it and hears "nothing" removes it only if this is still the same
  notes INTEGER NOT NULL,
  -- when it is asked next
  sweep_at INTEGER NOT NULL,
  -- when it has last answered that something is open; NULL: it was not asked yet, or could not be
  open_at INTEGER,
  -- times in a row that it was asked without an answer
  failures INTEGER NOT NULL
) STRICT, WITHOUT ROWID
--;
CREATE INDEX objects_by_sweep ON objects (sweep_at)
--;
CREATE INDEX objects_by_note ON objects (noted_at)
