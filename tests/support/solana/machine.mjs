// A Solana in this process: litesvm runs the real programs, one transaction after the other. It knows no blocks, so what
// a cluster adds is here: blockhashes that run out, what is confirmed and what is final, and transactions that get lost.
import { createHash, randomBytes } from "node:crypto";
import { getBase58Decoder, getCompiledTransactionMessageDecoder, getSignatureFromTransaction, getTransactionDecoder } from "@solana/kit";
import { FailedTransactionMetadata, LiteSVM } from "litesvm";

const SLOT_MILLIS = 400;
/** For how many blocks a blockhash is good. */
export const LIFETIME_BLOCKS = 150;
const FIRST_BLOCK = 360_000_000;
/** Slots in which no block was made, so that nobody takes the one number for the other. */
const EMPTY_SLOTS = 22_000_000;
/** How far behind the newest block a commitment is. */
const BEHIND = { processed: 0, confirmed: 1, finalized: 32 };
const ORDER = ["processed", "confirmed", "finalized"];
export const SYSTEM_PROGRAM = "11111111111111111111111111111111";

const base58 = (bytes) => getBase58Decoder().decode(bytes);

/** A transaction as it came, decoded: `{transaction, message, signature, keys}`. Throws if it is none. */
export function readTransaction(bytes) {
  const transaction = getTransactionDecoder().decode(bytes);
  const message = getCompiledTransactionMessageDecoder().decode(transaction.messageBytes);
  const [first] = Object.values(transaction.signatures);
  const signature = first ? getSignatureFromTransaction(transaction) : base58(new Uint8Array(64));
  return { bytes, transaction, message, signature, keys: message.staticAccounts };
}

/** The machine. `delays` says after how many milliseconds a transaction is confirmed, and final. */
export function startMachine() {
  // Blockhashes and what has been processed are ours to judge, since they depend on the blocks.
  const svm = new LiteSVM().withBlockhashCheck(false).withTransactionHistory(0n);
  const one = { svm, delays: { confirmed: 200, finalized: 1_000 }, landed: [], held: undefined, skipped: 0 };
  const seed = randomBytes(32);
  const began = Date.now();

  one.height = (commitment = "processed") =>
    FIRST_BLOCK + one.skipped + Math.floor((Date.now() - began) / SLOT_MILLIS) - BEHIND[commitment];
  one.slot = (commitment) => one.height(commitment) + EMPTY_SLOTS;
  one.hashOf = (height) => base58(createHash("sha256").update(seed).update(String(height)).digest());
  one.isFresh = (hash) => {
    const newest = one.height();
    return Array.from({ length: LIFETIME_BLOCKS + 1 }, (_, age) => newest - age).some((height) => one.hashOf(height) === hash);
  };
  /** More blocks than a blockhash lives, at once. The time of day stays. */
  one.expire = () => (one.skipped += LIFETIME_BLOCKS + 1);

  one.commitmentOf = ({ at }) => ORDER.findLast((name) => Date.now() - at >= (one.delays[name] ?? 0));
  one.has = (entry, commitment) => ORDER.indexOf(one.commitmentOf(entry)) >= ORDER.indexOf(commitment);
  /** An account at a commitment: what the oldest transaction found there that is not that far. */
  one.account = (address, commitment = "processed") => {
    const later = one.landed.find((entry) => !one.has(entry, commitment) && entry.before.has(address));
    return later === undefined ? svm.getAccount(address) : later.before.get(address);
  };
  /** Writes an account as if it had always been so. */
  one.write = (account) => {
    svm.setAccount(account);
    for (const { before } of one.landed) if (before.has(account.address)) before.set(account.address, svm.getAccount(account.address));
  };

  // A cluster knows a transaction by its message, also before all have signed it.
  const isKnown = ({ transaction }) => one.landed.some((entry) => Buffer.compare(entry.transaction.messageBytes, transaction.messageBytes) === 0);
  const objection = (asked) => {
    if (!one.isFresh(asked.message.lifetimeToken)) return "BlockhashNotFound";
    return isKnown(asked) ? "AlreadyProcessed" : undefined;
  };
  one.isSigned = (asked) => !isForged(svm, asked);
  /** What would happen: `{err, logs, units, inner, returned}`. Signatures are not looked at. */
  one.simulate = (asked, { isRenewed = false } = {}) => {
    const err = isRenewed ? undefined : objection(asked);
    if (err !== undefined) return { err, logs: [], units: 0n, inner: [], returned: null };
    setClock(svm, one.slot());
    return outcomeOf(svm.withSigverify(false).simulateTransaction(asked.transaction), svm.withSigverify(true));
  };
  /** Takes a transaction. What is wrong, late or known already goes the way of such transactions: nobody hears of it. */
  one.send = (asked) => {
    if (one.held !== undefined) one.held.push(asked);
    else land(one, asked, objection(asked));
  };
  /** The fork with this transaction is given up: all since is undone, and what came after it lands again if it is good still. */
  one.drop = (signature) => {
    const index = one.landed.findIndex((entry) => entry.signature === signature);
    if (index === -1) throw new Error(`${signature} has not landed`);
    const undone = one.landed.splice(index);
    for (const { before } of undone.toReversed()) for (const account of before.values()) restore(svm, account);
    undone.slice(1).forEach(one.send);
  };
  return one;
}

