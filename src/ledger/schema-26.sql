-- An event may be free: the check of `price` allows 0 now. SQLite changes no check, so the column is made anew.
ALTER TABLE events ADD COLUMN price_or_free INTEGER NOT NULL DEFAULT 0 CHECK (price_or_free >= 0)
--;
UPDATE events SET price_or_free = price
--;
ALTER TABLE events DROP COLUMN price
--;
ALTER TABLE events RENAME COLUMN price_or_free TO price
--;
-- Free seats that wallets without history took in the last 24 hours. `source` is a keyed hash of their network.
CREATE TABLE free_seats (
  at INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  source TEXT NOT NULL,
  seats INTEGER NOT NULL CHECK (seats > 0)
) STRICT
--;
CREATE INDEX free_seats_by_time ON free_seats (at)
