-- Where the host is paid on Solana (base58); NULL if it takes no payments there.
ALTER TABLE profile ADD COLUMN solana_address TEXT
