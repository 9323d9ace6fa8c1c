-- Guests are reminded so many hours before the start; 0: never.
ALTER TABLE events ADD COLUMN remind_hours INTEGER NOT NULL DEFAULT 24 CHECK (remind_hours >= 0)
--;
-- Whether it is not published yet: neither shown nor sold.
ALTER TABLE events ADD COLUMN is_draft INTEGER NOT NULL DEFAULT 0 CHECK (is_draft IN (0, 1))
--;
-- When the guests of an event are reminded. A row is gone once they were, or once it is too late.
CREATE TABLE reminders (
  event_id TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT
--;
INSERT INTO reminders (event_id, at) SELECT id, starts_at - 86400 FROM events WHERE status = 'scheduled'
--;
CREATE INDEX reminders_by_time ON reminders (at)
--;
-- What guests of an event are told by mail, once for each occasion.
CREATE TABLE news (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('message', 'reminder', 'change', 'cancelled')),
  -- of a message: what the host has written
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  -- of a change: what the event was before, JSON (`products::events::news::rows`)
  was TEXT,
  -- when those who wait are written to
  next_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX news_by_event ON news (event_id, created_at)
--;
-- Whom it is for, and whether a mail was queued. 'skipped': it was not for this address any more.
CREATE TABLE news_to (
  news_id TEXT NOT NULL,
  address TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'skipped')),
  PRIMARY KEY (news_id, address)
) STRICT
--;
CREATE INDEX news_waiting ON news_to (news_id) WHERE state = 'waiting'
--;
-- Readers who want no more messages and reminders of this host, by their pseudonym (`identity::reader`).
CREATE TABLE unsubscribed (
  reader TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT
--;
-- A mail may be news. SQLite changes no check, so the column is made anew.
ALTER TABLE mail_outbox ADD COLUMN kind_or_news TEXT NOT NULL DEFAULT 'notice'
  CHECK (kind_or_news IN ('code', 'ticket', 'notice', 'news'))
--;
UPDATE mail_outbox SET kind_or_news = kind
--;
DROP INDEX mail_by_kind
--;
ALTER TABLE mail_outbox DROP COLUMN kind
--;
ALTER TABLE mail_outbox RENAME COLUMN kind_or_news TO kind
--;
CREATE INDEX mail_by_kind ON mail_outbox (kind, created_at)
--;
-- Where its reader stops further mails of this kind, and the calendar file that comes with it.
ALTER TABLE mail_outbox ADD COLUMN unsubscribe TEXT
--;
ALTER TABLE mail_outbox ADD COLUMN calendar TEXT
