-- What the chat has shown last, for "the second one" and "it".
ALTER TABLE session ADD COLUMN seen TEXT
--;
-- What a wallet in a browser is asked to sign, so that it reads again what it has bought.
ALTER TABLE session ADD COLUMN proof TEXT
--;
-- Title, time and place of what was bought, for lists. Never what it says: a secret's value is not kept.
ALTER TABLE purchases ADD COLUMN bought TEXT
