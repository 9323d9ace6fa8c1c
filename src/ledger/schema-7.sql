-- What the host writes for everybody to find. `kb_text` is its full-text index, by the same rowid.
CREATE TABLE kb_articles (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
CREATE VIRTUAL TABLE kb_text USING fts5 (title, body, tokenize = 'unicode61 remove_diacritics 2')
--;
CREATE TABLE tickets (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  -- the customer's address, if there is one: where replies go
  email TEXT,
  status TEXT NOT NULL CHECK (status IN ('open', 'resolved')),
  priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
  category TEXT,
  -- JSON
  tags TEXT NOT NULL,
  assignee TEXT,
  author TEXT NOT NULL,
  payment_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
-- The thread of a ticket, and its history. 'note' and 'change' are for the host only.
CREATE TABLE ticket_entries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('reply', 'note', 'change')),
  author TEXT NOT NULL,
  text TEXT NOT NULL,
  mail_id TEXT,
  at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX entries_by_ticket ON ticket_entries (ticket_id, kind, at)
--;
-- What waits for a person: replies that would leave, and changes by callers who have not earned them.
CREATE TABLE drafts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  ticket_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('reply', 'resolution', 'assignment')),
  text TEXT NOT NULL,
  -- why it did not happen at once
  reason TEXT NOT NULL,
  author TEXT NOT NULL,
  payment_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected')),
  verdict TEXT,
  created_at INTEGER NOT NULL,
  decided_at INTEGER
) STRICT
--;
CREATE INDEX drafts_by_state ON drafts (state, ticket_id)
--;
-- The host's own rules; NULL stands for the usual ones. While `tripped_at` is set no mail leaves.
CREATE TABLE desk (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  approvals_needed INTEGER,
  failure_percent INTEGER,
  tripped_at INTEGER,
  reset_at INTEGER
) STRICT
--;
ALTER TABLE wallets ADD COLUMN rejections INTEGER NOT NULL DEFAULT 0
