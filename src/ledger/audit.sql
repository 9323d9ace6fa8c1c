-- The rules of the books. Each statement selects the ids that break the rule in its comment. `audit.rs` and the tests in
-- the real runtime execute them.
--;
-- the money of every settled payment is in the ledger once
SELECT p.id FROM payments p WHERE p.state IN ('settled', 'delivered') AND p.amount <>
  (SELECT coalesce(sum(l.amount), 0) FROM ledger l WHERE l.payment_id = p.id
   AND l.entry IN ('settled', 'reversed') AND l.tx_hash = p.tx_hash)
--;
-- the ledger holds nothing else for a payment
SELECT p.id FROM payments p WHERE
  (SELECT coalesce(sum(l.amount), 0) FROM ledger l WHERE l.payment_id = p.id
   AND l.entry IN ('settled', 'reversed')) <>
  CASE WHEN p.state IN ('settled', 'delivered') THEN p.amount ELSE 0 END
--;
-- every delivered result is stored and was settled before
SELECT p.id FROM payments p WHERE p.state = 'delivered' AND (p.answer IS NULL OR NOT EXISTS
  (SELECT 1 FROM ledger s, ledger d WHERE s.payment_id = p.id AND d.payment_id = p.id
   AND s.entry = 'settled' AND d.entry = 'delivered' AND s.seq < d.seq))
--;
-- nothing is delivered twice
SELECT payment_id FROM ledger WHERE entry = 'delivered' GROUP BY payment_id HAVING count(*) > 1
--;
-- no result is stored without a settlement
SELECT p.id FROM payments p WHERE p.answer IS NOT NULL AND p.state <> 'delivered'
--;
-- every delivered RSVP is its seats, which cost its amount together: those it has, or those that its guest gave back
SELECT p.id FROM payments p WHERE p.state = 'delivered' AND p.tool = 'rsvpToEvent' AND (p.seats, p.amount) IS NOT
  (SELECT count(*), sum(r.paid) FROM
    (SELECT payment_id, payer, tx_hash, paid FROM rsvps
     UNION ALL SELECT payment_id, payer, tx_hash, paid FROM cancelled_seats) r
   WHERE r.payment_id = p.id AND r.payer = p.payer AND r.tx_hash = p.tx_hash)
--;
-- the seats of a purchase are given back together, and none of them is sold any more
SELECT c.id FROM cancelled_seats c WHERE EXISTS (SELECT 1 FROM rsvps r WHERE r.payment_id = c.payment_id)
--;
-- what becomes of the money of every seat that was given back is written down
SELECT c.id FROM cancelled_seats c WHERE c.paid > 0 AND NOT EXISTS
  (SELECT 1 FROM refunds f WHERE f.payment_id = c.payment_id AND f.cause = 'guest')
--;
-- every guest of an event that its host cancelled gets the money back
SELECT r.id FROM rsvps r JOIN events e ON e.id = r.event_id WHERE e.cancelled_at IS NOT NULL AND r.paid > 0
  AND NOT EXISTS (SELECT 1 FROM refunds f WHERE f.payment_id = r.payment_id)
--;
-- no refund is more than was paid
SELECT f.payment_id FROM refunds f JOIN payments p ON p.id = f.payment_id WHERE f.amount > p.amount
  OR f.payer <> p.payer OR f.network <> p.network
--;
-- money is owed, being paid or paid back only for a payment that was kept
SELECT f.payment_id FROM refunds f JOIN payments p ON p.id = f.payment_id
  WHERE f.state <> 'void' AND p.state <> 'delivered'
--;
-- nothing is paid back before the chain has confirmed the payment
SELECT f.payment_id FROM refunds f JOIN payments p ON p.id = f.payment_id
  WHERE f.state IN ('paying', 'paid') AND p.next_check_at IS NOT NULL
--;
-- every refund that is paid is in the ledger once, with its transaction, and no other is
SELECT f.payment_id FROM refunds f WHERE
  (SELECT count(*) FROM ledger l WHERE l.payment_id = f.payment_id AND l.entry = 'refunded'
   AND l.amount = -f.amount AND l.tx_hash = f.tx_hash) <> (f.state = 'paid')
  OR (SELECT count(*) FROM ledger l WHERE l.payment_id = f.payment_id AND l.entry = 'refunded') <> (f.state = 'paid')
--;
-- no transaction on Solana pays two refunds
SELECT tx_hash FROM refunds WHERE state = 'paid' AND network LIKE 'solana:%' GROUP BY tx_hash HAVING count(*) > 1
--;
-- the ledger has no refund that is not written down
SELECT CAST(seq AS TEXT) FROM ledger WHERE entry IN ('refund_owed', 'refund_void', 'refunded')
  AND payment_id NOT IN (SELECT payment_id FROM refunds)
