-- Promo codes of an event, JSON (`products::events::promos`). They are never published.
ALTER TABLE events ADD COLUMN promos TEXT NOT NULL DEFAULT '[]'
--;
-- The promo code of the seats, by its id. `label_seats` counts seats that were sold with it under 'promo:' and the id.
ALTER TABLE payments ADD COLUMN promo TEXT
--;
ALTER TABLE rsvps ADD COLUMN promo TEXT
--;
-- Wrong promo codes of the last hour. `source`: a pseudonym of the caller's network.
CREATE TABLE promo_guesses (
  at INTEGER NOT NULL,
  source TEXT NOT NULL
) STRICT
--;
CREATE INDEX promo_guesses_by_time ON promo_guesses (at)
