-- When a block refused its transaction: it is not tried again.
ALTER TABLE settlements ADD COLUMN reverted_at INTEGER