--;
-- the ledger says of every refund what is owed or was
SELECT f.payment_id FROM refunds f WHERE CASE f.state WHEN 'void' THEN 0 ELSE f.amount END <>
  (SELECT coalesce(sum(l.amount), 0) FROM ledger l WHERE l.payment_id = f.payment_id
   AND l.entry IN ('refund_owed', 'refund_void'))
--;
-- a refund has a next check exactly while it is being paid
SELECT payment_id FROM refunds WHERE (next_check_at IS NOT NULL) <> (state = 'paying')
--;
-- no signature of a refund is kept once it is not being paid
SELECT payment_id FROM refunds WHERE signature IS NOT NULL AND state <> 'paying'
--;
-- what is signed for a refund is within what was offered
SELECT payment_id FROM refunds WHERE state = 'paying' AND reported_tx IS NULL
  AND (from_wallet IS NULL OR offered_until IS NULL OR coalesce(signed_until, 0) > offered_until)
--;
-- no payment has more seats than it holds
SELECT p.id FROM payments p WHERE p.seats < (SELECT count(*) FROM rsvps r WHERE r.payment_id = p.id)
--;
-- the former code of a ticket that was given away opens nothing
SELECT g.code FROM given_codes g WHERE EXISTS (SELECT 1 FROM rsvps r WHERE r.code = g.code)
--;
-- every transfer of a ticket has ended one code
SELECT g.rsvp_id FROM given_seats g WHERE g.times <>
  (SELECT count(*) FROM given_codes c WHERE c.rsvp_id = g.rsvp_id)
--;
-- a seat that was given back is in nobody's hands but its buyer's
SELECT g.rsvp_id FROM given_seats g JOIN cancelled_seats c ON c.id = g.rsvp_id WHERE g.holder IS NOT c.payer
--;
-- every seat that is held for a guest of a waitlist is there
SELECT e.id FROM events e WHERE e.capacity > 0 AND e.status = 'scheduled'
  AND EXISTS (SELECT 1 FROM waitlist w WHERE w.event_id = e.id AND w.state = 'offered')
  AND e.capacity < e.taken + (SELECT coalesce(sum(p.seats), 0) FROM payments p WHERE p.event_id = e.id
   AND p.state IN ('settling', 'unknown', 'settled'))
  + (SELECT count(*) FROM waitlist w WHERE w.event_id = e.id AND w.state = 'offered'
   AND NOT EXISTS (SELECT 1 FROM rsvps s WHERE s.event_id = w.event_id AND s.payer = w.wallet)
   AND NOT EXISTS (SELECT 1 FROM payments o WHERE o.event_id = w.event_id AND o.payer = w.wallet
   AND o.state IN ('settling', 'unknown', 'settled')))
--;
-- every seat was paid for
SELECT min(r.id) FROM rsvps r GROUP BY r.event_id, r.tx_hash HAVING sum(r.paid) >
  (SELECT coalesce(sum(l.amount), 0) FROM ledger l
   WHERE l.entry IN ('settled', 'reversed') AND l.tx_hash = r.tx_hash AND l.event_id = r.event_id)
--;
-- a seat that costs nothing has no transaction, and every other one has
SELECT id FROM rsvps WHERE (paid = 0) <> (tx_hash = '')
--;
-- no transaction is counted twice
SELECT tx_hash FROM ledger WHERE entry IN ('settled', 'reversed') AND tx_hash IS NOT NULL
  GROUP BY tx_hash HAVING sum(CASE entry WHEN 'settled' THEN 1 ELSE -1 END) > 1
--;
-- no event has more seats taken and held than it has
SELECT e.id FROM events e WHERE e.capacity > 0 AND e.capacity <
  (SELECT count(*) FROM rsvps r WHERE r.event_id = e.id) +
  (SELECT coalesce(sum(p.seats), 0) FROM payments p WHERE p.event_id = e.id
   AND p.state IN ('settling', 'unknown', 'settled'))
--;
-- the seats that an event counts as taken are there
SELECT e.id FROM events e WHERE e.taken <> (SELECT count(*) FROM rsvps r WHERE r.event_id = e.id)
--;
-- the seats that are counted for a ticket type are there
SELECT l.event_id FROM label_seats l WHERE l.label GLOB 'type:*' AND l.taken <>
  (SELECT count(*) FROM rsvps r WHERE r.event_id = l.event_id AND 'type:' || r.ticket_type = l.label)
