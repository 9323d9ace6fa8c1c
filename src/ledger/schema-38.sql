-- When the seat was held that is or was offered last. Unknown for offers of before.
ALTER TABLE waitlist ADD COLUMN offered_at INTEGER
