-- Ticket types of an event, JSON (`products::events::types`), and for one without types the price before its last change, as long
-- as a challenge may name it.
ALTER TABLE events ADD COLUMN types TEXT NOT NULL DEFAULT '[]'
--;
ALTER TABLE events ADD COLUMN price_was TEXT
--;
-- The type of the seats, by its id. NULL if the event had no types.
ALTER TABLE payments ADD COLUMN ticket_type TEXT
--;
ALTER TABLE rsvps ADD COLUMN ticket_type TEXT
--;
ALTER TABLE cancelled_seats ADD COLUMN ticket_type TEXT
--;
-- How many seats with a label are sold, such as 'type:' and the id of a ticket type.
CREATE TABLE label_seats (
  event_id TEXT NOT NULL,
  label TEXT NOT NULL,
  taken INTEGER NOT NULL CHECK (taken >= 0),
  PRIMARY KEY (event_id, label)
) STRICT, WITHOUT ROWID
