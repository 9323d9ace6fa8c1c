-- One guest session: what it is connected to, what it may spend, what it has paid for.
CREATE TABLE session (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  session TEXT NOT NULL,
  -- SHA-256 of the token that resumes it
  token_digest TEXT NOT NULL,
  -- whose session it is, if that was proven
  user_id TEXT,
  -- when
  proven_at INTEGER,
  created_at INTEGER NOT NULL,
  policy TEXT NOT NULL,
  -- kind, address and locator of the wallet that pays
  wallet TEXT,
  -- the door
  connection TEXT,
  tools TEXT NOT NULL DEFAULT '[]',
  -- what the chat waits for
  missing TEXT,
  conversation TEXT
) STRICT
--;
CREATE TABLE purchases (
  id TEXT PRIMARY KEY,
  door TEXT NOT NULL,
  tool TEXT NOT NULL,
  arguments TEXT NOT NULL,
  -- the caller's own name for the call
  call_id TEXT,
  -- who called: call, chat, or the id of a language model's call
  origin TEXT NOT NULL,
  -- the door's answer that asks for payment, as it came
  challenge TEXT NOT NULL,
  amount INTEGER NOT NULL,
  pay_to TEXT NOT NULL,
  network TEXT NOT NULL,
  payer TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('asked', 'declined', 'refused', 'signing', 'paying', 'unknown', 'paid', 'failed')),
  reason TEXT,
  authorization TEXT,
  signature TEXT,
  valid_before INTEGER,
  tx_hash TEXT,
  -- whether the tool's result was shown
  shown INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_check_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT
--;
CREATE INDEX purchases_by_time ON purchases (created_at)
--;
CREATE INDEX purchases_by_check ON purchases (next_check_at) WHERE next_check_at IS NOT NULL
--;
-- What the door has listed, so that a challenge cannot ask for more.
CREATE TABLE listed (
  door TEXT NOT NULL,
  event_id TEXT NOT NULL,
  title TEXT NOT NULL,
  price INTEGER NOT NULL,
  seats_left INTEGER,
  starts_at TEXT NOT NULL,
  PRIMARY KEY (door, event_id)
) STRICT
