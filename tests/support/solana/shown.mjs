// How a node shows what it has: accounts, amounts, transactions and what became of them.
import { getBase58Decoder } from "@solana/kit";
import { invalid } from "./asked.mjs";
import { readMint, readToken, TOKEN_2022_PROGRAM } from "./tokens.mjs";

/** An account that pays no rent says so with the largest number, which is no number of JavaScript. */
const NEVER = 18_446_744_073_709_551_615n;
const BASE58_BYTES = 128;
/** The memo program, now and before. */
const MEMO_PROGRAMS = ["MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"];

const base58 = (bytes) => getBase58Decoder().decode(bytes);

/** An amount of a token, of which `decimals` digits are behind the point. */
export function shownAmount(amount, decimals) {
  const digits = String(amount).padStart(decimals + 1, "0");
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`.replace(/\.?0+$/, "");
  return { amount: String(amount), decimals, uiAmount: Number(text), uiAmountString: text };
}

/** An account in an encoding; null if there is none. `account` reads others, for the decimals of a token. */
export function shownAccount(found, encoding, account) {
  if (!found.exists) return null;
  const { lamports, programAddress: owner, executable, data } = found;
  return { lamports, owner, data: shownData(found, encoding, account), executable, rentEpoch: NEVER, space: data.length };
}

function shownData(found, encoding, account) {
  const data = Buffer.from(found.data);
  const parsed = encoding === "jsonParsed" && parsedOf(found, account);
  if (parsed) return { program: found.programAddress === TOKEN_2022_PROGRAM ? "spl-token-2022" : "spl-token", parsed, space: data.length };
  if (encoding === "base64" || encoding === "jsonParsed") return [data.toString("base64"), "base64"];
  if (data.length > BASE58_BYTES) throw invalid("Encoded binary (base58) data should be less than 128 bytes, please use Base64 encoding.");
  return encoding === undefined ? base58(data) : [base58(data), "base58"];
}

function parsedOf(found, account) {
  const token = readToken(found);
  if (token) {
    const { mint, owner, amount, isFrozen } = token;
    const tokenAmount = shownAmount(amount, readMint(account(mint)).decimals);
    return { type: "account", info: { isNative: false, mint, owner, state: isFrozen ? "frozen" : "initialized", tokenAmount } };
  }
  const mint = readMint(found);
  if (!mint) return undefined;
  const { supply, decimals, isInitialized } = mint;
  return { type: "mint", info: { decimals, freezeAuthority: null, isInitialized, mintAuthority: null, supply: String(supply) } };
}

/** The memos of a transaction, with their lengths, as lists of signatures show them; null if it has none. */
export function shownMemo({ message, keys }) {
  const memos = message.instructions.filter(({ programAddressIndex }) => MEMO_PROGRAMS.includes(keys[programAddressIndex]));
  if (memos.length === 0) return null;
  return memos.map(({ data = new Uint8Array() }) => `[${data.length}] ${textOf(data)}`).join("; ");
}

function textOf(data) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return "(unparseable)";
  }
}

export const shownStatus = (err) => (err === null ? { Ok: null } : { Err: err });
export const blockTimeOf = ({ at }) => Math.floor(at / 1000);

const shownInstruction = (programIdIndex, accounts, data, stackHeight) => ({ programIdIndex, accounts: [...accounts], data: base58(data), stackHeight });

/** What happened inside of the instructions, for those where something did. */
export const shownInner = (inner) =>
  inner
    .map((calls, index) => ({
      index,
      instructions: calls.map((call) => {
        const compiled = call.instruction();
        return shownInstruction(compiled.programIdIndex(), compiled.accounts(), compiled.data(), call.stackHeight());
      }),
    }))
    .filter(({ instructions }) => instructions.length > 0);

/** A transaction and what became of it, in the encoding "json" or "base64". */
export function shownTransaction(entry, encoding, account) {
  const { message, err } = entry;
  return {
    slot: entry.slot,
    blockTime: blockTimeOf(entry),
    version: message.version,
    transaction: encoding === "base64" ? [Buffer.from(entry.bytes).toString("base64"), "base64"] : shownMessage(entry),
    meta: {
      err,
      status: shownStatus(err),
      fee: entry.fee,
      preBalances: lamportsOf(entry, entry.before),
      postBalances: lamportsOf(entry, entry.after),
      preTokenBalances: tokensOf(entry, entry.before, account),
      postTokenBalances: tokensOf(entry, entry.after, account),
      innerInstructions: shownInner(entry.inner),
      logMessages: entry.logs,
      rewards: [],
      loadedAddresses: { readonly: [], writable: [] },
      computeUnitsConsumed: Number(entry.units),
    },
  };
}

function shownMessage({ transaction, message, keys }) {
  const { numSignerAccounts, numReadonlySignerAccounts, numReadonlyNonSignerAccounts } = message.header;
  return {
    signatures: Object.values(transaction.signatures).map((signature) => base58(signature)),
    message: {
      header: {
        numRequiredSignatures: numSignerAccounts,
        numReadonlySignedAccounts: numReadonlySignerAccounts,
        numReadonlyUnsignedAccounts: numReadonlyNonSignerAccounts,
      },
      accountKeys: keys,
      recentBlockhash: message.lifetimeToken,
      instructions: message.instructions.map(({ programAddressIndex, accountIndices = [], data = new Uint8Array() }) =>
        shownInstruction(programAddressIndex, accountIndices, data, 1),
      ),
      ...(message.version === 0 && { addressTableLookups: [] }),
    },
  };
}

const lamportsOf = ({ keys }, accounts) => keys.map((key) => (accounts.get(key).exists ? accounts.get(key).lamports : 0n));

function tokensOf({ keys }, accounts, account) {
  return keys.flatMap((key, accountIndex) => {
    const found = accounts.get(key);
    const token = readToken(found);
    if (!token) return [];
    const uiTokenAmount = shownAmount(token.amount, readMint(account(token.mint)).decimals);
    // Where a transaction is kept, nothing is written for zero.
    if (token.amount === 0n) uiTokenAmount.uiAmount = null;
    return [{ accountIndex, mint: token.mint, owner: token.owner, programId: found.programAddress, uiTokenAmount }];
  });
}