--;
-- every seat of a ticket type is counted
SELECT r.id FROM rsvps r WHERE r.ticket_type IS NOT NULL AND NOT EXISTS
  (SELECT 1 FROM label_seats l WHERE l.event_id = r.event_id AND l.label = 'type:' || r.ticket_type)
--;
-- no ticket type has more seats taken and held than it has
SELECT e.id FROM events e, json_each(e.types) t WHERE json_extract(t.value, '$.seats') > 0 AND json_extract(t.value, '$.seats') <
  (SELECT count(*) FROM rsvps r WHERE r.event_id = e.id AND r.ticket_type = json_extract(t.value, '$.id')) +
  (SELECT coalesce(sum(p.seats), 0) FROM payments p WHERE p.event_id = e.id
   AND p.ticket_type = json_extract(t.value, '$.id') AND p.state IN ('settling', 'unknown', 'settled'))
--;
-- the seats of a payment are of the ticket type and the promo code that it was made with
SELECT r.id FROM rsvps r JOIN payments p ON p.id = r.payment_id
  WHERE r.ticket_type IS NOT p.ticket_type OR r.promo IS NOT p.promo
--;
-- the seats that are counted for a promo code are there, and every one is counted
SELECT l.event_id FROM label_seats l WHERE l.label GLOB 'promo:*' AND l.taken <>
  (SELECT count(*) FROM rsvps r WHERE r.event_id = l.event_id AND 'promo:' || r.promo = l.label)
UNION ALL SELECT r.id FROM rsvps r WHERE r.promo IS NOT NULL AND NOT EXISTS
  (SELECT 1 FROM label_seats l WHERE l.event_id = r.event_id AND l.label = 'promo:' || r.promo)
--;
-- no promo code is used for more seats, taken and held, than it may be
SELECT e.id FROM events e, json_each(e.promos) c WHERE json_extract(c.value, '$.uses') > 0 AND json_extract(c.value, '$.uses') <
  (SELECT count(*) FROM rsvps r WHERE r.event_id = e.id AND r.promo = json_extract(c.value, '$.id')) +
  (SELECT coalesce(sum(p.seats), 0) FROM payments p WHERE p.event_id = e.id
   AND p.promo = json_extract(c.value, '$.id') AND p.state IN ('settling', 'unknown', 'settled'))
--;
-- the total of every row of the ledger is the sum of the money up to it
SELECT CAST(seq AS TEXT) FROM (SELECT seq, total, sum(CASE WHEN entry IN ('settled', 'reversed', 'refunded') THEN amount ELSE 0 END)
  OVER (ORDER BY seq) AS sum FROM ledger) WHERE total <> sum
--;
-- every settled payment is delivered within ten minutes
SELECT p.id FROM payments p WHERE p.state = 'settled' AND p.updated_at < ?1 - 600
--;
-- every payment for an item keeps the id of the item
SELECT p.id FROM payments p WHERE p.wanted IS NULL AND p.tool IN
  ('rsvpToEvent', 'getEventAnalytics', 'retrieveSecret') AND p.state NOT IN ('refused', 'failed')
--;
-- every open payment has a time of its next check
SELECT p.id FROM payments p WHERE p.next_check_at IS NULL
  AND p.state IN ('claimed', 'verified', 'settling', 'unknown', 'settled')
--;
-- no signature is kept once its payment is final
SELECT p.id FROM payments p WHERE p.payment IS NOT NULL AND p.next_check_at IS NULL
--;
-- no final payment has a next check
SELECT p.id FROM payments p WHERE p.next_check_at IS NOT NULL AND p.state IN ('refused', 'failed')
--;
-- a wallet's standing is the number of its paid payments
SELECT w.payer FROM wallets w WHERE w.settled <> (SELECT count(*) FROM payments p
  WHERE p.payer = w.payer AND p.state IN ('settled', 'delivered'))
--;
-- every sold value that is not handed over yet is stored
SELECT r.payment_id FROM retrievals r WHERE r.how = 'paid' AND r.handed_over_at IS NULL AND NOT EXISTS
  (SELECT 1 FROM secrets s WHERE s.id = r.secret_id AND s.version = r.version AND s.sealed IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM kept_values k WHERE k.secret_id = r.secret_id AND k.version = r.version)
--;
-- every value of the vault that an open payment buys is stored
SELECT p.id FROM payments p WHERE p.tool = 'retrieveSecret' AND p.state IN ('settling', 'unknown', 'settled')
  AND NOT EXISTS (SELECT 1 FROM secrets s WHERE s.id = p.wanted
    AND s.version = json_extract(p.staged, '$.version') AND s.sealed IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM kept_values k WHERE k.secret_id = p.wanted
    AND k.version = json_extract(p.staged, '$.version'))
