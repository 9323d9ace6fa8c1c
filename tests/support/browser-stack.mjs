// What `npm start` runs, on ports and state of its own: what the page's tests visit.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseEventLogs } from "viem";
import { chainClient, usdcAbi } from "../../dev/chain/chain.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { openGuest } from "../../dev/lib/guest.mjs";
import { startReady } from "./here.mjs";
import { until } from "./network.mjs";

/**
 * Starts it, with `settings` beside those of this process. Gives back:
 * - `url`: where the page is; `host`: the sample host of `npm start`, with its `mcpUrl`; `chain`.
 * - `call(method, path, body, token)`: the API, as the sample host unless another token is given.
 * - `createEvent(changes)`: an event of the sample host at $0.05.
 * - `buySeat(event, more)`: an agent without a browser buys one, with `more` arguments; gives its ticket.
 * - `mailTo(address, subject)`: the newest mail with this subject that was sent there, as it is kept.
 * - `transferOf(hash, to)`: what the transaction moved to `to`, as the chain tells it.
 * - `codeFor(address)`: the newest code for signing in that was sent there and was not given yet, out of the mails that are kept.
 * - `stop()` and `start()`: the same once more, on the same ports and with the same state.
 * - `sql(query, ...values)`: rows of the sample host's object, while it is stopped.
 * - `end()`: stops it, and its state is gone.
 */
export async function startStack(settings = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "concierge-page-"));
  const env = { CHAIN_PORT: String(await freePort()), ...settings, STATE_DIR: folder, PORT: String(await freePort()) };
  const given = new Set();
  let running;
  const stack = {
    /** Nothing happens if it runs. */
    async start() {
      if (running) return;
      running = await startReady(env);
      Object.assign(stack, JSON.parse(readFileSync(path.join(folder, "state.json"), "utf8")));
      stack.chain = chainClient(stack.rpc);
    },
    async stop() {
      running?.child.kill("SIGTERM");
      await running?.ended;
      running = undefined;
    },
    async end() {
      await stack.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    sql: (query, ...values) => hostSql(path.join(folder, "worker", "v3", "do"), query, values),
    call: (...asked) => call(stack, ...asked),
    createEvent: (changes) => createEvent(stack, changes),
    buySeat: (event, more) => buySeat(stack, event, more),
    mailTo: (address, subject) => until(() => newestMail(path.join(folder, "mail"), address, subject)),
    transferOf: (hash, to) => transferOf(stack.chain, hash, to),
    codeFor: (address) => until(() => newestCode(path.join(folder, "mail"), address, given)),
  };
  await stack.start();
  return stack;
}

function hostSql(objects, query, values) {
  const [folder] = readdirSync(objects).filter((name) => name.endsWith("-Host"));
  const files = readdirSync(path.join(objects, folder)).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  assert.equal(files.length, 1, "there is one host");
  const database = new DatabaseSync(path.join(objects, folder, files[0]));
  try {
    return database.prepare(query).all(...values);
  } finally {
    database.close();
  }
}

/** A code works once, and the mail with the next one comes a moment later: `given` has the mails that were read. */
function newestCode(mails, address, given) {
  if (!existsSync(mails)) return undefined;
  const files = readdirSync(mails).map((name) => path.join(mails, name));
  const sorted = files.filter((file) => !given.has(file)).sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
  const found = sorted.map((file) => [file, readFileSync(file, "utf8")]).findLast(([, text]) => text.includes(`\nTo: ${address}\n`));
  const code = /^(\d{6})$/m.exec(found?.[1] ?? "")?.[1];
  if (code !== undefined) given.add(found[0]);
  return code;
}

function newestMail(mails, address, subject) {
  const files = existsSync(mails) ? readdirSync(mails).map((name) => path.join(mails, name)) : [];
  const sorted = files.sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs).map((file) => readFileSync(file, "utf8"));
  return sorted.findLast((text) => text.includes(`\nTo: ${address}\n`) && text.includes(`\nSubject: ${subject}\n`));
}

async function call({ url, host }, method, place, body, token = host.token) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const answer = await fetch(url + place, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${place} answers ${answer.status}`);
  return answer.json();
}

function createEvent(stack, changes = {}) {
  const event = { title: "Lisp evening", startsAt: "2030-03-01T18:30:00Z", capacity: 50, price: "0.05", ...changes };
  return stack.call("POST", "/api/users/events", event);
}

async function buySeat({ url, host, chain }, event, more = {}) {
  const guest = await openGuest(`${url.replace("http", "ws")}/agent`);
  guest.send({ type: "use_wallet", kind: "smart" });
  const { guestAddress } = await guest.next("wallet_info");
  await chain.mint(guestAddress, 1_000_000n);
  guest.send({ type: "set_policy", askAbove: "1" });
  guest.send({ type: "connect_mcp", url: host.mcpUrl });
  await guest.next("mcp_connected");
  guest.send({ type: "call_tool", tool: "rsvpToEvent", arguments: { eventId: event.id, ...more } });
  const { result } = await guest.next("tool_result");
  guest.close();
  return result.structuredContent;
}

async function transferOf({ client }, hash, to) {
  const receipt = await client.getTransactionReceipt({ hash });
  assert.equal(receipt.status, "success");
  const logs = parseEventLogs({ abi: usdcAbi, logs: receipt.logs, eventName: "Transfer" });
  const moved = logs.filter(({ args }) => args.to.toLowerCase() === to.toLowerCase());
  assert.equal(moved.length, 1, `transfers to ${to} in ${hash}`);
  return moved[0].args;
}
