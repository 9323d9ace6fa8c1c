-- Which claim of the payment the row is about. One that ended without money moving may be claimed again, and what is
-- still on its way for the earlier claim must not touch the later one.
ALTER TABLE payments ADD COLUMN claim INTEGER NOT NULL DEFAULT 1
--;
-- What is wanted, by its id: an event, a secret, a ticket of the desk. No ending clears it, nor `event_id`.
ALTER TABLE payments ADD COLUMN wanted TEXT
--;
UPDATE payments SET wanted = coalesce(json_extract(arguments, '$.eventId'), json_extract(arguments, '$.secretId'),
  json_extract(arguments, '$.ticketId'), event_id)
--;
-- Whether a write of this record has had no answer: it may arrive yet, after the next one.
ALTER TABLE outbox ADD COLUMN unclear INTEGER NOT NULL DEFAULT 0
