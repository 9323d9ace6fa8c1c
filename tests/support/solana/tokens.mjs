// The token that is paid with, as bytes of accounts, and keys for tests. Layouts are those of the SPL Token program.
import { createHash } from "node:crypto";
import { createKeyPairSignerFromPrivateKeyBytes, getAddressDecoder, getAddressEncoder, getProgramDerivedAddress } from "@solana/kit";

/** Devnet, as x402 version 2 and version 1 call it. */
export const SOLANA = "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1";
export const SOLANA_V1 = "solana-devnet";
export const GENESIS_HASH = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";
/** Circle's USDC on devnet. */
export const SOLANA_USDC = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
export const TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
export const TOKEN_2022_PROGRAM = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";

const ATA_PROGRAM = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";
const DECIMALS = 6;
const MINT_BYTES = 82;
const ACCOUNT_BYTES = 165;
/** Where Token-2022 writes what kind of account it is, behind the length of the old program's accounts. */
const KIND = { at: 165, mint: 1, account: 2 };

const bytesOf = (address) => Buffer.from(getAddressEncoder().encode(address));
const addressAt = (data, at) => getAddressDecoder().decode(data.subarray(at, at + 32));

/** The same key for the same name, each time. */
export const signerOf = (name) => createKeyPairSignerFromPrivateKeyBytes(createHash("sha256").update(name).digest());

/** Where `owner` keeps its USDC. */
export async function tokenAccountOf(owner) {
  const seeds = [owner, TOKEN_PROGRAM, SOLANA_USDC].map(bytesOf);
  return (await getProgramDerivedAddress({ programAddress: ATA_PROGRAM, seeds }))[0];
}

/** The data of a mint with so many atomic units in the world; nobody may make more. */
export function mintData(supply) {
  const data = Buffer.alloc(MINT_BYTES);
  data.writeBigUInt64LE(supply, 36);
  data.writeUInt8(DECIMALS, 44);
  data.writeUInt8(1, 45);
  return data;
}

/** The data of a token account with so many atomic units of USDC. */
export function tokenData(owner, amount) {
  const data = Buffer.alloc(ACCOUNT_BYTES);
  bytesOf(SOLANA_USDC).copy(data, 0);
  bytesOf(owner).copy(data, 32);
  data.writeBigUInt64LE(amount, 64);
  data.writeUInt8(1, 108);
  return data;
}

const isOfTokens = ({ programAddress }) => [TOKEN_PROGRAM, TOKEN_2022_PROGRAM].includes(programAddress);
const isKind = (data, length, kind) => data.length === length || (data.length > KIND.at && data[KIND.at] === kind);

/** What a token account holds: `{mint, owner, amount}`; undefined if it is none. */
export function readToken(account) {
  if (!account?.exists || !isOfTokens(account) || !isKind(account.data, ACCOUNT_BYTES, KIND.account)) return undefined;
  const data = Buffer.from(account.data);
  return { mint: addressAt(data, 0), owner: addressAt(data, 32), amount: data.readBigUInt64LE(64), isFrozen: data[108] === 2 };
}

/** What a mint says: `{supply, decimals}`; undefined if it is none. */
export function readMint(account) {
  if (!account?.exists || !isOfTokens(account) || !isKind(account.data, MINT_BYTES, KIND.mint)) return undefined;
  const data = Buffer.from(account.data);
  return { supply: data.readBigUInt64LE(36), decimals: data[44], isInitialized: data[45] === 1 };
}
