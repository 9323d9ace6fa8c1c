-- The transaction and the block in which the chain has shown the money of a payment last: of a delivered one, to see whether
-- it stays there; of a doubtful one, because an endpoint may have forgotten the log when its payer proves it.
ALTER TABLE payments ADD COLUMN seen_tx TEXT
--;
ALTER TABLE payments ADD COLUMN seen_in INTEGER
