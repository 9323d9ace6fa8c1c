// `npm run fuzz`: a million cases of hostile input, other ones each time. `npm run fuzz -- 5000000 7`
// runs five million with the seed 7; FUZZ_CASES and FUZZ_SEED say the same. Without `npm run`, every
// `cargo test` runs a few thousand that never change.
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createInterface } from "node:readline";
import { environment, Failure, root, runMain } from "./lib/process.mjs";

const EVERY_MILLIS = 15_000;
const PROGRESS = /^fuzz (.+): (\d+)\/(\d+)$/;

async function main([cases = process.env.FUZZ_CASES ?? "1000000", seed = process.env.FUZZ_SEED]) {
  seed ??= String(randomInt(2 ** 32));
  if (![cases, seed].every((text) => /^\d{1,15}$/.test(text))) {
    throw new Failure("usage: npm run fuzz -- [number of cases] [seed]");
  }
  console.log(`${cases} cases; FUZZ_SEED=${seed} repeats them`);
  const { code, targets, seconds } = await runCases(cases, seed);
  for (const [target, { done, end }] of targets) {
    console.log(`${String(done).padStart(9)} ${target}: after ${end.toFixed(0)} s`);
  }
  const done = total(targets);
  console.log(`${done} cases in ${seconds.toFixed(0)} s: ${(done / seconds).toFixed(0)} per second`);
  if (code !== 0) throw new Failure(`something gave way, see above; FUZZ_SEED=${seed} repeats it`);
  if (done < Number(cases)) throw new Failure(`only ${done} of ${cases} cases were run`);
}

function runCases(cases, seed) {
  const env = { ...environment(), FUZZ_CASES: cases, FUZZ_SEED: seed };
  // Sums that overflow are faults in this profile, though the Worker would go on with them.
  const args = ["test", "--profile", "long", "--test", "it", "fuzz"];
  const child = spawn("cargo", args, { cwd: root, env, stdio: ["ignore", "inherit", "pipe"] });
  const targets = new Map();
  let started;
  const elapsed = () => (started === undefined ? 0 : (performance.now() - started) / 1000);
  const report = () => {
    if (started === undefined) return console.log("compiling ...");
    console.log(`${elapsed().toFixed(0)} s: ${total(targets)} cases`);
  };
  const timer = setInterval(report, EVERY_MILLIS);

  createInterface({ input: child.stderr }).on("line", (line) => {
    const [, target, done] = PROGRESS.exec(line) ?? [];
    if (target === undefined) return console.error(line);
    started ??= performance.now();
    targets.set(target, { done: Number(done), end: elapsed() });
  });
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Failure(`cargo does not start: ${error.message}`)));
    child.on("close", (code) => {
      clearInterval(timer);
      resolve({ code, targets, seconds: Math.max(elapsed(), 0.001) });
    });
  });
}

function total(targets) {
  return [...targets.values()].reduce((sum, { done }) => sum + done, 0);
}

await runMain(import.meta.url, main);
