-- The rules of the books, one statement each: the line above says what must hold, the statement
-- finds the ids that break it. `audit.rs` runs them, and so do the tests in the real runtime.
--;
-- every settled payment is in the ledger once, with its amount and transaction
SELECT p.id FROM payments p WHERE p.state IN ('settled', 'delivered') AND 1 <> (SELECT count(*)
  FROM ledger l WHERE l.payment_id = p.id AND l.entry = 'settled' AND l.amount = p.amount AND
  l.tx_hash = p.tx_hash)
--;
-- no payment that was refused or ran out is in the ledger as settled
SELECT p.id FROM payments p WHERE p.state NOT IN ('settled', 'delivered') AND EXISTS (SELECT 1
  FROM ledger l WHERE l.payment_id = p.id AND l.entry = 'settled')
--;
-- every delivered result is stored and was settled before
SELECT p.id FROM payments p WHERE p.state = 'delivered' AND (p.answer IS NULL OR NOT EXISTS
  (SELECT 1 FROM ledger s, ledger d WHERE s.payment_id = p.id AND d.payment_id = p.id AND s.entry
  = 'settled' AND d.entry = 'delivered' AND s.seq < d.seq))
--;
-- no result is stored without a settlement
SELECT p.id FROM payments p WHERE p.answer IS NOT NULL AND p.state <> 'delivered'
--;
-- every delivered RSVP is a seat
SELECT p.id FROM payments p WHERE p.state = 'delivered' AND p.tool = 'rsvpToEvent' AND NOT
  EXISTS (SELECT 1 FROM rsvps r WHERE r.payment_id = p.id AND r.payer = p.payer AND r.paid =
  p.amount AND r.tx_hash = p.tx_hash)
--;
-- every seat was paid for
SELECT r.id FROM rsvps r WHERE NOT EXISTS (SELECT 1 FROM ledger l WHERE l.entry = 'settled' AND
  l.tx_hash = r.tx_hash AND l.event_id = r.event_id AND l.amount = r.paid)
--;
-- no transaction is counted twice
SELECT tx_hash FROM ledger WHERE entry = 'settled' AND tx_hash IS NOT NULL GROUP BY tx_hash
  HAVING count(*) > 1
--;
-- no event has more seats taken and held than it has
SELECT e.id FROM events e WHERE e.capacity > 0 AND e.capacity < (SELECT count(*) FROM rsvps r
  WHERE r.event_id = e.id) + (SELECT count(*) FROM payments p WHERE p.event_id = e.id AND p.state
  IN ('settling', 'unknown', 'settled'))
--;
-- every open payment has a time at which somebody looks after it
SELECT p.id FROM payments p WHERE p.next_check_at IS NULL AND p.state IN ('claimed', 'verified',
  'settling', 'unknown', 'settled')
--;
-- no signature is kept once the fate of its payment is final
SELECT p.id FROM payments p WHERE p.payment IS NOT NULL AND p.state IN ('delivered', 'refused',
  'failed')
