// A paid call as the messages that it takes, with the time between them. Pure.
import { isObject } from "../../base/object";
import type { Exchange, LogLine } from "../../session";
import { aboutOf, readable } from "./wire";

export type Step = { name: string; /** When it was over here, milliseconds since 1970. */ at: number };

/** What the agent writes to its log when the signature is there (`src/guest/purchase`). */
const SIGNED = "signed;";

/** The steps of the paid call to which the exchange belongs; none if it is no part of one. */
export function stepsOf(
  exchange: Exchange,
  exchanges: readonly Exchange[],
  log: readonly LogLine[],
): readonly Step[] {
  const call = callOf(exchange);
  if (call === null) return [];
  const same = exchanges.filter((other) => callOf(other) === call);
  const place = same.findIndex(({ key }) => key === exchange.key);
  const priced = same.slice(0, place + 1).findLast(isPriced);
  if (priced === undefined) return [];
  const next = same.find((other) => other.key > priced.key && isPriced(other));
  const isWithin = ({ key }: { key: number }) => key > priced.key && (next === undefined || key < next.key);
  const answered = same.find((other) => isWithin(other) && isPaying(other));
  const { tool } = aboutOf(priced);
  const asked = log.findLast(({ key, text }) => key < priced.key && text === `calling ${tool}`);
  const signed = log.find((line) => isWithin(line) && line.text.startsWith(SIGNED));
  return [
    ...(asked === undefined ? [] : [{ name: "Asked", at: asked.receivedAt }]),
    { name: "Priced", at: receivedAt(priced) },
    ...(signed === undefined ? [] : [{ name: "Signed", at: signed.receivedAt }]),
    ...(answered === undefined ? [] : [{ name: outcomeOf(answered), at: receivedAt(answered) }]),
  ];
}

function receivedAt({ receivedAt: here, timestamp }: Exchange): number {
  return here ?? timestamp;
}

// Tool and arguments: what is the same in the question and in the paid call.
function callOf(exchange: Exchange): string | null {
  const { tool } = aboutOf(exchange);
  const body = readable(exchange.requestBody);
  if (tool === null || !isObject(body) || !isObject(body["params"])) return null;
  return JSON.stringify([exchange.url, tool, body["params"]["arguments"]]);
}

function isPriced(exchange: Exchange): boolean {
  return aboutOf(exchange).words === "asked to pay";
}

function isPaying(exchange: Exchange): boolean {
  return exchange.error !== null || exchange.status === null || aboutOf(exchange).words.startsWith("paid");
}

function outcomeOf({ error, status, responseBody }: Exchange): string {
  if (error !== null || status === null) return "No answer";
  return responseBody.includes('"x402/payment-response"') ? "Paid, answered" : "Answered";
}

/** `41 ms`, `6.1 s`: how long a step took after the one before. */
export function lengthOf(millis: number): string {
  return millis < 1000 ? `${Math.max(0, Math.round(millis))} ms` : `${(millis / 1000).toFixed(1)} s`;
}
