-- Wallets that were seen to be on the chain, and the payment that brought them there.
CREATE TABLE deployments (
  address TEXT NOT NULL,
  network TEXT NOT NULL,
  tx_hash TEXT,
  at INTEGER NOT NULL,
  PRIMARY KEY (address, network)
) STRICT
