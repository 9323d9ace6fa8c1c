-- The address of the ticket that this purchase has bought, if it was a seat.
ALTER TABLE purchases ADD COLUMN ticket TEXT
