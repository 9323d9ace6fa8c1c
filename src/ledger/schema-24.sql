-- What happened at the entrance of an event: guests who were let in, and what was taken back. Rows are only added. `id` is
-- made by the device, so that what it sends again is not counted again. 'bad': a device without a connection let somebody
-- in whose ticket was not valid (any more). `ticket` is an id of `rsvps`; `at` is by our clock, `device` its name.
CREATE TABLE entrance (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  ticket TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('in', 'bad', 'undo')),
  -- of 'undo': the row that is taken back
  undoes TEXT CHECK ((undoes IS NOT NULL) = (kind = 'undo')),
  at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  device TEXT NOT NULL
) STRICT
--;
CREATE INDEX entrance_by_ticket ON entrance (ticket, at)
--;
CREATE INDEX entrance_by_event ON entrance (event_id, received_at)
--;
CREATE UNIQUE INDEX entrance_undone ON entrance (undoes) WHERE undoes IS NOT NULL
--;
CREATE TRIGGER entrance_is_not_updated BEFORE UPDATE ON entrance
BEGIN SELECT RAISE(ABORT, 'the entrance is append-only'); END
--;
CREATE TRIGGER entrance_is_not_deleted BEFORE DELETE ON entrance
BEGIN SELECT RAISE(ABORT, 'the entrance is append-only'); END
