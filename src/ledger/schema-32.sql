-- Guests who wait for a seat at a full event, first come first served (`products::events::waitlist`). 'waiting': a seat that
-- comes back is kept for one of them; 'offered': a seat is held for this wallet until `offered_until`; 'expired': the guest let
-- an offer run out, and waits no more. Who has a seat, or pays for one, does not count. `source`: a keyed hash of the network
-- of a wallet without history, for limits.
CREATE TABLE waitlist (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL,
  wallet TEXT NOT NULL,
  name TEXT,
  email TEXT,
  source TEXT,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'offered', 'expired')),
  joined_at INTEGER NOT NULL,
  offered_until INTEGER,
  CHECK ((offered_until IS NOT NULL) = (state <> 'waiting')),
  UNIQUE (event_id, wallet)
) STRICT
--;
CREATE INDEX waitlist_by_state ON waitlist (state, offered_until)
--;
CREATE INDEX waitlist_by_source ON waitlist (source, joined_at) WHERE source IS NOT NULL
