-- The connection over which the purchase was made. Its result is asked for over this one, whatever the session is
-- connected to. NULL: made before this column, a new connection is opened when it is needed.
ALTER TABLE purchases ADD COLUMN connection TEXT
--;
-- how often the server was asked for what the chain shows as paid, and said no
ALTER TABLE purchases ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0
--;
-- whether the caller was told that there is no result yet
ALTER TABLE purchases ADD COLUMN warned INTEGER NOT NULL DEFAULT 0
--;
UPDATE purchases SET warned = 1 WHERE state = 'unknown' OR (state = 'paid' AND shown = 0)
--;
-- Paid for and never shown: looked after again.
UPDATE purchases SET next_check_at = updated_at WHERE state = 'paid' AND shown = 0
--;
-- the purchase whose result this message is
ALTER TABLE missed ADD COLUMN purchase_id TEXT
--;
-- when it was told; it stays until a socket shows that it has heard it
ALTER TABLE missed ADD COLUMN told_at INTEGER
