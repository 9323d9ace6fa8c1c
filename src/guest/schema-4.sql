-- `proven_at` is when the owner's newest sign-in was; this is when it ends by itself.
ALTER TABLE session ADD COLUMN proven_until INTEGER
--;
-- When the owner signed out last, as far as this session has heard.
ALTER TABLE session ADD COLUMN signed_out_at INTEGER
--;
-- When the session was used last, to the hour.
ALTER TABLE session ADD COLUMN used_at INTEGER
