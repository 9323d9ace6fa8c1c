// Builds the Worker into build/, and the page that it serves (web.mjs). The one build that there is:
// wrangler's `[build]` runs it, the tests do and a deployment does. It takes about half a second when
// nothing changed.
//
// It does what `worker-build` does, without that one's downloads: cargo compiles, dev/bindgen makes
// a JavaScript module of the result, and wrangler bundles that with src/edge/entry.mjs.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { withLock } from "./lib/lock.mjs";
import { Failure, root, run, runMain } from "./lib/process.mjs";
import { gzippedBytes } from "./lib/size.mjs";
import { buildPage, isPageBuilt } from "./web.mjs";

const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
const compiled = join(target, "wasm32-unknown-unknown", "release", "events_concierge.wasm");
const bindgen = join(target, "bindgen", "debug", "bindgen");
const built = join(root, "build");
const scratch = join(root, ".dev");

/** What a build says that has failed while `wrangler dev` was running. */
export const GOES_ON = "the build failed; what was built before goes on";

/** The Worker and the page. `npm test` builds once and sets IS_BUILT, so that `npm start` in a test does not ask cargo again. */
export async function build() {
  if (process.env.IS_BUILT) return;
  await Promise.all([buildWorker(), buildPage()]);
}

/** The Worker alone: this needs no package of npm. */
export function buildWorker() {
  return withLock(join(scratch, "build.lock"), async () => {
    const started = performance.now();
    await Promise.all([compileWorker(), compileBindgen()]);
    checkVersions();
    const stamp = fingerprint();
    if (isCurrent(stamp)) return;
    await makeModule(stamp);
    report(performance.now() - started);
  });
}

// On a terminal cargo shows a progress bar; elsewhere its list of crates would only be noise.
function compileWorker() {
  const quiet = process.stderr.isTTY ? [] : ["--quiet"];
  const place = ["--target", "wasm32-unknown-unknown", "--target-dir", target];
  return run("cargo", ["build", "--lib", "--release", ...place, ...quiet]);
}

function compileBindgen() {
  const manifest = ["--manifest-path", join(root, "dev", "bindgen", "Cargo.toml")];
  return run("cargo", ["build", ...manifest, "--target-dir", join(target, "bindgen"), "--quiet"]);
}

// The two halves of wasm-bindgen talk in a format that changes with every version.
function checkVersions() {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const manifest = readFileSync(join(root, "dev", "bindgen", "Cargo.toml"), "utf8");
  const library = /^name = "wasm-bindgen"\nversion = "(.+)"$/m.exec(lock)?.[1];
  const tool = /^wasm-bindgen-cli-support = "=(.+)"$/m.exec(manifest)?.[1];
  if (library !== undefined && library === tool) return;
  throw new Failure(
    `wasm-bindgen is ${library ?? "missing"} in Cargo.lock and ${tool ?? "missing"} in dev/bindgen/Cargo.toml: ` +
      "pin both to one version (`wasm-bindgen` in Cargo.toml, `wasm-bindgen-cli-support` in dev/bindgen/Cargo.toml)",
  );
}

// Everything that decides what build/ contains.
function fingerprint() {
  const { size, mtimeMs } = statSync(bindgen);
  const names = process.env.KEEP_NAMES ?? "";
  return createHash("sha256")
    .update(readFileSync(compiled))
    .update(`${size} ${mtimeMs} ${names}`)
    .digest("hex");
}

function isCurrent(stamp) {
  const file = join(built, "stamp");
  return existsSync(file) && readFileSync(file, "utf8") === stamp;
}

async function makeModule(stamp) {
  const next = join(scratch, "build.next");
  const previous = join(scratch, "build.previous");
  rmSync(next, { recursive: true, force: true });
  rmSync(previous, { recursive: true, force: true });
  await run(bindgen, [compiled, next]);
  // Neither esbuild nor workerd knows `import source` yet; both give the module to a plain import.
  const index = join(next, "index.js");
  writeFileSync(index, readFileSync(index, "utf8").replace(/^import source /m, "import "));
  writeFileSync(join(next, "stamp"), stamp);
  // Renaming, so that nobody ever reads half a build.
  if (existsSync(built)) renameSync(built, previous);
  renameSync(next, built);
  rmSync(previous, { recursive: true, force: true });
}

function report(milliseconds) {
  const wasm = join(built, "index_bg.wasm");
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
  const size = `${kilobytes(statSync(wasm).size)}, ${kilobytes(gzippedBytes(wasm))} gzipped`;
  console.log(`build: wasm ${size}, ${(milliseconds / 1000).toFixed(1)} s`);
}

// An error in a source that is being edited must not end the `wrangler dev` that watches it.
async function main() {
  try {
    await build();
  } catch (error) {
    const isWatched = process.env.WRANGLER_COMMAND === "dev" && existsSync(join(built, "stamp")) && isPageBuilt();
    if (!isWatched || !(error instanceof Failure)) throw error;
    console.error(`${error.message}\n${GOES_ON}`);
  }
}

await runMain(import.meta.url, main);
