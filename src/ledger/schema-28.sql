-- What the author of a draft wrote, once the host has changed it before approving it.
ALTER TABLE drafts ADD COLUMN original TEXT
