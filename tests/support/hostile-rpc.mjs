// A JSON-RPC endpoint with scripted faults, in front of the chain. Public endpoints have the same faults.
import { setTimeout as sleep } from "node:timers/promises";
import { bodyOf } from "./body.mjs";
import { serve } from "./serve.mjs";

/** On a chain of Ethereum's kind, and on Solana. */
const SENDS = ["eth_sendRawTransaction", "sendTransaction"];

/**
 * `target` gives the chain's address. `misbehave(behaviour, about)` holds until `behaves(about)` or `recovers()`; `about`
 * is a piece of the requests that are meant (an address, a method), all if it is left out. `count`
 * says how many requests were answered so. A batch is meant if one of its calls is. `sent` are the
 * transactions that came, each once, whether they were passed on or not.
 */
export async function startHostileRpc(target) {
  const faults = new Map();
  const sent = new Set();
  const server = await serve(async (request, response) => {
    const asked = JSON.parse(await bodyOf(request));
    const calls = [asked].flat();
    for (const { method, params } of calls) if (SENDS.includes(method)) sent.add(params[0]);
    const pass = (changed = asked) =>
      fetch(target(), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(changed),
      }).then((answer) => answer.json());
    const answer = (status, value) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof value === "string" ? value : JSON.stringify(value));
    };
    const names = ({ about }) => (call) => JSON.stringify(call).toLowerCase().includes(about);
    const fault = [...faults.values()].find((one) => calls.some(names(one)));
    if (fault) fault.count += 1;
    const behave = fault?.behaviour ?? (async () => answer(200, await pass()));
    const isMeant = fault && names(fault);
    await behave({ answer, pass, calls, isMeant, isBatch: Array.isArray(asked), request }).catch(() =>
      request.socket.destroy(),
    );
  });
  const key = (about) => about.toLowerCase().replace(/^0x/, "");
  return {
    url: server.origin,
    sent,
    misbehave: (behaviour, about = "") => faults.set(key(about), { behaviour, about: key(about), count: 0 }),
    behaves: (about = "") => faults.delete(key(about)),
    recovers: () => faults.clear(),
    count: (about = "") => faults.get(key(about))?.count ?? 0,
    stop: server.stop,
  };
}

const failed = (call, code, message) => ({ jsonrpc: "2.0", id: call.id, error: { code, message } });
const result = (call, value) => ({ jsonrpc: "2.0", id: call.id, result: value });
const number = (hex) => Number(BigInt(hex));
const hex = (value) => `0x${value.toString(16)}`;

/** A fault of single calls: in a batch those have it that are meant, and the others are well. */
const inCalls = (respond) => async ({ answer, pass, calls, isMeant, isBatch }) => {
  const all = await Promise.all(calls.map((call) => (isMeant(call) ? respond(call, pass) : pass(call))));
  answer(200, isBatch ? all : all[0]);
};

export const rpcFaults = {
  isDown: async ({ request }) => request.socket.destroy(),
  fails: async ({ answer }) => answer(500, "boom"),
  isLate: (seconds) => async ({ answer, pass }) => {
    await sleep(seconds * 1000);
    answer(200, await pass());
  },
  neverAnswers: async () => {},
  isNoJson: async ({ answer }) => answer(200, "<html>"),
  limits: async ({ answer, calls }) => answer(429, failed(calls[0], 429, "too many requests")),
  /** JSON-RPC, but nothing that the question could have for an answer. */
  isNonsense: inCalls(async (call) => result(call, "0x")),
  hasNothing: inCalls(async (call) => result(call, null)),
  refuses: inCalls(async (call) => failed(call, -32005, "limit exceeded")),
  /** Does this with calls of one method only. */
  forMethod: (method, behaviour) => async (asked) => {
    const isMeant = (call) => call.method === method && asked.isMeant(call);
    if (asked.calls.some(isMeant)) return behaviour({ ...asked, isMeant });
    asked.answer(200, await asked.pass());
  },
  forLogs: (behaviour) => rpcFaults.forMethod("eth_getLogs", behaviour),
  /** Has no logs yet of what it knows already. */
  hasNoLogs: (asked) => rpcFaults.forLogs(inCalls(async (call) => result(call, [])))(asked),
  /** A node that stopped at block `head`. */
  stoppedAt: (head) =>
    inCalls(async (call, pass) => {
      const [first] = call.params;
      const changed = structuredClone(call);
      if (call.method === "eth_getBlockByNumber") changed.params[0] = hex(head);
      if (call.method === "eth_call") changed.params[1] = hex(head);
      if (call.method === "eth_getLogs") changed.params[0].toBlock = hex(Math.min(number(first.toBlock), head));
      const passed = await pass(changed);
      if (call.method === "eth_blockNumber") passed.result = hex(head);
      if (call.method === "eth_getTransactionReceipt" && number(passed.result?.blockNumber ?? "0x0") > head) {
        passed.result = null;
      }
      return passed;
    }),
};

/**
 * Catches the first request of this method that `about` means, and all after it: `passesOn` says whether the
 * chain hears of it, `answers` what the caller is told. `caught` is the call; who waits for it may look at
 * the chain, or change what the endpoint does.
 */
export function catches(method, { passesOn = false, answers = rpcFaults.neverAnswers } = {}) {
  const { promise: caught, resolve } = Promise.withResolvers();
  const behaviour = rpcFaults.forMethod(method, async (asked) => {
    if (passesOn) await asked.pass();
    resolve(asked.calls.find(asked.isMeant));
    await answers(asked);
  });
  return { behaviour, caught };
}
