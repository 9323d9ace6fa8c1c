// `npm start` and `npm run demo` as a person uses them, on ports of their own.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../../dev/lib/ports.mjs";
import { runScript, startReady } from "../support/here.mjs";
import { until } from "../support/network.mjs";

const started = [];
let folder, ports;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "concierge-"));
  ports = { PORT: String(await freePort()), CHAIN_PORT: String(await freePort()), STATE_DIR: folder };
});
after(async () => {
  // Only what a failed test has left behind; the suite would wait for it for ever.
  for (const { child } of started) child.kill("SIGTERM");
  await Promise.all(started.map(({ ended }) => ended));
  rmSync(folder, { recursive: true, force: true });
});

function run(script, args = [], env = {}) {
  const running = runScript(script, args, { ...ports, ...env });
  started.push(running);
  return running;
}

const stateFile = () => path.join(folder, "state.json");
const state = () => JSON.parse(readFileSync(stateFile(), "utf8"));
const lives = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function start(args) {
  const running = await startReady(ports, args);
  started.push(running);
  return running;
}

test("without `npm start` the demo says what to do", async () => {
  const demo = run("demo");
  assert.equal(await demo.ended, 1);
  assert.match(demo.output, /npm start/);
});

test("start, demo twice, stop, start again: everything is still there", async () => {
  let running = await start();
  const first = state();
  assert.deepEqual(Object.keys(first), ["url", "rpc", "facilitator", "usdc", "pids", "host", "guest"]);
  assert.equal(first.host.eventIds.length, 3);
  for (let tries = 0; tries < 2; tries += 1) {
    const demo = run("demo");
    assert.equal(await demo.ended, 0, demo.output);
    assert.match(demo.output, /transaction +0x[0-9a-f]{64}/);
    assert.match(demo.output, /ticket +http/);
  }
  running.child.kill("SIGTERM");
  assert.equal(await running.ended, 0, running.output);
  assert.ok(!existsSync(stateFile()));
  for (const [name, pid] of Object.entries(first.pids)) assert.ok(!lives(pid), `${name} still runs`);
  running = await start();
  assert.deepEqual(state().host.eventIds, first.host.eventIds);
  const headers = { authorization: `Bearer ${state().host.token}` };
  const revenue = await fetch(`${state().url}/api/users/revenue`, { headers }).then((answer) => answer.json());
  assert.equal(revenue.totalAtomic, "100000");
  running.child.kill("SIGINT");
  assert.equal(await running.ended, 0);
  // The reference facilitator is a process of its own.
  assert.equal(first.facilitator, "self");
  running = await start(["--fresh", "--reference"]);
  assert.notDeepEqual(state().host.eventIds, first.host.eventIds);
  // If one part dies, the whole ends and says which.
  process.kill(state().pids.facilitator, "SIGKILL");
  assert.equal(await running.ended, 1);
  assert.match(running.output, /facilitator stopped/);
});

test("a second start in the same folder is refused, and disturbs nothing; beside it there may be another", async () => {
  const running = await start();
  const { url } = state();
  const second = run("start", [], { PORT: String(await freePort()), CHAIN_PORT: String(await freePort()) });
  assert.equal(await second.ended, 1, second.output);
  assert.match(second.output, /runs already .*STATE_DIR=/);
  assert.equal((await fetch(`${url}/health`)).status, 200);
  assert.equal(state().url, url, "its state is still there");
  const beside = run("start", [], { PORT: String(await freePort()), CHAIN_PORT: String(await freePort()), STATE_DIR: path.join(folder, "beside") });
  await until(() => {
    if (beside.child.exitCode !== null) throw new Error(beside.output);
    return beside.output.includes("Ready.");
  }, 120);
  const demos = [run("demo"), run("demo", [], { STATE_DIR: path.join(folder, "beside") })];
  for (const demo of demos) assert.equal(await demo.ended, 0, demo.output);
  beside.child.kill("SIGTERM");
  running.child.kill("SIGTERM");
  assert.deepEqual(await Promise.all([beside.ended, running.ended]), [0, 0]);
});

test("a port that is taken is named", async () => {
  const server = createServer().listen(Number(ports.PORT), "127.0.0.1");
  try {
    const running = run("start");
    assert.equal(await running.ended, 1);
    assert.match(running.output, new RegExp(`port ${ports.PORT} is taken.*PORT=`));
  } finally {
    server.close();
  }
});
