// `npm run agent` as a person uses it, against what `npm start` runs, on ports of its own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { chainClient } from "../../dev/chain/chain.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { root } from "../../dev/lib/process.mjs";
import { until } from "../support/network.mjs";

let env, running, state, chain;

before(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "concierge-agent-"));
  env = { ...process.env, STATE_DIR: folder, PORT: String(await freePort()), CHAIN_PORT: String(await freePort()) };
  running = run("start");
  await until(() => {
    if (running.child.exitCode !== null) throw new Error(running.output);
    return running.output.includes("Ready.");
  }, 120);
  state = JSON.parse(readFileSync(path.join(folder, "state.json"), "utf8"));
  chain = chainClient(state.rpc);
});
after(async () => {
  running?.child.kill("SIGTERM");
  await running?.ended;
  if (env) rmSync(env.STATE_DIR, { recursive: true, force: true });
});

function run(script, args = [], changes = {}) {
  const stdio = ["ignore", "pipe", "pipe"];
  const child = spawn(process.execPath, [`dev/${script}.mjs`, ...args], { cwd: root, env: { ...env, ...changes }, stdio });
  const one = { child, output: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (one.output += data));
  one.ended = new Promise((resolve) => child.on("close", resolve));
  return one;
}

async function agent(...args) {
  const one = run("agent", args);
  const code = await one.ended;
  return { code, output: one.output };
}

const earned = () => chain.balance(state.host.walletAddress);

test("within its limit it buys without asking, and shows dollars, a short hash and where to look", async () => {
  const had = await earned();
  const { code, output } = await agent("--limit", "0.10", "rsvp to the rust meetup if it is under 1 dollar");
  assert.equal(code, 0, output);
  assert.match(output, /paid {3}\$0\.05 to 0x\w{4}…\w{4}, seen on the chain\n +0x\w{4}…\w{4} https:\/\/sepolia\.basescan\.org\/tx\/0x[0-9a-f]{64}/);
  assert.match(output, /Your ticket: http/);
  assert.doesNotMatch(output, /pay\?/);
  assert.equal(await earned(), had + 50_000n);
});

test("a wallet with a key of its own buys as well", async () => {
  const had = await earned();
  const { code, output } = await agent("--wallet", "key", "--yes", "rsvp to the rust meetup");
  assert.equal(code, 0, output);
  assert.match(output, /pay\? {3}rsvpToEvent: \$0\.05 to /);
  assert.equal(await earned(), had + 50_000n);
});

test("above its limit it asks, and without a terminal nobody says yes", async () => {
  const had = await earned();
  const { code, output } = await agent("--limit", "0.10", "rsvp to the wasm workshop");
  assert.equal(code, 1, output);
  assert.match(output, /pay\? {3}rsvpToEvent: \$0\.25 to 0x\w{4}…\w{4} on eip155:84532/);
  assert.match(output, /declined; nothing was signed/);
  assert.equal(await earned(), had);
});

test("what costs more than the words allow is not bought", async () => {
  const had = await earned();
  const { code, output } = await agent("--limit", "1", "rsvp to the wasm workshop if it is under 0.10 dollars");
  assert.equal(code, 0, output);
  assert.match(output, /agent {2}.*\$0\.25/);
  assert.equal(await earned(), had);
});

test("a door that is not there, or a limit that is none, ends at once with an error", async () => {
  const begin = Date.now();
  const limit = await agent("--limit", "a lot", "list events");
  assert.equal(limit.code, 1, limit.output);
  assert.match(limit.output, /askAbove/);
  const { code, output } = await agent("--door", `http://127.0.0.1:${await freePort()}/mcp`, "list events");
  assert.equal(code, 1, output);
  assert.match(output, /the door cannot be reached/);
  assert.ok(Date.now() - begin < 20_000);
});

test("an option that is not known is told with the usage", async () => {
  const { code, output } = await agent("--sudo", "list events");
  assert.equal(code, 1);
  assert.match(output, /--sudo[^]*usage: npm run agent -- "what to do"/);
  assert.doesNotMatch(output, /\n +at /, "no stack");
});

test("without `npm start` it says what to do", async () => {
  const one = run("agent", ["list events"], { STATE_DIR: path.join(env.STATE_DIR, "none") });
  assert.equal(await one.ended, 1);
  assert.match(one.output, /npm start/);
});
