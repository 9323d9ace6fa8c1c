-- A payment may buy several seats of an event at once. Each is a row of `rsvps` with a ticket of its own.
ALTER TABLE payments ADD COLUMN seats INTEGER NOT NULL DEFAULT 1 CHECK (seats > 0)
--;
-- `place` counts the seats of one purchase from 1. A wallet has one purchase at an event.
CREATE TABLE rsvps_with_places (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  payer TEXT NOT NULL,
  code TEXT NOT NULL UNIQUE,
  payment_id TEXT NOT NULL,
  name TEXT,
  email TEXT,
  paid INTEGER NOT NULL,
  tx_hash TEXT NOT NULL,
  network TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  checked_in_at INTEGER,
  place INTEGER NOT NULL DEFAULT 1 CHECK (place > 0),
  UNIQUE (payment_id, place),
  UNIQUE (event_id, payer, place)
) STRICT
--;
-- All columns by their order: a column that this table lacks fails here and is not lost.
INSERT INTO rsvps_with_places SELECT *, 1 FROM rsvps
--;
DROP TABLE rsvps
--;
ALTER TABLE rsvps_with_places RENAME TO rsvps
--;
CREATE INDEX rsvps_by_payer ON rsvps (payer)
