-- Tickets that were given to somebody else (`products::events::transfer`). The seat stays the row of `rsvps` and gets a new
-- code. `holder`: the wallet that has the ticket now (EIP-55), which may be the payer's again; NULL: who has its link.
-- `mailed`: whether the new guest got the link by mail.
CREATE TABLE given_seats (
  rsvp_id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  holder TEXT,
  mailed INTEGER NOT NULL CHECK (mailed IN (0, 1)),
  times INTEGER NOT NULL CHECK (times > 0),
  given_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX given_seats_by_holder ON given_seats (holder, given_at) WHERE holder IS NOT NULL
--;
CREATE INDEX given_seats_by_payment ON given_seats (payment_id)
--;
CREATE INDEX given_seats_by_event ON given_seats (event_id, given_at)
--;
-- Their former codes, which open nothing any more. `time`: which transfer of the seat ended the code, counted from 1; `giver`: the
-- wallet that gave the ticket away, or 'host'.
CREATE TABLE given_codes (
  code TEXT PRIMARY KEY,
  rsvp_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  time INTEGER NOT NULL,
  giver TEXT NOT NULL,
  UNIQUE (rsvp_id, time)
) STRICT
--;
CREATE INDEX given_codes_by_event ON given_codes (event_id)
--;
CREATE INDEX given_codes_by_payment ON given_codes (payment_id)
