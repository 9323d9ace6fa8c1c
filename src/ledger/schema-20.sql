-- Wallets that have bought something here, by the network that they paid on. The deployment's index in KV has a key for
-- each row. `is_listed`: its key is written or queued in `outbox`; the alarm queues the others.
CREATE TABLE holders (
  payer TEXT NOT NULL,
  network TEXT NOT NULL,
  is_listed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (payer, network)
) STRICT, WITHOUT ROWID
--;
INSERT OR IGNORE INTO holders (payer, network)
  SELECT payer, network FROM payments WHERE state IN ('settled', 'delivered')
--;
INSERT OR IGNORE INTO holders (payer, network) SELECT payer, network FROM rsvps
--;
CREATE INDEX holders_unlisted ON holders (payer, network) WHERE is_listed = 0
--;
CREATE INDEX rsvps_by_payer ON rsvps (payer)
--;
-- How many mails were queued in a day, in all and to one address.
CREATE INDEX mail_by_kind ON mail_outbox (kind, created_at)
--;
CREATE INDEX mail_by_recipient ON mail_outbox (to_address, created_at)
