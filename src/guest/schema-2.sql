-- What was said while no socket was there: messages as they are sent, the oldest first.
CREATE TABLE missed (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  message TEXT NOT NULL
) STRICT
