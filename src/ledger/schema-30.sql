-- What a host asks its guests, JSON (`products::events::questions`).
ALTER TABLE events ADD COLUMN questions TEXT NOT NULL DEFAULT '[]'
--;
-- A place or a link that only guests get to know. It is never published.
ALTER TABLE events ADD COLUMN guests_only TEXT
--;
-- What the buyer answered, JSON: each answer with the text of its question. NULL if nothing was answered.
ALTER TABLE rsvps ADD COLUMN answers TEXT
--;
ALTER TABLE cancelled_seats ADD COLUMN answers TEXT
