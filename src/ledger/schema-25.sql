-- A customer's mail is an entry of the thread too. `text` is what is new in it, `rest` what it repeats of older mails.
-- `verdict`: whether the platform has checked its author. `files`: JSON, the names of what was attached. `source`: a hash of
-- its message id, so that a mail that is delivered twice is one entry.
CREATE TABLE ticket_thread (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  ticket_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('reply', 'note', 'change', 'message')),
  author TEXT NOT NULL,
  text TEXT NOT NULL,
  mail_id TEXT,
  at INTEGER NOT NULL,
  rest TEXT,
  verdict TEXT CHECK (verdict IN ('verified', 'failed', 'unknown')),
  files TEXT,
  source TEXT
) STRICT
--;
INSERT INTO ticket_thread (seq, ticket_id, kind, author, text, mail_id, at)
  SELECT seq, ticket_id, kind, author, text, mail_id, at FROM ticket_entries
--;
DROP TABLE ticket_entries
--;
ALTER TABLE ticket_thread RENAME TO ticket_entries
--;
CREATE INDEX entries_by_ticket ON ticket_entries (ticket_id, kind, at)
--;
CREATE UNIQUE INDEX entries_by_source ON ticket_entries (ticket_id, source) WHERE source IS NOT NULL
--;
CREATE INDEX entries_by_mail ON ticket_entries (mail_id) WHERE mail_id IS NOT NULL
--;
-- Customers' mails of a day.
CREATE INDEX messages_by_time ON ticket_entries (at) WHERE kind = 'message'
--;
-- Where an answer to this mail goes. It is fixed with the mail, so that each try sends the same.
ALTER TABLE mail_outbox ADD COLUMN reply_to TEXT
--;
CREATE INDEX mail_by_provider ON mail_outbox (provider_id) WHERE provider_id IS NOT NULL
--;
-- What became of incoming mails, by day (Unix time in days). Strangers' mails leave nothing else.
CREATE TABLE mail_in (
  day INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('added', 'again', 'automatic', 'unknown', 'refused')),
  count INTEGER NOT NULL,
  PRIMARY KEY (day, outcome)
) STRICT, WITHOUT ROWID
