-- Writes of this record that KV has refused, one after the other, or that had no answer.
ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0
--;
-- When a write of it left last.
ALTER TABLE outbox ADD COLUMN written_at INTEGER
--;
-- How long the next change waits that may wait, seconds; 0 before the first write.
ALTER TABLE outbox ADD COLUMN pace INTEGER NOT NULL DEFAULT 0
--;
-- Whether what is waiting shall not wait for the pace.
ALTER TABLE outbox ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0
--;
CREATE INDEX outbox_due ON outbox (not_before)
