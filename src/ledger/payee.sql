-- Which host a payment was claimed by, among all hosts with this payout address.
CREATE TABLE claims (
  payment TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  keep_until INTEGER NOT NULL
) STRICT
--;
CREATE INDEX claims_by_end ON claims (keep_until)
