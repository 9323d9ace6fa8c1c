-- A ticket may sleep until a moment, and may have become part of another one, whose number is `merged_into`. `ticket_text`
-- is the index of its words, by the rowid `number`; `terms` says by which version of `base::terms`, 0 if its text has
-- changed since. What is older is indexed anew before the next search.
ALTER TABLE tickets ADD COLUMN snoozed_until INTEGER
--;
ALTER TABLE tickets ADD COLUMN merged_into INTEGER
--;
ALTER TABLE tickets ADD COLUMN terms INTEGER NOT NULL DEFAULT 0
--;
CREATE INDEX tickets_by_terms ON tickets (terms)
--;
CREATE INDEX tickets_snoozed ON tickets (snoozed_until) WHERE snoozed_until IS NOT NULL
--;
CREATE INDEX tickets_merged ON tickets (merged_into) WHERE merged_into IS NOT NULL
--;
CREATE VIRTUAL TABLE ticket_text USING fts5 (text,
  tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'")
