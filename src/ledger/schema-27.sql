-- What a guest gets back that cancels its seat: so many percent until so many hours before the start, and everything if
-- the host has moved the event, if that is promised. Events of before promise nothing.
ALTER TABLE events ADD COLUMN refund_percent INTEGER NOT NULL DEFAULT 0 CHECK (refund_percent BETWEEN 0 AND 100)
--;
ALTER TABLE events ADD COLUMN refund_hours INTEGER NOT NULL DEFAULT 0 CHECK (refund_hours >= 0)
--;
ALTER TABLE events ADD COLUMN refund_if_moved INTEGER NOT NULL DEFAULT 0 CHECK (refund_if_moved IN (0, 1))
--;
-- When its host cancelled it. NULL also for events that were cancelled before this version: their hosts pay back by hand.
ALTER TABLE events ADD COLUMN cancelled_at INTEGER
--;
-- What the buyer was promised about its money, JSON (`products::events::policy`), fixed when the payment is reserved.
ALTER TABLE payments ADD COLUMN refund_terms TEXT
--;
-- Seats that their guests gave back: the rows of `rsvps` as they were. The codes are of no use any more.
CREATE TABLE cancelled_seats (
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
  place INTEGER NOT NULL CHECK (place > 0),
  cancelled_at INTEGER NOT NULL,
  UNIQUE (payment_id, place)
) STRICT
--;
CREATE INDEX cancelled_seats_by_event ON cancelled_seats (event_id, cancelled_at)
--;
-- What becomes of the money of a purchase that was cancelled: one row for each payment. 'none': nothing goes back. 'void':
-- the chain has dropped the payment itself, so there is nothing to give back.
CREATE TABLE refunds (
  payment_id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  -- who cancelled: the guest its seat, or the host the event
  cause TEXT NOT NULL CHECK (cause IN ('guest', 'host')),
  network TEXT NOT NULL,
  -- who gets the money
  payer TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  bought_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('none', 'owed', 'paying', 'paid', 'void')),
  -- the nonce of the transfer follows from it; a new one only once the chain has used up the nonce for something else
  attempt INTEGER NOT NULL DEFAULT 1,
  -- grows when the host acts or a payment is given up: what was asked before changes nothing afterwards
  round INTEGER NOT NULL DEFAULT 0,
  -- of 'paying': the wallet that was asked to sign, and until when all that it was asked for is valid
  from_wallet TEXT,
  offered_until INTEGER,
  -- what it has signed, and until when that is valid
  signature TEXT,
  signed_until INTEGER,
  -- a transaction that the host says has paid it, without such a signature
  reported_tx TEXT,
  unused_at INTEGER,
  seen_tx TEXT,
  seen_in INTEGER,
  -- of 'paid': the transaction
  tx_hash TEXT,
  reason TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_check_at INTEGER,
  -- whether the guest was told, or cannot be
  told INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((amount = 0) = (state = 'none') OR state = 'void')
) STRICT
--;
CREATE INDEX refunds_by_state ON refunds (state, created_at)
--;
CREATE INDEX refunds_by_event ON refunds (event_id)
--;
CREATE INDEX refunds_due ON refunds (next_check_at) WHERE next_check_at IS NOT NULL
--;
CREATE INDEX refunds_untold ON refunds (payment_id) WHERE told = 0
