// What `npm start` runs, on ports and in a folder of its own, and the commands that are used beside it.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chainClient } from "../../dev/chain/chain.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { root } from "../../dev/lib/process.mjs";
import { until } from "./network.mjs";

const READY_SECONDS = 120;

/** A command of dev/ with its output; `typed` comes from a pipe. */
export function runScript(script, args = [], env = {}, typed) {
  const stdio = [typed === undefined ? "ignore" : "pipe", "pipe", "pipe"];
  const child = spawn(process.execPath, [`dev/${script}.mjs`, ...args], { cwd: root, env: { ...process.env, ...env }, stdio });
  const one = { child, output: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (one.output += data));
  one.ended = new Promise((resolve) => child.on("close", resolve));
  if (typed !== undefined) child.stdin.end(typed);
  return one;
}

/** The same to its end: `code` and `output`. */
export async function runToEnd(...args) {
  const one = runScript(...args);
  const code = await one.ended;
  return { code, output: one.output };
}

/** Starts `npm start` and waits until it is ready. */
export async function startReady(env, args = []) {
  const running = runScript("start", args, env);
  await until(() => {
    if (running.child.exitCode !== null) throw new Error(running.output);
    return running.output.includes("Ready.");
  }, READY_SECONDS).catch(async (error) => {
    running.child.kill("SIGTERM");
    await running.ended;
    throw error;
  });
  return running;
}

/** Starts it: `env` for the commands, `state`, `chain`, `stop()`. */
export async function startHere() {
  const folder = mkdtempSync(path.join(tmpdir(), "concierge-here-"));
  const env = { STATE_DIR: folder, PORT: String(await freePort()), CHAIN_PORT: String(await freePort()) };
  const running = await startReady(env).catch((error) => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    throw error;
  });
  const stop = async () => {
    running.child.kill("SIGTERM");
    await running.ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  const state = JSON.parse(readFileSync(path.join(folder, "state.json"), "utf8"));
  return { env, folder, state, chain: chainClient(state.rpc), stop };
}
