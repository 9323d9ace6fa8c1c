-- Values that are not on sale any more (withdrawn, expired, replaced), sealed as before, for buyers who have paid for
-- them and were not given them yet, or not long ago. A row goes as soon as there is no such buyer.
CREATE TABLE kept_values (
  secret_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  sealed TEXT NOT NULL,
  kept_since INTEGER NOT NULL,
  PRIMARY KEY (secret_id, version)
) STRICT, WITHOUT ROWID
--;
-- Of sales: when the value was given to its buyer first. NULL: not yet.
ALTER TABLE retrievals ADD COLUMN handed_over_at INTEGER
--;
-- Sales from before this column count as handed over when they were booked: nobody knows better.
UPDATE retrievals SET handed_over_at = at WHERE how = 'paid'
--;
-- What a payment buys is fixed when it is reserved. The ones that are open now buy what is there now.
UPDATE payments SET staged = (SELECT json_object('version', s.version) FROM secrets s
    WHERE s.id = payments.wanted)
  WHERE tool = 'retrieveSecret' AND state IN ('settling', 'unknown', 'settled') AND staged IS NULL
