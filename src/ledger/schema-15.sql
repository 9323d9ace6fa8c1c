-- The index of the knowledge base holds terms that `desk::terms` has made of the words, so that they are found in scripts
-- without spaces, too; `terms` says by which version of that. What is older is indexed anew before the next search.
DROP TABLE kb_text
--;
CREATE VIRTUAL TABLE kb_text USING fts5 (title, body,
  tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* Co M*'")
--;
ALTER TABLE kb_articles ADD COLUMN terms INTEGER NOT NULL DEFAULT 0
--;
CREATE INDEX kb_articles_by_terms ON kb_articles (terms)
