-- A picture that the host uploaded. It was taken apart and put together again when it came (src/http/picture).
CREATE TABLE pictures (
  -- What it shows: the id of an event, or 'host'.
  item TEXT PRIMARY KEY,
  -- Where the gateway serves it: /pictures/{scope}/{hash of the content}.{jpg, png or webp}
  path TEXT NOT NULL,
  -- What it shows, in words; may be empty.
  alt TEXT NOT NULL,
  -- The length of the content, bytes.
  bytes INTEGER NOT NULL CHECK (bytes BETWEEN 1 AND 300000),
  -- The content in base64.
  content TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX pictures_path ON pictures (path)
