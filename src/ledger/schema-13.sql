-- Since when the chain shows a use that may have been for somebody else: from then on its payer has a day to prove it.
-- It says whether, too: `is_doubtful` is not used any more.
ALTER TABLE payments ADD COLUMN doubtful_at INTEGER
--;
UPDATE payments SET doubtful_at = updated_at WHERE is_doubtful = 1
