-- Mails on their way out, and for a while afterwards. `scope` is the host that a mail comes from, because an
-- object that nobody registered knows its own from nowhere else. `unclear`: whether a try may have been taken.
CREATE TABLE mail_outbox (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('code', 'ticket', 'notice')),
  scope TEXT NOT NULL,
  to_address TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  ticket INTEGER,
  state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'unknown')),
  attempts INTEGER NOT NULL,
  unclear INTEGER NOT NULL DEFAULT 0,
  first_try_at INTEGER,
  next_at INTEGER NOT NULL,
  provider_id TEXT,
  reason TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX mail_due ON mail_outbox (next_at) WHERE state IN ('queued', 'sending')
--;
-- What providers say of mails that they took, once for each webhook.
CREATE TABLE mail_events (
  webhook_id TEXT PRIMARY KEY,
  mail_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('delivered', 'bounced', 'complained', 'failed')),
  at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX mail_events_by_mail ON mail_events (mail_id)
--;
-- The code with which this address may sign in now: a keyed hash of it, and how often it was guessed wrong.
CREATE TABLE sign_in_code (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  mac TEXT NOT NULL,
  wrong INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT
--;
-- When codes were made and guessed wrong in the last 24 hours.
CREATE TABLE sign_in_times (
  kind TEXT NOT NULL CHECK (kind IN ('made', 'wrong')),
  at INTEGER NOT NULL
) STRICT
