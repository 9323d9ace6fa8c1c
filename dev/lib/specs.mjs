// Runs test files side by side, each in a process of its own, and counts what they say.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { environment, root, run } from "./process.mjs";

const logs = join(root, ".dev", "test");
/**
 * How many ordinary files run at a time: each has a Worker and mostly a chain, which wait for each other half of the time.
 * The smallest machine has two cores.
 */
export const ROOM = 3;
const SIGNALS = ["SIGINT", "SIGTERM"];
/** The slowest file takes four minutes beside others. One that hangs must not take the time of all. */
const LIMIT_MILLIS = 20 * 60_000;
/** How long a file that is stopped may take to end what it has started. */
const LAST_MILLIS = 10_000;
/** Ports for the files that run side by side, so that two of them never choose the same one. */
const PORTS = { from: 10_000, to: 32_000, each: 2_000 };

/**
 * Runs `jobs` in their order, as soon as there is room for the next one: `{title, room, run}` each. `room` is 1 for
 * an ordinary job, `most` for one that must be alone. `run(lane)` gives `{passed, failed, output}`; no two jobs that run
 * at the same time have the same lane. `ends(result)` hears of each end, `seconds` included.
 */
export async function runJobs(jobs, ends, most = ROOM) {
  const waiting = [...jobs];
  const running = new Map();
  const lanes = new Set();
  const results = [];
  const used = () => [...running.keys()].reduce((sum, { room }) => sum + room, 0);
  const start = (job) => {
    const lane = [...Array(jobs.length).keys()].find((free) => !lanes.has(free));
    lanes.add(lane);
    const ended = timed(job, lane).then((result) => {
      lanes.delete(lane);
      running.delete(job);
      results.push(result);
      ends(result);
    });
    running.set(job, ended);
  };
  // After a signal no other job begins; `captured` ends the running ones.
  const isStopped = () => waiting.splice(0);
  for (const signal of SIGNALS) process.once(signal, isStopped);
  while (waiting.length > 0 || running.size > 0) {
    // A job that must be alone does not hold the others up: it comes when they are over.
    const next = waiting.findIndex(({ room }) => used() + room <= most);
    if (next >= 0) start(...waiting.splice(next, 1));
    else await Promise.race(running.values());
  }
  for (const signal of SIGNALS) process.off(signal, isStopped);
  return results;
}

async function timed({ title, run }, lane) {
  const started = performance.now();
  const result = await run(lane);
  return { title, ...result, seconds: (performance.now() - started) / 1000 };
}

/** Removes the logs of the last run. */
export function forgetLogs() {
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
}

/**
 * Runs one test file, for `limit` milliseconds at most. `isLive` shows what it says at once; otherwise it is kept in
 * `folder`. A failed test may leave a process behind; the file ends nonetheless when its tests have.
 */
export async function runSpec(file, lane = 0, { isLive = false, folder = logs, limit = LIMIT_MILLIS } = {}) {
  const name = relative(root, resolve(root, file)).split(sep).slice(1).join("-");
  const tap = join(folder, `${name}.tap`);
  const args = ["--test", "--test-force-exit", "--test-reporter=spec", "--test-reporter-destination=stdout"];
  args.push("--test-reporter=tap", `--test-reporter-destination=${tap}`, file);
  const { code, output } = await captured(process.execPath, args, join(folder, `${name}.log`), { env: settings(lane), isLive, limit });
  const said = readFileSync(tap, { encoding: "utf8", flag: "a+" });
  const count = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(said)?.[1] ?? 0);
  const failed = count("fail") + count("cancelled");
  // A runner that dies without counting has failed nonetheless.
  return { passed: count("pass"), failed: code === 0 ? failed : Math.max(failed, 1), output };
}

function settings(lane) {
  const first = PORTS.from + (lane * PORTS.each) % (PORTS.to - PORTS.from);
  const FREE_PORTS = `${first}-${first + PORTS.each}`;
  // Built already, and every process loads the same packages.
  return { ...environment(), FREE_PORTS, IS_BUILT: "1", NODE_COMPILE_CACHE: join(root, ".dev", "compiled") };
}

/** Compiles the native tests, which `runNative` then only runs. */
export const compileNative = () => run("cargo", ["test", "--quiet", "--no-run"], { hint: "the native tests do not compile, see above" });

/** Runs the native tests and counts them. */
export async function runNative() {
  const { code, output } = await captured("cargo", ["test", "--quiet"], join(logs, "native.log"), { env: environment() });
  const sum = (what) => [...output.matchAll(new RegExp(`^test result: .*?(\\d+) ${what}`, "gm"))].reduce((all, [, n]) => all + Number(n), 0);
  const failed = sum("failed");
  return { passed: sum("passed"), failed: code === 0 ? failed : Math.max(failed, 1), output };
}

async function captured(command, args, log, { env, isLive, limit }) {
  const file = openSync(log, "w");
  const child = spawn(command, args, { cwd: root, env, stdio: isLive ? "inherit" : ["ignore", file, file] });
  closeSync(file);
  const isOver = new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("close", resolve);
  });
  const stop = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, stop);
  let isLate = false;
  const late = (signal) => {
    isLate = true;
    stop(signal);
  };
  const timers = limit === undefined ? [] : [setTimeout(late, limit, "SIGTERM"), setTimeout(late, limit + LAST_MILLIS, "SIGKILL")];
  const code = await isOver;
  timers.forEach(clearTimeout);
  for (const signal of SIGNALS) process.off(signal, stop);
  const output = readFileSync(log, "utf8");
  return isLate ? { code: 1, output: `${output}\nstopped after ${limit / 1000} s\n` } : { code, output };
}

/** What a failed file has printed, without the tests that passed and without counts. */
export const failuresIn = (output) =>
  output
    .split("\n")
    .filter((line) => !/^\s*(✔|ℹ) /.test(line))
    .join("\n")
    .trim();
