// `npm test`: everything. `npm test -- tests/worker/some.spec.mjs`: only these files, on a fresh
// build and without the checks.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { build } from "./build.mjs";
import { bundle } from "./bundle.mjs";
import { check } from "./check.mjs";
import { chromium } from "./chromium.mjs";
import { environment, Failure, root, runMain, step } from "./lib/process.mjs";

const SUITES = ["dev", "worker", "chain", "conformance", "browser"];
const scratch = join(root, ".dev");
const screenshots = join(scratch, "screenshots");
const results = join(scratch, "test.tap");

async function main(chosen) {
  const counts = { passed: 0, failed: 0 };
  try {
    if (chosen.length === 0) await check();
    await step("build", build);
    await step("bundle", bundle);
    const files = chosen.length === 0 ? specs() : chosen;
    const withBrowser = files.some((file) => resolve(root, file).startsWith(join(root, "tests", "browser")));
    if (withBrowser) await prepareBrowser();
    if (files.length > 0) Object.assign(counts, await runSpecs(files));
    if (withBrowser) console.log(`what the page looked like is in ${relative(root, screenshots)}/`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    counts.failed += 1;
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  if (counts.failed > 0) process.exitCode = 1;
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

async function runSpecs(files) {
  mkdirSync(scratch, { recursive: true });
  rmSync(results, { force: true });
  // One file at a time: each starts a Worker of its own, some a chain as well.
  const reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
  reporters.push("--test-reporter=tap", `--test-reporter-destination=${results}`);
  const args = ["--test", "--test-concurrency=1", ...reporters, ...files];
  const child = spawn(process.execPath, args, { cwd: root, env: environment(), stdio: "inherit" });
  const code = await new Promise((resolve) => child.on("close", resolve));

  const tap = existsSync(results) ? readFileSync(results, "utf8") : "";
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(tap)?.[1] ?? 0);
  const failed = count("fail") + count("cancelled");
  // A runner that dies without counting has failed nonetheless.
  return { passed: count("pass"), failed: code === 0 ? failed : Math.max(failed, 1) };
}

await runMain(import.meta.url, main);