function restore(svm, account) {
  const nothing = { data: new Uint8Array(), lamports: 0n, programAddress: SYSTEM_PROGRAM, executable: false, space: 0n };
  svm.setAccount(account.exists ? account : { ...nothing, address: account.address });
}

function land(one, asked, err) {
  if (err !== undefined || !one.isSigned(asked)) return;
  setClock(one.svm, one.slot());
  const before = new Map(asked.keys.map((key) => [key, one.svm.getAccount(key)]));
  const outcome = outcomeOf(one.svm.sendTransaction(asked.transaction));
  // Only what is charged for is in a block: not, for example, what its fee payer cannot pay.
  if (outcome.fee === 0) return;
  const after = new Map(asked.keys.map((key) => [key, one.svm.getAccount(key)]));
  one.landed.push({ ...asked, ...outcome, before, after, at: Date.now(), slot: one.slot() });
}

function setClock(svm, slot) {
  const clock = svm.getClock();
  clock.slot = BigInt(slot);
  clock.unixTimestamp = BigInt(Math.floor(Date.now() / 1000));
  svm.setClock(clock);
}

/** Whether a signature is missing or not its owner's. The machine says so itself, without running anything. */
function isForged(svm, { transaction }) {
  if (Object.values(transaction.signatures).some((signature) => !signature)) return true;
  const result = svm.simulateTransaction(transaction);
  return result instanceof FailedTransactionMetadata && errorOf(result) === "SignatureFailure";
}

function outcomeOf(result) {
  const isFailed = result instanceof FailedTransactionMetadata;
  const meta = typeof result.meta === "function" ? result.meta() : result;
  return {
    err: isFailed ? errorOf(result) : null,
    logs: meta.logs(),
    units: meta.computeUnitsConsumed(),
    fee: Number(/\bfee: (\d+)/.exec(meta.toString())?.[1] ?? 0),
    inner: meta.innerInstructions(),
    returned: meta.returnData(),
  };
}

/** An error in the form of the JSON-RPC interface. litesvm gives the names only as text. */
function errorOf(failed) {
  const text = /\berr: (.*?), meta: TransactionMetadata/.exec(failed.toString())[1];
  const [, at, error] = /^InstructionError\((\d+), (.*)\)$/.exec(text) ?? [];
  if (error !== undefined) {
    const [, custom] = /^Custom\((\d+)\)$/.exec(error) ?? [];
    return { InstructionError: [Number(at), custom === undefined ? error : { Custom: Number(custom) }] };
  }
  const [, name, index] = /^(\w+) \{ account_index: (\d+) \}$/.exec(text) ?? [];
  return name === undefined ? text : { [name]: { account_index: Number(index) } };
}
