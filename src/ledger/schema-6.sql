-- Credentials of the host's own programs. The token itself is kept nowhere: `digest` is its SHA-256 in hex, `hint`
-- the first 4 of its 43 random characters, so that a host recognises it. `tools` is a JSON array of names; an empty
-- one stands for all tools.
CREATE TABLE credentials (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL UNIQUE,
  hint TEXT NOT NULL,
  tier TEXT NOT NULL CHECK (tier IN ('read', 'draft', 'send')),
  tools TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- at most one hour old while it is in use
  last_used_at INTEGER,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT
