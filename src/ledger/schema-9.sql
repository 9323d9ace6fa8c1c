-- The newest block when the payment was claimed, in which its authorization was not used; NULL if the chain could
-- not be asked. What was open before this column is believed as it was before.
ALTER TABLE payments ADD COLUMN unused_at INTEGER
--;
UPDATE payments SET unused_at = 0
--;
-- Whether the chain shows a use that may have been for somebody else.
ALTER TABLE payments ADD COLUMN is_doubtful INTEGER NOT NULL DEFAULT 0
--;
-- What ended without money, and wallets that never paid, are bounded in number.
CREATE INDEX payments_ended ON payments (updated_at) WHERE state IN ('refused', 'failed') AND tx_hash IS NULL
--;
CREATE INDEX wallets_strangers ON wallets (last_at) WHERE settled = 0 AND approvals = 0
--;
UPDATE payments SET arguments = 'null', requirements = 'null', payment = NULL
  WHERE state IN ('refused', 'failed') AND tx_hash IS NULL
