// A server that means harm. At each path it does something else; what a test does not change there, it does
// as an older MCP server with one tool would.
import { setTimeout as sleep } from "node:timers/promises";
import { bodyOf } from "./body.mjs";
import { serve } from "./serve.mjs";
import { terms } from "./terms.mjs";

export const TOOL = { name: "sell", description: "Sells a thing", inputSchema: { type: "object" } };
const CHUNK = "x".repeat(1024 * 1024);

/**
 * `at(path, answers)` says how messages to a path are answered, by method: with a result, or by a function
 * that is given `{params, id, payment, reply, response, request}`; it gives it back the address. `seen` is every
 * request, `payments(path)` the payments among them.
 */
export async function startHostileServer() {
  const places = new Map();
  const seen = [];
  const usual = {
    "server/discover": ({ fail }) => fail(-32601, "unknown method"),
    initialize: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "trust me" } },
    "notifications/initialized": ({ response }) => response.writeHead(202).end(),
    "tools/list": { tools: [TOOL] },
    "tools/call": { content: [{ type: "text", text: "here" }] },
  };
  const { server, origin, stop } = await serve(async (request, response) => {
    const text = await bodyOf(request).catch(() => undefined);
    if (text === undefined) return;
    const { method, params, id } = text ? JSON.parse(text) : {};
    const payment = params?._meta?.["x402/payment"];
    seen.push({ path: request.url, method, params, payment, headers: request.headers, verb: request.method });
    const answer = { ...usual, ...places.get(request.url) }[method] ?? {};
    const says = speaks({ params, id, payment, response, request, call: params?.arguments });
    if (typeof answer !== "function") return says.reply(answer);
    // The connection may be gone by now.
    await Promise.resolve(answer(says)).catch(() => request.socket.destroy());
  });
  server.on("clientError", (_, socket) => socket.destroy());
  const at = (path, answers) => {
    places.set(path, answers);
    return origin + path;
  };
  const payments = (path) => seen.filter((one) => one.path === path && one.payment).map((one) => one.payment);
  return { origin, seen, at, payments, stop };
}

function speaks(says) {
  const { id, response } = says;
  const raw = (status, type, body, headers = {}) =>
    response.writeHead(status, { "content-type": type, ...headers }).end(body);
  const json = (value) => raw(200, "application/json", typeof value === "string" ? value : JSON.stringify(value));
  return {
    ...says,
    raw,
    json,
    reply: (result) => json({ jsonrpc: "2.0", id, result }),
    fail: (code, message, data) => json({ jsonrpc: "2.0", id, error: { code, message, data } }),
  };
}

/** Answers that keep the caller waiting. */
export const holds = {
  "never answers": () => {},
  "answers headers and nothing more": ({ response }) => {
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
  },
  "streams heartbeats for ever": ({ response }) => streams(response, ": heartbeat\n\n"),
  "streams other messages for ever": ({ response }) =>
    streams(response, 'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}\n\n'),
  "streams one byte at a time": ({ response }) => streams(response, "d"),
};

async function streams(response, piece) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  while (!response.destroyed) {
    response.write(piece);
    await sleep(20);
  }
}

/** 100 MB, unless the other side hangs up. */
export const floods = {
  "of JSON": ({ response }) => flood(response, "application/json", '{"jsonrpc":"2.0","result":"', CHUNK),
  "of one event": ({ response }) => flood(response, "text/event-stream", "data: ", CHUNK),
  "of small events": ({ response }) => flood(response, "text/event-stream", "", "data: {}\n\n".repeat(100_000)),
  "of an error": ({ response }) => flood(response, "text/html", "", CHUNK, 500),
};

async function flood(response, type, head, chunk, status = 200) {
  response.writeHead(status, { "content-type": type });
  response.write(head);
  for (let sent = 0; sent < 100 * 1024 * 1024 && !response.destroyed; sent += chunk.length) {
    const isRead = new Promise((resolve) => response.once("drain", resolve));
    if (!response.write(chunk)) await Promise.race([isRead, sleep(1000)]);
  }
  response.end();
}

/** A result that asks for a payment; `changes` are to its terms, `more` to all of it. */
export function challenge(payTo, changes = {}, more = {}) {
  const required = {
    x402Version: 2,
    error: "payment required",
    resource: { url: "mcp://tool/sell", description: "a thing", mimeType: "text/plain" },
    accepts: [terms(2, payTo, changes)],
    ...more,
  };
  return { isError: true, structuredContent: required, content: [{ type: "text", text: JSON.stringify(required) }] };
}

/** What a server says that was paid. */
export const settled = (transaction, changes = {}) => ({
  content: [{ type: "text", text: "here" }],
  _meta: { "x402/payment-response": { success: true, transaction, network: "eip155:84532", ...changes } },
});

const deep = (open, close) => `${open.repeat(50_000)}1${close.repeat(50_000)}`;

/** Answers that are no answers. Each is given the id of the request. */
export const malformed = {
  nothing: () => "",
  "random bytes": () => Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7_919) % 256)),
  "half of an answer": (id) => `{"jsonrpc":"2.0","id":${id},"result":{"content":[`,
  "another id": (id) => `{"jsonrpc":"2.0","id":${id + 1},"result":{}}`,
  "the id as text": (id) => `{"jsonrpc":"2.0","id":"${id}","result":{}}`,
  "an empty list": () => "[]",
  "a list of nonsense": () => '[1,null,"a",[[]],{}]',
  "a list as the result": (id) => `{"jsonrpc":"2.0","id":${id},"result":[]}`,
  "a text as the result": (id) => `{"jsonrpc":"2.0","id":${id},"result":"ok"}`,
  "another version": (id) => `{"jsonrpc":"1.0","id":${id},"result":{}}`,
  "JSON that is too deep": (id) => `{"jsonrpc":"2.0","id":${id},"result":${deep("[", "]")}}`,
  "objects that are too deep": (id) => `{"jsonrpc":"2.0","id":${id},"result":${deep('{"a":', "}")}}`,
  "an error without sense": (id) => `{"jsonrpc":"2.0","id":${id},"error":[[]]}`,
  "a web page": () => "<html><script>alert(1)</script>",
  "numbers beyond all bounds": (id) => `{"jsonrpc":"2.0","id":${id},"result":1e999999}`,
};
