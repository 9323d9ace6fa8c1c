// The runtime is killed (SIGKILL) at random moments while payments are under way, and started again
// on the same state. Afterwards everybody who paid on chain has a seat, and nobody who did not.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { x402Client } from "@x402/core/client";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { privateKeyToAccount } from "viem/accounts";
import { payers, USDC } from "../../dev/chain/accounts.mjs";
import { chainClient, freePort, usdcAbi } from "../../dev/chain/chain.mjs";
import { encode } from "../support/pay.mjs";
import { until } from "../support/network.mjs";

const KILLS = 4;
const PAYERS_PER_KILL = 7;
const project = fileURLToPath(new URL("../..", import.meta.url));
let folder, env, running;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "concierge-kill-"));
  env = { ...process.env, PORT: String(await freePort()), CHAIN_PORT: String(await freePort()), STATE_DIR: folder };
});
after(async () => {
  running?.child.kill("SIGTERM");
  await running?.ended;
  rmSync(folder, { recursive: true, force: true });
});

async function start() {
  const child = spawn(process.execPath, ["dev/start.mjs"], { cwd: project, env });
  running = { child, output: "", ended: new Promise((resolve) => child.on("close", resolve)) };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (running.output += data));
  await until(() => {
    if (child.exitCode !== null) throw new Error(running.output);
    return running.output.includes("Ready.");
  }, 120);
  return JSON.parse(readFileSync(path.join(folder, "state.json"), "utf8"));
}

/** Kills wrangler and workerd; `npm start` notices, ends the rest and keeps the state. */
async function kill({ pids }) {
  for (const pid of [...descendants(pids.wrangler), pids.wrangler]) process.kill(pid, "SIGKILL");
  await running.ended;
}

function descendants(pid) {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const pairs = stdout.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent) => pairs.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

async function call(state, method, pathname, body) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${state.host.token}` };
  const answer = await fetch(state.url + pathname, { method, headers, body: body && JSON.stringify(body) });
  return answer.json();
}

async function rsvp(state, eventId, payment) {
  const url = `${state.url}/x402/users/${state.host.scope}/tools/rsvpToEvent`;
  const headers = { "content-type": "application/json" };
  if (payment) headers["payment-signature"] = encode(payment);
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ eventId }) });
  return { answer, status: answer.status };
}

async function payFor(state, eventId, payer) {
  const { answer } = await rsvp(state, eventId);
  const challenge = JSON.parse(Buffer.from(answer.headers.get("payment-required"), "base64"));
  const client = registerExactEvmScheme(new x402Client(), { signer: privateKeyToAccount(payer.privateKey) });
  return client.createPaymentPayload(challenge);
}

test(`killed ${KILLS} times under load: who paid has a seat, who did not has none`, async () => {
  let state = await start();
  const attempts = [];
  for (let round = 0; round < KILLS; round += 1) {
    const event = { title: `Round ${round}`, startsAt: "2030-01-01T00:00:00Z", capacity: PAYERS_PER_KILL, price: "0.05" };
    const { id } = await call(state, "POST", "/api/users/events", event);
    const crowd = payers.slice(round * PAYERS_PER_KILL, (round + 1) * PAYERS_PER_KILL);
    const payments = await Promise.all(crowd.map((payer) => payFor(state, id, payer)));
    payments.forEach((payment, index) => attempts.push({ event: id, payer: crowd[index], payment }));
    // Most of these never get their answer.
    const calls = payments.map((payment) => rsvp(state, id, payment).catch(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 200));
    await kill(state);
    await Promise.all(calls);
    state = await start();
  }
  // What was under way is found out by itself; the same payments again see what came of it.
  const open = ["claimed", "verified", "settling", "settled", "unknown"];
  let left = [];
  const settled = async () => {
    const { payments } = await call(state, "GET", "/api/users/payments");
    left = payments.filter((payment) => open.includes(payment.state));
    return left.length === 0;
  };
  // Each look that finds nothing doubles the time to the next one.
  await until(settled, 180).catch(() => assert.deepEqual(left, [], "these payments are still open"));
  const chain = chainClient(state.rpc);
  let paid = 0;
  for (const { event, payer, payment } of attempts) {
    const { nonce } = payment.payload.authorization;
    const args = [payer.address, nonce];
    const used = await chain.client.readContract({ address: USDC, abi: usdcAbi, functionName: "authorizationState", args });
    const { rsvps } = await call(state, "GET", `/api/users/events/${event}/rsvps`);
    const seats = rsvps.filter(({ wallet }) => wallet === payer.address).length;
    assert.equal(seats, used ? 1 : 0, `${payer.address} ${used ? "paid" : "did not pay"}`);
    if (used) assert.equal((await rsvp(state, event, payment)).status, 200, "the same payment gets the ticket");
    paid += used ? 1 : 0;
  }
  console.log(`# ${paid} of ${attempts.length} were paid in the end`);
  const revenue = await call(state, "GET", "/api/users/revenue");
  assert.equal(revenue.totalAtomic, String(paid * 50_000));
  assert.equal(await chain.balance(state.host.walletAddress), BigInt(paid) * 50_000n);
});
