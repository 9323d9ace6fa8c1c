-- Codes for signing in are bound to whoever asked for them: each is a row of its own, named by its challenge.
-- Open ones of before are over; their owners ask again.
DROP TABLE sign_in_code
--;
CREATE TABLE sign_in_codes (
  challenge TEXT PRIMARY KEY,
  mac TEXT NOT NULL,
  wrong INTEGER NOT NULL,
  -- whether the browser had signed in to this address before
  is_known INTEGER NOT NULL,
  -- a keyed hash of the network that asked
  network TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT
--;
DROP TABLE sign_in_times
--;
-- When codes were made (and not used) and guessed wrong in the last 24 hours, and from which network.
CREATE TABLE sign_in_times (
  kind TEXT NOT NULL CHECK (kind IN ('made', 'wrong')),
  is_known INTEGER NOT NULL,
  network TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT
