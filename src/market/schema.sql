-- Hosts that chose to be listed. `version` grows with each thing that a host tells; an older one changes nothing.
CREATE TABLE hosts (
  scope TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  about TEXT NOT NULL,
  -- whether anybody has paid there: of two hosts that offer the same, this one is known
  has_sold INTEGER NOT NULL CHECK (has_sold IN (0, 1)),
  updated_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX hosts_by_name ON hosts (-has_sold, name, scope)
--;
-- The events to come of each host.
CREATE TABLE events (
  number INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  id TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  price INTEGER NOT NULL CHECK (price >= 0),
  -- what is shown of it, JSON
  view TEXT NOT NULL,
  UNIQUE (scope, id)
) STRICT
--;
CREATE INDEX events_by_start ON events (starts_at, number)
--;
-- The words of an event, by its number: title, place, name of the host.
CREATE VIRTUAL TABLE event_words USING fts5 (title, place, host, tokenize = 'unicode61 remove_diacritics 2')
--;
-- The tools of each host that strangers may call.
CREATE TABLE tools (
  number INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  -- as that of its host
  has_sold INTEGER NOT NULL CHECK (has_sold IN (0, 1)),
  name TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  -- the lowest and the highest price of what it sells now; NULL if it sells nothing
  price_min INTEGER,
  price_max INTEGER,
  -- the price in words, if it depends on what is bought
  price_words TEXT,
  -- arguments of a call that buys something now, JSON
  example TEXT,
  CHECK ((price_min IS NULL) = (price_max IS NULL)),
  UNIQUE (scope, name)
) STRICT
--;
CREATE INDEX tools_by_trust ON tools (-has_sold, number)
--;
CREATE VIRTUAL TABLE tool_words USING fts5 (title, description, host, tokenize = 'unicode61 remove_diacritics 2')
