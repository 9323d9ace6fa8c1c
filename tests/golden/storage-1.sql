-- The storage of a host's object as the first schema kept it, with a payment in each state that lasts.
-- Written by the code of that time; never edited.
--;
CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT
--;
-- The host's own record: one row once it is registered.
CREATE TABLE profile (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  user_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  wallet_address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
-- Nonces of sign-in messages that were used; kept until they expire.
CREATE TABLE used_nonces (
  nonce TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT
--;
CREATE TABLE events (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER,
  time_zone TEXT NOT NULL,
  location TEXT,
  capacity INTEGER NOT NULL CHECK (capacity >= 0),
  price INTEGER NOT NULL CHECK (price > 0),
  status TEXT NOT NULL CHECK (status IN ('scheduled', 'cancelled')),
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX events_by_start ON events (starts_at, id)
--;
-- One row for each payment that this door has seen. The four columns of the unique key are what a
-- token contract knows an EIP-3009 authorization by; the row says what it buys and how far it is.
CREATE TABLE payments (
  id TEXT PRIMARY KEY,
  network TEXT NOT NULL,
  asset TEXT NOT NULL,
  payer TEXT NOT NULL,
  nonce TEXT NOT NULL,
  signature_digest TEXT NOT NULL,
  tool TEXT NOT NULL,
  digest TEXT NOT NULL,
  arguments TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  pay_to TEXT NOT NULL,
  valid_before INTEGER NOT NULL,
  x402_version INTEGER NOT NULL,
  payment TEXT,
  requirements TEXT NOT NULL,
  event_id TEXT,
  state TEXT NOT NULL CHECK (state IN
    ('claimed', 'verified', 'settling', 'settled', 'delivered', 'refused', 'failed', 'unknown')),
  reason TEXT,
  tx_hash TEXT,
  answer TEXT,
  attempts INTEGER NOT NULL,
  next_check_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (network, asset, payer, nonce)
) STRICT
--;
CREATE INDEX payments_by_event ON payments (event_id, state)
--;
CREATE INDEX payments_by_payer ON payments (payer, state)
--;
CREATE INDEX payments_due ON payments (next_check_at) WHERE next_check_at IS NOT NULL
--;
-- What happened, in order. Only 'settled' rows are money; corrections are new rows.
CREATE TABLE ledger (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  entry TEXT NOT NULL,
  payment_id TEXT,
  tool TEXT,
  event_id TEXT,
  amount INTEGER NOT NULL,
  tx_hash TEXT,
  note TEXT,
  at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX ledger_by_entry ON ledger (entry, event_id)
--;
CREATE TRIGGER ledger_is_not_updated BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
--;
CREATE TRIGGER ledger_is_not_deleted BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
--;
CREATE TABLE rsvps (
  id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  payer TEXT NOT NULL,
  code TEXT NOT NULL UNIQUE,
  payment_id TEXT NOT NULL UNIQUE,
  name TEXT,
  email TEXT,
  paid INTEGER NOT NULL,
  tx_hash TEXT NOT NULL,
  network TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  checked_in_at INTEGER,
  UNIQUE (event_id, payer)
) STRICT
--;
-- Records on their way to KV: the newest value of a key wins, NULL removes the key.
CREATE TABLE outbox (
  key TEXT PRIMARY KEY,
  value TEXT,
  version INTEGER NOT NULL,
  not_before INTEGER NOT NULL
) STRICT
--;
INSERT INTO migrations (version, applied_at) VALUES (1, 1795262400)
--;
INSERT INTO profile (id, user_id, scope, wallet_address, created_at, updated_at) VALUES (1, '0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc', '7cd04c5a4d3f1f9e1e8e24ea60b37901', '0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc', 1795262400, 1795262400)
--;
INSERT INTO events (id, title, description, starts_at, ends_at, time_zone, location, capacity, price, status, sequence, created_at, updated_at) VALUES ('evt_c7ae046d0cf03937cd76d5b2', 'Rust meetup', '', 1803925800, NULL, 'UTC', NULL, 5, 50000, 'scheduled', 0, 1795262400, 1795262400)
--;
INSERT INTO events (id, title, description, starts_at, ends_at, time_zone, location, capacity, price, status, sequence, created_at, updated_at) VALUES ('evt_fdf1c56eba666fe9170bd11d', 'Rust meetup', '', 1803925800, NULL, 'UTC', NULL, 2, 50000, 'scheduled', 0, 1795262400, 1795262400)
--;
INSERT INTO payments (id, network, asset, payer, nonce, signature_digest, tool, digest, arguments, amount, pay_to, valid_before, x402_version, payment, requirements, event_id, state, reason, tx_hash, answer, attempts, next_check_at, created_at, updated_at) VALUES ('pay_797059b0ce6e11382317c0c9', 'eip155:84532', '0x036CbD53842c5426634e7929541eC2318f3dCF7e', '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1', '0x0101010101010101010101010101010101010101010101010101010101010101', '388852d584d246580a77d265e7881221bebb6ca779f97b75f81e804423300003', 'rsvpToEvent', '3f3ff4ec42f90cb9887b462c9b51128a8d7124c0632585bf3dce36073ced9a39', '{"eventId":"evt_c7ae046d0cf03937cd76d5b2"}', 50000, '0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc', 1795262700, 2, NULL, '{"amount":"50000","asset":"0x036CbD53842c5426634e7929541eC2318f3dCF7e","extra":{"name":"USDC","version":"2"},"maxTimeoutSeconds":300,"network":"eip155:84532","payTo":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc","scheme":"exact"}', 'evt_c7ae046d0cf03937cd76d5b2', 'delivered', NULL, '0x0101010101010101010101010101010101010101010101010101010101010101', '{"calendarUrl":"http://localhost:8787/e/7cd04c5a4d3f1f9e1e8e24ea60b37901/evt_c7ae046d0cf03937cd76d5b2/calendar.ics","event":{"capacity":5,"createdAt":"2026-11-21T12:00:00Z","description":"","id":"evt_c7ae046d0cf03937cd76d5b2","price":"0.05","priceAtomic":"50000","rsvpCount":1,"seatsLeft":4,"startsAt":"2027-03-01T18:30:00Z","status":"scheduled","timeZone":"UTC","title":"Rust meetup"},"message":"You have a seat. $0.05 was paid. Show the ticket at the entrance.","rsvp":{"code":"7cd04c5a4d3f1f9e1e8e24ea60b37901-273047bc7cd12d2f2b805d4b","id":"rsv_56cf87c648448dcca3ab5efb","payer":"0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"},"success":true,"ticketUrl":"http://localhost:8787/t/7cd04c5a4d3f1f9e1e8e24ea60b37901-273047bc7cd12d2f2b805d4b","transactionHash":"0x0101010101010101010101010101010101010101010101010101010101010101"}', 1, NULL, 1795262400, 1795262400)
--;
INSERT INTO payments (id, network, asset, payer, nonce, signature_digest, tool, digest, arguments, amount, pay_to, valid_before, x402_version, payment, requirements, event_id, state, reason, tx_hash, answer, attempts, next_check_at, created_at, updated_at) VALUES ('pay_7b755a8c586e9f227c0c3673', 'eip155:84532', '0x036CbD53842c5426634e7929541eC2318f3dCF7e', '0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c', '0x0202020202020202020202020202020202020202020202020202020202020202', 'a6aa50c622d136b90730c0eae5a3ff66d834459a9dbb29a61c835743a5b6bdd8', 'getEventAnalytics', '5a9e2e7aaca0ce8fc499f24b78ef9e1f4ecc7fea1fabfbfe5558b47b4ff7b6f8', '{"eventId":"evt_c7ae046d0cf03937cd76d5b2"}', 10000, '0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc', 1795262700, 2, NULL, '{"amount":"10000","asset":"0x036CbD53842c5426634e7929541eC2318f3dCF7e","extra":{"name":"USDC","version":"2"},"maxTimeoutSeconds":300,"network":"eip155:84532","payTo":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc","scheme":"exact"}', NULL, 'delivered', NULL, '0x0202020202020202020202020202020202020202020202020202020202020202', '{"rsvps":[{"paidAtomic":"50000","timestamp":"2026-11-21T12:00:00Z","txHash":"0x0101010101010101010101010101010101010101010101010101010101010101","wallet":"0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"}],"totalRevenue":"0.05","totalRevenueAtomic":"50000","totalRsvps":1}', 1, NULL, 1795262400, 1795262400)
--;
INSERT INTO payments (id, network, asset, payer, nonce, signature_digest, tool, digest, arguments, amount, pay_to, valid_before, x402_version, payment, requirements, event_id, state, reason, tx_hash, answer, attempts, next_check_at, created_at, updated_at) VALUES ('pay_4284aea703def4f4a03d0ca2', 'eip155:84532', '0x036CbD53842c5426634e7929541eC2318f3dCF7e', '0x3325a78425F17a7E487Eb5666b2bFd93aBb06c70', '0x0303030303030303030303030303030303030303030303030303030303030303', '97ecc1842599fa149b10136c1e0de715b24c2bbb282f0fe6e14259ff33938205', 'rsvpToEvent', '3f3ff4ec42f90cb9887b462c9b51128a8d7124c0632585bf3dce36073ced9a39', '{"eventId":"evt_c7ae046d0cf03937cd76d5b2"}', 50000, '0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc', 1795262700, 2, NULL, '{"amount":"50000","asset":"0x036CbD53842c5426634e7929541eC2318f3dCF7e","extra":{"name":"USDC","version":"2"},"maxTimeoutSeconds":300,"network":"eip155:84532","payTo":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc","scheme":"exact"}', NULL, 'refused', 'insufficient_funds', NULL, NULL, 1, NULL, 1795262400, 1795262400)
--;
INSERT INTO payments (id, network, asset, payer, nonce, signature_digest, tool, digest, arguments, amount, pay_to, valid_before, x402_version, payment, requirements, event_id, state, reason, tx_hash, answer, attempts, next_check_at, created_at, updated_at) VALUES ('pay_489709cc77b514b7c547fb3b', 'eip155:84532', '0x036CbD53842c5426634e7929541eC2318f3dCF7e', '0xc48B812bB43401392c037381AcA934F4069C0517', '0x0404040404040404040404040404040404040404040404040404040404040404', 'be272ae2e6a93a94b4eb75ba22d305ff385a43543abcc4e9e409ab519c9a0803', 'rsvpToEvent', '3f3ff4ec42f90cb9887b462c9b51128a8d7124c0632585bf3dce36073ced9a39', '{"eventId":"evt_c7ae046d0cf03937cd76d5b2"}', 50000, '0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc', 1795262700, 2, '{"accepted":{"amount":"50000","asset":"0x036CbD53842c5426634e7929541eC2318f3dCF7e","extra":{"name":"USDC","version":"2"},"maxTimeoutSeconds":300,"network":"eip155:84532","payTo":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc","scheme":"exact"},"payload":{"authorization":{"from":"0xc48B812bB43401392c037381AcA934F4069C0517","nonce":"0x0404040404040404040404040404040404040404040404040404040404040404","to":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc","validAfter":"0","validBefore":"1795262700","value":"50000"},"signature":"0xb9ce9a3bddf5a963b8101e6a02400ad9151b93975076bbeb44b688d7a6a0d4675dfbc42aafeb09feb3cc5f6bbc1f0ee55e874e553d9b7ab7bc713a2966d0b21b1c"},"x402Version":2}', '{"amount":"50000","asset":"0x036CbD53842c5426634e7929541eC2318f3dCF7e","extra":{"name":"USDC","version":"2"},"maxTimeoutSeconds":300,"network":"eip155:84532","payTo":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc","scheme":"exact"}', 'evt_c7ae046d0cf03937cd76d5b2', 'unknown', 'connection failed: cut', NULL, NULL, 1, 1795262403, 1795262400, 1795262400)
--;
INSERT INTO payments (id, network, asset, payer, nonce, signature_digest, tool, digest, arguments, amount, pay_to, valid_before, x402_version, payment, requirements, event_id, state, reason, tx_hash, answer, attempts, next_check_at, created_at, updated_at) VALUES ('pay_1bc9217100b0a848a539411d', 'eip155:84532', '0x036CbD53842c5426634e7929541eC2318f3dCF7e', '0xd09Ad14080d4b257a819a4f579b8485Be88f086c', '0x0505050505050505050505050505050505050505050505050505050505050505', '2bb031e0dc21053fbf8411c65089808daf0f5ef096a9daec76c5aa69caec9169', 'getEventAnalytics', '5a9e2e7aaca0ce8fc499f24b78ef9e1f4ecc7fea1fabfbfe5558b47b4ff7b6f8', '{"eventId":"evt_c7ae046d0cf03937cd76d5b2"}', 10000, '0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc', 1795262700, 2, NULL, '{"amount":"10000","asset":"0x036CbD53842c5426634e7929541eC2318f3dCF7e","extra":{"name":"USDC","version":"2"},"maxTimeoutSeconds":300,"network":"eip155:84532","payTo":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc","scheme":"exact"}', NULL, 'settled', NULL, '0x0505050505050505050505050505050505050505050505050505050505050505', NULL, 1, 1795262460, 1795262400, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (1, 'payout_set', NULL, NULL, NULL, 0, NULL, '0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc', 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (2, 'claimed', 'pay_797059b0ce6e11382317c0c9', 'rsvpToEvent', NULL, 50000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (3, 'settling', 'pay_797059b0ce6e11382317c0c9', 'rsvpToEvent', 'evt_c7ae046d0cf03937cd76d5b2', 50000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (4, 'settled', 'pay_797059b0ce6e11382317c0c9', 'rsvpToEvent', 'evt_c7ae046d0cf03937cd76d5b2', 50000, '0x0101010101010101010101010101010101010101010101010101010101010101', NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (5, 'delivered', 'pay_797059b0ce6e11382317c0c9', 'rsvpToEvent', 'evt_c7ae046d0cf03937cd76d5b2', 50000, '0x0101010101010101010101010101010101010101010101010101010101010101', NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (6, 'claimed', 'pay_7b755a8c586e9f227c0c3673', 'getEventAnalytics', NULL, 10000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (7, 'settling', 'pay_7b755a8c586e9f227c0c3673', 'getEventAnalytics', NULL, 10000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (8, 'settled', 'pay_7b755a8c586e9f227c0c3673', 'getEventAnalytics', NULL, 10000, '0x0202020202020202020202020202020202020202020202020202020202020202', NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (9, 'delivered', 'pay_7b755a8c586e9f227c0c3673', 'getEventAnalytics', NULL, 10000, '0x0202020202020202020202020202020202020202020202020202020202020202', NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (10, 'claimed', 'pay_4284aea703def4f4a03d0ca2', 'rsvpToEvent', NULL, 50000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (11, 'settling', 'pay_4284aea703def4f4a03d0ca2', 'rsvpToEvent', 'evt_c7ae046d0cf03937cd76d5b2', 50000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (12, 'refused', 'pay_4284aea703def4f4a03d0ca2', 'rsvpToEvent', NULL, 50000, NULL, 'insufficient_funds', 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (13, 'claimed', 'pay_489709cc77b514b7c547fb3b', 'rsvpToEvent', NULL, 50000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (14, 'settling', 'pay_489709cc77b514b7c547fb3b', 'rsvpToEvent', 'evt_c7ae046d0cf03937cd76d5b2', 50000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (15, 'unknown', 'pay_489709cc77b514b7c547fb3b', 'rsvpToEvent', 'evt_c7ae046d0cf03937cd76d5b2', 50000, NULL, 'connection failed: cut', 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (16, 'claimed', 'pay_1bc9217100b0a848a539411d', 'getEventAnalytics', NULL, 10000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (17, 'settling', 'pay_1bc9217100b0a848a539411d', 'getEventAnalytics', NULL, 10000, NULL, NULL, 1795262400)
--;
INSERT INTO ledger (seq, entry, payment_id, tool, event_id, amount, tx_hash, note, at) VALUES (18, 'settled', 'pay_1bc9217100b0a848a539411d', 'getEventAnalytics', NULL, 10000, '0x0505050505050505050505050505050505050505050505050505050505050505', NULL, 1795262400)
--;
INSERT INTO rsvps (id, event_id, payer, code, payment_id, name, email, paid, tx_hash, network, created_at, checked_in_at) VALUES ('rsv_56cf87c648448dcca3ab5efb', 'evt_c7ae046d0cf03937cd76d5b2', '0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1', '7cd04c5a4d3f1f9e1e8e24ea60b37901-273047bc7cd12d2f2b805d4b', 'pay_797059b0ce6e11382317c0c9', NULL, NULL, 50000, '0x0101010101010101010101010101010101010101010101010101010101010101', 'eip155:84532', 1795262400, NULL)
--;
INSERT INTO outbox (key, value, version, not_before) VALUES ('users:0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc', '{"createdAt":"2026-11-21T12:00:00Z","updatedAt":"2026-11-21T12:00:00Z","urlSafeId":"7cd04c5a4d3f1f9e1e8e24ea60b37901","userId":"0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc","walletAddress":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"}', 1, 1795262400)
--;
INSERT INTO outbox (key, value, version, not_before) VALUES ('usersByHash:7cd04c5a4d3f1f9e1e8e24ea60b37901', '{"createdAt":"2026-11-21T12:00:00Z","updatedAt":"2026-11-21T12:00:00Z","urlSafeId":"7cd04c5a4d3f1f9e1e8e24ea60b37901","userId":"0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc","walletAddress":"0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"}', 1, 1795262400)
--;
INSERT INTO outbox (key, value, version, not_before) VALUES ('7cd04c5a4d3f1f9e1e8e24ea60b37901:events:evt_c7ae046d0cf03937cd76d5b2', '{"capacity":5,"createdAt":"2026-11-21T12:00:00Z","description":"","id":"evt_c7ae046d0cf03937cd76d5b2","price":"0.05","priceAtomic":"50000","rsvpCount":1,"seatsLeft":4,"startsAt":"2027-03-01T18:30:00Z","status":"scheduled","timeZone":"UTC","title":"Rust meetup"}', 2, 1795262400)
--;
INSERT INTO outbox (key, value, version, not_before) VALUES ('7cd04c5a4d3f1f9e1e8e24ea60b37901:events:evt_fdf1c56eba666fe9170bd11d', '{"capacity":2,"createdAt":"2026-11-21T12:00:00Z","description":"","id":"evt_fdf1c56eba666fe9170bd11d","price":"0.05","priceAtomic":"50000","rsvpCount":0,"seatsLeft":2,"startsAt":"2027-03-01T18:30:00Z","status":"scheduled","timeZone":"UTC","title":"Rust meetup"}', 1, 1795262400)
--;
INSERT INTO outbox (key, value, version, not_before) VALUES ('7cd04c5a4d3f1f9e1e8e24ea60b37901:rsvps:evt_c7ae046d0cf03937cd76d5b2:0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1', '{"eventId":"evt_c7ae046d0cf03937cd76d5b2","paidAtomic":"50000","timestamp":"2026-11-21T12:00:00Z","txHash":"0x0101010101010101010101010101010101010101010101010101010101010101","walletAddress":"0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"}', 1, 1795262400)
--;
INSERT INTO outbox (key, value, version, not_before) VALUES ('7cd04c5a4d3f1f9e1e8e24ea60b37901:revenue', '70000', 3, 1795262400)
