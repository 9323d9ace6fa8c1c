// The payment parts of an exchange, decoded.
import { isObject, parseJson, textOf } from "../../base/object";
import type { Exchange } from "../../session";

export type Part = { name: string; value: unknown };

/** The x402 headers and `_meta` members of an exchange. */
export function paymentParts(exchange: Exchange): Part[] {
  const headers = [...exchange.requestHeaders, ...exchange.responseHeaders]
    .filter(([name]) => /^(x-payment|payment-)/i.test(name))
    .map(([name, value]) => ({ name, value: decoded(value) }));
  return [
    ...headers,
    ...metaParts("request", exchange.requestBody),
    ...metaParts("answer", exchange.responseBody),
  ];
}

/** A body as JSON value or values (event stream), else as text. */
export function readable(body: string): unknown {
  const parsed = parseJson(body);
  if (parsed !== undefined) return parsed;
  const events = body.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  const values = events.map((line) => parseJson(line.slice("data:".length)));
  return values.length > 0 && values.every((value) => value !== undefined) ? values : body;
}

function metaParts(where: string, body: string): Part[] {
  const value = readable(body);
  const messages = Array.isArray(value) ? value : [value];
  return messages.flatMap((message) => {
    if (!isObject(message)) return [];
    const inside = [message["params"], message["result"]].filter(isObject);
    return inside.flatMap(({ _meta: meta }) => {
      if (!isObject(meta)) return [];
      const ours = Object.entries(meta).filter(([name]) => name.startsWith("x402"));
      return ours.map(([name, part]) => ({ name: `_meta["${name}"] of the ${where}`, value: part }));
    });
  });
}

// x402 headers are base64 of JSON.
function decoded(value: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(value), (letter) => letter.codePointAt(0) ?? 0);
    return parseJson(new TextDecoder().decode(bytes)) ?? value;
  } catch {
    return value;
  }
}

/** What an exchange is about: its tool or method, and what happened in words. */
export function aboutOf(exchange: Exchange): { name: string; tool: string | null; words: string } {
  const body = readable(exchange.requestBody);
  const method = textOf(body, "method");
  const tool = isObject(body) && method === "tools/call" ? (textOf(body["params"], "name") ?? null) : null;
  return { name: tool ?? method ?? exchange.method, tool, words: wordsOf(exchange, tool) };
}

function wordsOf(
  { status, error, requestBody, responseBody, requestHeaders }: Exchange,
  tool: string | null,
): string {
  if (error !== null || status === null) return "no answer";
  if (tool === null) return "";
  const isPaying =
    requestBody.includes('"x402/payment"') ||
    requestHeaders.some(([name]) => /^(x-payment|payment-signature)$/i.test(name));
  if (isPaying) return responseBody.includes('"x402/payment-response"') ? "paid and delivered" : "paid";
  return responseBody.includes('"accepts"') ? "asked to pay" : "answered";
}
