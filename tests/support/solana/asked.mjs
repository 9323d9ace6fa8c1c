// What a node says to requests that are not as they should be: its codes, and words close to its own.
import { getBase58Encoder } from "@solana/kit";
import { readTransaction } from "./machine.mjs";

const COMMITMENTS = ["processed", "confirmed", "finalized"];
const TRANSACTION_BYTES = 1_232;
const TRANSACTION = "solana_transaction::versioned::VersionedTransaction";

/** An error of the JSON-RPC interface. */
export class RpcError extends Error {
  constructor(code, message, data) {
    super(message);
    this.body = data === undefined ? { code, message } : { code, message, data };
  }
}

export const invalid = (message) => new RpcError(-32602, message);
export const fail = (code, message, data) => {
  throw new RpcError(code, message, data);
};

/** The bytes that a base58 text stands for; undefined if it is none. */
function decoded58(text) {
  try {
    return Buffer.from(getBase58Encoder().encode(text));
  } catch {
    return undefined;
  }
}

function sized(text, length) {
  if (typeof text !== "string") throw invalid(`Invalid params: invalid type: ${typeof text}, expected a string.`);
  const bytes = decoded58(text);
  if (bytes === undefined) throw invalid("Invalid param: Invalid");
  if (bytes.length !== length) throw invalid("Invalid param: WrongSize");
  return text;
}

export const readAddress = (text) => sized(text, 32);
export const readSignature = (text) => sized(text, 64);

const oneOf = (values) => (value) => values.includes(value) || `unknown variant \`${value}\`, expected one of ${values.join(", ")}`;
const isCount = (value) => (Number.isSafeInteger(value) && value >= 0) || "expected u64";
const isFlag = (value) => typeof value === "boolean" || "expected a boolean";

/** Fields that configurations have, each with what it must be. */
const FIELDS = {
  commitment: oneOf(COMMITMENTS),
  preflightCommitment: oneOf(COMMITMENTS),
  minContextSlot: isCount,
  maxRetries: isCount,
  limit: (value) => (isCount(value) === true && value >= 1 && value <= 1_000) || "Invalid limit; max 1000",
  before: (value) => Boolean(readSignature(value)),
  until: (value) => Boolean(readSignature(value)),
  skipPreflight: isFlag,
  sigVerify: isFlag,
  replaceRecentBlockhash: isFlag,
  innerInstructions: isFlag,
  searchTransactionHistory: isFlag,
  maxSupportedTransactionVersion: (value) => value === 0 || "expected u8 of a version that there is",
  mint: (value) => Boolean(readAddress(value)),
  programId: (value) => Boolean(readAddress(value)),
  encoding: (value) => typeof value === "string" || "expected a string",
};

/** A configuration that has only `fields`. A node passes over unknown fields; here they are errors, since they say that somebody is mistaken. */
export function readConfig(value, fields) {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw invalid(`Invalid params: invalid type: ${typeof value}, expected a configuration.`);
  for (const [name, said] of Object.entries(value)) {
    if (!fields.includes(name)) throw invalid(`Invalid params: unknown field \`${name}\`, expected one of ${fields.join(", ")}.`);
    const verdict = said === null || FIELDS[name](said);
    if (verdict !== true) throw invalid(`Invalid params: ${name}: ${verdict}.`);
  }
  return value;
}

/** One of the encodings of a method. */
export function readEncoding(said, known, otherwise) {
  const encoding = said ?? otherwise;
  if (!known.includes(encoding)) throw invalid(`Invalid params: unknown variant \`${encoding}\`, expected one of ${known.join(", ")}.`);
  return encoding;
}

/** A transaction in base58, as long as nobody says that it is base64. */
export function readWire(text, said) {
  if (typeof text !== "string") throw invalid(`Invalid params: invalid type: ${typeof text}, expected a string.`);
  const encoding = readEncoding(said, ["base58", "base64"], "base58");
  const bytes = encoding === "base64" ? decoded64(text) : decoded58(text);
  if (bytes === undefined) throw invalid(`invalid ${encoding} encoding: InvalidByte`);
  if (bytes.length > TRANSACTION_BYTES) {
    throw invalid(`decoded ${TRANSACTION} too large: ${bytes.length} bytes (max: ${TRANSACTION_BYTES} bytes)`);
  }
  try {
    return readTransaction(bytes);
  } catch (error) {
    throw invalid(`failed to deserialize ${TRANSACTION}: ${error.message}`);
  }
}

function decoded64(text) {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
