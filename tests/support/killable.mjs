// The Worker as `npm start` runs it, to be killed (SIGKILL) and started again on the same state. Chain
// and facilitators live in the test's process and outlive it, as those of a deployment would.
import { execFile, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { otherRelayer } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { startFacilitator } from "../../dev/chain/facilitator.mjs";
import { root } from "../../dev/lib/process.mjs";
import { startReady } from "./here.mjs";
import { startHostile } from "./hostile.mjs";
import { startHostileRpc } from "./hostile-rpc.mjs";
import { until } from "./network.mjs";

/** How often a command is run again that found the files of the Worker locked. Each takes seconds. */
const LOCKED_TRIES = 10;

/**
 * Starts all of it; `env` is for `npm start`. Gives back:
 * - `chain`, `hostile`: the facilitator that the Worker asks, in front of the reference one. With `own`
 *   the Worker settles by itself, and there is `endpoint` instead: what it asks, in front of the chain.
 * - `fetch(path, init)`, `url`, `host`: as `npm start` made it, with the session's token.
 * - `kill()`: at once, without waiting; `isUp` says whether it has happened.
 * - `down()`: waits until nothing of the killed is left. `up()`: starts it again.
 * - `end()`: ends the Worker in an orderly way.
 * - `books(read)`: what `read(database)` finds in the host's storage; only while the Worker is down.
 * - `kvKeys(prefix)`, `kvGet(key)`, `log()`; `said()`: what `npm start` has printed since it was started; `mails()`: what it
 *   has kept of mails.
 * - `stop()`: ends everything and removes the state.
 */
export async function startKillable({ own = false, env: more = {} } = {}) {
  const chain = await startChain();
  const { between, settings, stop: stopBetween } = await (own ? ownSettling : foreignSettling)(chain);
  const folder = mkdtempSync(path.join(tmpdir(), "concierge-kill-"));
  const env = { PORT: String(await freePort()), STATE_DIR: folder, ...settings, ...more };
  const worker = { chain, ...between, isUp: false };
  let running;

  const up = async () => {
    running = await startReady(env);
    Object.assign(worker, JSON.parse(readFileSync(path.join(folder, "state.json"), "utf8")));
    // Listed now: looking for them at the kill would take too long.
    running.pids = [...descendants(worker.pids.wrangler), worker.pids.wrangler];
    worker.isUp = true;
  };
  const kill = () => {
    worker.isUp = false;
    for (const pid of running.pids) process.kill(pid, "SIGKILL");
  };
  const down = async () => {
    await running.ended;
    await until(() => !running.pids.some(lives));
  };
  const end = async () => {
    worker.isUp = false;
    running?.child.kill("SIGTERM");
    await running?.ended;
  };
  const stop = async () => {
    await end();
    await stopBetween();
    await chain.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  Object.assign(worker, { up, kill, down, end, stop });
  worker.fetch = (address, init) => fetch(worker.url + address, init);
  worker.books = (read) => books(path.join(folder, "worker"), path.join(folder, "books"), read);
  worker.kvGet = (key) => kv(folder, ["get", key, "--text"]);
  worker.kvKeys = async (prefix) => JSON.parse(await kv(folder, ["list", "--prefix", prefix])).map(({ name }) => name);
  worker.said = () => running.output;
  worker.mails = () => kept(path.join(folder, "mail"));
  worker.log = () => readFileSync(path.join(folder, "wrangler.log"), "utf8");
  // On failure the caller gets no handle, so everything that runs is stopped here.
  await up().catch(async (error) => {
    await stop();
    throw error;
  });
  return worker;
}

async function foreignSettling(chain) {
  const facilitator = await startFacilitator({ rpcUrl: chain.url });
  const hostile = await startHostile(() => facilitator.url);
  const stop = async () => {
    await hostile.stop();
    await facilitator.stop();
  };
  return { between: { hostile }, settings: { RPC_URL: chain.url, FACILITATOR_URL: hostile.url }, stop };
}

async function ownSettling(chain) {
  const rpc = await startHostileRpc(() => chain.url);
  // Another account than the relayer's mints test USDC.
  const settings = { RPC_URL: rpc.url, FACILITATOR_URL: "self", RELAYER_PRIVATE_KEY: otherRelayer.privateKey };
  return { between: { endpoint: rpc }, settings, stop: rpc.stop };
}

function kept(folder) {
  return existsSync(folder) ? readdirSync(folder).map((file) => readFileSync(path.join(folder, file), "utf8")) : [];
}

function descendants(pid) {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const pairs = stdout.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent) => pairs.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

function lives(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A copy is read, so that recovering from the kill stays the runtime's own work. */
async function books(state, copy, read) {
  const objects = path.join(state, "v3", "do");
  rmSync(copy, { recursive: true, force: true });
  cpSync(objects, copy, { recursive: true, filter: (file) => !file.endsWith("-shm") });
  const files = readdirSync(copy, { recursive: true }).filter((file) => file.endsWith(".sqlite"));
  for (const file of files) {
    const database = new DatabaseSync(path.join(copy, file));
    try {
      if (has(database, "payments")) return await read(database);
    } finally {
      database.close();
    }
  }
  throw new Error(`no storage of a host in ${existsSync(objects) ? files : "a folder that is missing"}`);
}

function has(database, table) {
  return database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) !== undefined;
}

async function kv(folder, [verb, ...args]) {
  const wrangler = [path.join(root, "node_modules/wrangler/bin/wrangler.js"), "kv", "key", verb, ...args];
  wrangler.push("--local", "--binding", "SECRETS", "--persist-to", path.join(folder, "worker"));
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
  // The Worker writes the same files: a command that finds them locked has done nothing.
  for (let tries = 1; ; tries += 1) {
    try {
      return (await promisify(execFile)(process.execPath, wrangler, options)).stdout.trim();
    } catch (error) {
      if (tries === LOCKED_TRIES || !/SQLITE_BUSY|database is locked/.test(`${error.message}${error.stderr}`)) throw error;
    }
  }
}
