-- Counters, so that no sale counts or sums what was sold before. The audit compares them with what they count. Of every row
-- of the ledger: the sum of the amounts up to it. NULL in older rows, and in those that were written together: the next row
-- sums them.
ALTER TABLE ledger ADD COLUMN total INTEGER
--;
-- Seats that are sold: the rows of `rsvps` for this event.
ALTER TABLE events ADD COLUMN taken INTEGER NOT NULL DEFAULT 0
--;
UPDATE events SET taken = (SELECT count(*) FROM rsvps r WHERE r.event_id = events.id)
