// The developer panel's log and messages, kept for a reload of this tab. No secret is kept: a message that may have one
// is kept without its bodies.
import { isObject, parseJson, textOf } from "../base/object";
import { readStored, removeStored, writeStored } from "../base/storage";
import { containsSecret } from "./secrets";
import type { Exchange, LogLine } from "./state";

export type Wire = { log: readonly LogLine[]; exchanges: readonly Exchange[] };

const KEY = "events-concierge.wire";
const LINES_MAX = 200;
const EXCHANGES_MAX = 60;
const CHARS_MAX = 1_500_000;
const LEFT_OUT = "(not kept: there may be a secret in it)";
const NOTHING: Wire = { log: [], exchanges: [] };

/** What this tab showed before the page was loaded again. */
export function storedWire(session: string): Wire {
  const value = parseJson(readStored(KEY, "sessionStorage"));
  if (!isObject(value) || value["session"] !== session) return NOTHING;
  const { log, exchanges } = value;
  return {
    log: Array.isArray(log) ? log.filter(isLine) : [],
    exchanges: Array.isArray(exchanges) ? exchanges.filter(isExchange) : [],
  };
}

export function storeWire(session: string, { log, exchanges }: Wire, secrets: readonly string[]): void {
  const lines = log
    .slice(-LINES_MAX)
    .map((line) => (containsSecret(secrets, line.text) ? { ...line, text: LEFT_OUT } : line));
  let kept = exchanges.slice(-EXCHANGES_MAX).map((exchange) => withoutSecrets(exchange, secrets));
  let text = JSON.stringify({ session, log: lines, exchanges: kept });
  while (text.length > CHARS_MAX && kept.length > 0) {
    kept = kept.slice(Math.ceil(kept.length / 2));
    text = JSON.stringify({ session, log: lines, exchanges: kept });
  }
  writeStored(KEY, text, "sessionStorage");
}

export function forgetWire(): void {
  removeStored(KEY, "sessionStorage");
}

/** The exchange without bodies and headers that may hold a secret. */
export function withoutSecrets<T extends Omit<Exchange, "type" | "key">>(
  exchange: T,
  secrets: readonly string[],
  leftOut = LEFT_OUT,
): T {
  const { requestBody, responseBody } = exchange;
  // The value that a host stores is as secret as a bought one, and an answer may be read before its value is known.
  const isAboutSecrets = /"(retrieveSecret|storeSecret)"/.test(requestBody);
  const isSafe = (text: string) => !containsSecret(secrets, text);
  return {
    ...exchange,
    requestHeaders: exchange.requestHeaders.map(maskedHeader),
    responseHeaders: exchange.responseHeaders.filter(([, value]) => isSafe(value)),
    requestBody: !requestBody.includes('"storeSecret"') && isSafe(requestBody) ? requestBody : leftOut,
    responseBody: !isAboutSecrets && isSafe(responseBody) ? responseBody : leftOut,
  };
}

/** Headers that prove who somebody is. */
const PROOFS = /^(authorization|cookie|sign-in-with-x)$/i;

function maskedHeader([name, value]: [string, string]): [string, string] {
  return [name, PROOFS.test(name) ? "(masked)" : value];
}

function isLine(value: unknown): value is LogLine {
  const hasTexts = textOf(value, "kind") !== undefined && textOf(value, "text") !== undefined;
  return hasTexts && isObject(value) && typeof value["at"] === "number" && typeof value["key"] === "number";
}

function isExchange(value: unknown): value is Exchange {
  if (!isObject(value) || typeof value["key"] !== "number" || typeof value["timestamp"] !== "number")
    return false;
  const texts = ["url", "method", "requestBody", "responseBody"].every(
    (key) => typeof value[key] === "string",
  );
  return texts && Array.isArray(value["requestHeaders"]) && Array.isArray(value["responseHeaders"]);
}
