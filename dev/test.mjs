// `npm test`: everything. `npm test -- tests/worker/some.spec.mjs`: only these files, on a fresh
// build and without the checks.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { build } from "./build.mjs";
import { bundle } from "./bundle.mjs";
import { lint } from "./check.mjs";
import { chromium } from "./chromium.mjs";
import { Failure, root, runMain, step } from "./lib/process.mjs";
import { checkBundleSize } from "./lib/size.mjs";
import { compileNative, failuresIn, forgetLogs, ROOM, runJobs, runNative, runSpec } from "./lib/specs.mjs";

const SUITES = ["dev", "worker", "chain", "conformance", "browser"];
const screenshots = join(root, ".dev", "screenshots");
const SLOWEST = 10;

/** These take longest, so they start first: otherwise the last of them would run by itself in the end. */
const FIRST = [
  "chain/relayer",
  "chain/self",
  "chain/mail",
  "chain/slow",
  "chain/reorg",
  "chain/alarms",
  "worker/guest-hostile-money",
  "chain/relayer-killed",
  "browser/guest",
  "chain/faults",
  "worker/guest-hostile",
  "chain/unknown",
  "chain/faults-of-chain",
  "chain/guest-away",
  "chain/guest-moved",
  "chain/killed",
  "browser/host",
  "chain/rush",
  "chain/desk",
  "browser/desk",
  // It compiles, which it cannot while the native tests are compiled.
  "dev/add-a-product",
];
/** They wait for time limits and alarms and compute little: two of them take the room of one. */
const WAITING = [
  "chain/relayer",
  "chain/self",
  "chain/mail",
  "chain/slow",
  "chain/reorg",
  "chain/alarms",
  "worker/guest-hostile-money",
  "chain/relayer-killed",
  "worker/guest-hostile",
  "chain/unknown",
  "chain/faults-of-chain",
  "chain/guest-away",
  "chain/guest-moved",
];
/** It measures what the machine can do, so nothing else may run. */
const ALONE = ["chain/load"];

const isOneOf = (names, file) => names.some((name) => resolve(root, file) === join(root, "tests", `${name}.spec.mjs`));

async function main(chosen) {
  const started = performance.now();
  const results = [];
  try {
    const files = chosen.length === 0 ? specs() : chosen;
    const withBrowser = files.some((file) => resolve(root, file).startsWith(join(root, "tests", "browser")));
    const checks = chosen.length === 0 ? [checksAndNative()] : [];
    await Promise.all([step("build", built), withBrowser && prepareBrowser()]);
    results.push(...(await runAll(files, checks)));
    if (withBrowser) console.log(`what the page looked like is in ${relative(root, screenshots)}/`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    results.push({ passed: 0, failed: 1 });
  }
  if (results.length > SLOWEST) reportSlowest(results);
  const sum = (what) => results.reduce((all, result) => all + result[what], 0);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed, ${inMinutes((performance.now() - started) / 1000)}`);
  if (sum("failed") > 0) process.exitCode = 1;
}

/** The checks and the native tests. They begin with the build, which mostly uses one core, and go on beside the files that need it. */
function checksAndNative() {
  const prepared = prepareNative().then(
    () => undefined,
    (error) => error,
  );
  const run = async () => {
    const error = await prepared;
    if (error === undefined) return runNative();
    if (error instanceof Failure) return { passed: 0, failed: 1, output: error.message };
    throw error;
  };
  return { title: "checks and cargo test", room: 1, run };
}

async function prepareNative() {
  await lint();
  await step("native tests", compileNative);
}

async function built() {
  await build();
  checkBundleSize();
  await bundle();
}

async function prepareBrowser() {
  await chromium();
  rmSync(screenshots, { recursive: true, force: true });
}

function specs() {
  const folders = SUITES.map((suite) => join(root, "tests", suite)).filter((path) => existsSync(path));
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith(".spec.mjs"))
      .sort()
      .map((name) => relative(root, join(folder, name))),
  );
}

/** One file is shown while it runs, of several a line each when they end, and then the failures. */
async function runAll(files, checks) {
  forgetLogs();
  if (files.length === 1 && checks.length === 0) return [{ title: files[0], ...(await runSpec(files[0], 0, { isLive: true })), seconds: 0 }];
  const jobs = FIRST.flatMap((name) => files.filter((file) => isOneOf([name], file)));
  jobs.push(...files.filter((file) => !isOneOf(FIRST, file)));
  const ofFile = (file) => ({ title: file, room: roomFor(file), run: (lane) => runSpec(file, lane) });
  const results = await runJobs([...checks, ...jobs.map(ofFile)], reportEnd);
  for (const { title, output } of results.filter(({ failed }) => failed > 0)) {
    console.log(`\n${title}\n${failuresIn(output)}\n`);
  }
  return results;
}

function roomFor(file) {
  if (isOneOf(ALONE, file)) return ROOM;
  return isOneOf(WAITING, file) ? 0.5 : 1;
}

function reportEnd({ title, passed, failed, seconds }) {
  const sign = failed === 0 ? "✔" : "✖";
  const count = failed === 0 ? `${passed} passed` : `${passed} passed, ${failed} FAILED`;
  console.log(`${sign} ${title.padEnd(44)} ${count.padEnd(22)} ${seconds.toFixed(1).padStart(6)} s`);
}

function reportSlowest(results) {
  const slowest = results.filter(({ seconds }) => seconds).sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  console.log(`\nthe slowest: ${slowest.map(({ title, seconds }) => `${title.replace(/^tests\/|\.spec\.mjs$/g, "")} ${seconds.toFixed(0)} s`).join(", ")}`);
}

const inMinutes = (seconds) => (seconds < 60 ? `${seconds.toFixed(0)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`);

await runMain(import.meta.url, main);
