-- Whether the host chose to be found in the marketplace: 0 no, 1 yes, 2 it has left, and the marketplace does not know yet.
ALTER TABLE profile ADD COLUMN listed INTEGER NOT NULL DEFAULT 0 CHECK (listed IN (0, 1, 2))
--;
-- What the marketplace was told last: one row, while the host is listed. `digest`: of what it knows; NULL if that is not known.
CREATE TABLE listing (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL,
  digest TEXT,
  told_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER
) STRICT
