-- Where the money of a host goes (EIP-55). NULL until the host tells it.
ALTER TABLE hosts ADD COLUMN pay_to TEXT
--;
-- What the call in `example` costs now. NULL: `example` is NULL, or the host has not told it.
ALTER TABLE tools ADD COLUMN example_price INTEGER CHECK (example_price > 0)
--;
CREATE INDEX tools_on_sale ON tools (number) WHERE example_price IS NOT NULL
--;
CREATE INDEX hosts_by_payee ON hosts (pay_to)
