-- When the host or user signed out last: sign-ins up to then do not count any more.
CREATE TABLE signed_out (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
) STRICT
