// Signatures and tokens are shown in full only on request: a picture of the panel must not be worth money.
import { isObject } from "../../base/object";

const NAMES =
  /^(signature|authorization|cookie|sign-in-with-x|x-payment|payment-signature|token|secret|receiptkey)$/i;
/** A signature in hex. Hashes and addresses are shorter. */
const SIGNATURE = /0x[0-9a-f]{130,}/gi;

/** The value with those shortened. Headers are pairs of name and value. */
export function masked(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(SIGNATURE, short);
  if (Array.isArray(value)) {
    const [name, text] = value;
    const isHeader = value.length === 2 && typeof name === "string" && typeof text === "string";
    if (isHeader) return [name, NAMES.test(name) ? short(text) : masked(text)];
    return value.map(masked);
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, member]) => [
    name,
    NAMES.test(name) && typeof member === "string" ? short(member) : masked(member),
  ]);
  return Object.fromEntries(entries);
}

function short(text: string): string {
  return text.length > 14 ? `${text.slice(0, 8)}…` : "…";
}
