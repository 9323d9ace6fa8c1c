// Builds the Worker into build/, and the page that it serves (web.mjs). The one build that there is:
// wrangler's `[build]` runs it, the tests do and a deployment does. It takes about half a second when
// nothing changed. There are two cargo profiles: `release`, small and fast, is what is tested, measured and
// deployed; `start`, which compiles in a fraction of the time, is for `npm start` and for the `wrangler dev`
// that it runs. A release build of the same sources serves `npm start` too.
//
// It does what `worker-build` does, without that one's downloads: cargo compiles, dev/bindgen makes
// a JavaScript module of the result, and wrangler bundles that with src/edge/entry.mjs.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { withLock } from "./lib/lock.mjs";
import { Failure, root, run, runMain } from "./lib/process.mjs";
import { bundleSize, inKilobytes } from "./lib/size.mjs";
import { sourceHash } from "./lib/source-hash.mjs";
import { builtFolder as built, readStamp, writeStamp } from "./lib/stamp.mjs";
import { buildPage, isPageBuilt } from "./web.mjs";

const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
/** Our half of wasm-bindgen, as a program. */
export const bindgen = join(target, "bindgen", "debug", "bindgen");
/** What cargo makes of the Worker. It still has the names of its functions. */
export const compiledWasm = (profile) => join(target, "wasm32-unknown-unknown", profile, "events_concierge.wasm");
const scratch = join(root, ".dev");

/**
 * What its author marks with `#[inline]`, LLVM copies into each caller up to a cost of 325, although it optimizes for size.
 * bench/SIZE.md says what less saves. RUSTFLAGS of the environment would replace it.
 */
const SMALL = 'target.wasm32-unknown-unknown.rustflags = ["-C", "llvm-args=-inlinehint-threshold=100"]';

/** What a build says that has failed while `wrangler dev` was running. */
export const GOES_ON = "the build failed; what was built before goes on";

/**
 * The Worker, with a cargo profile (`release` or `start`), and the page. `npm test` builds once and sets IS_BUILT, so
 * that `npm start` in a test does not ask cargo again.
 */
export async function build(profile = "release") {
  if (process.env.IS_BUILT) return;
  await Promise.all([buildWorker(profile), buildPage()]);
}

/** The Worker alone: this needs no package of npm. */
export function buildWorker(profile = "release") {
  return withLock(join(scratch, "build.lock"), async () => {
    const started = performance.now();
    const sources = sourceHash();
    // Both profiles behave the same, so either bundle of these sources will do. For a release cargo has the last word.
    if (profile === "start" && readStamp()?.sources === sources) return;
    await Promise.all([compileWorker(profile), compileBindgen()]);
    checkVersions();
    const compiled = compiledWasm(profile);
    const stamp = { profile, made: fingerprint(compiled), sources };
    const present = readStamp();
    const isSame = present?.profile === profile && present.made === stamp.made;
    if (!isSame) await makeModule(compiled);
    // What was changed while cargo compiled may be in the bundle or not.
    if (sourceHash() !== sources) delete stamp.sources;
    if (!isSame || present.sources !== stamp.sources) writeStamp(stamp);
    if (!isSame) report(profile, performance.now() - started);
  });
}

// On a terminal cargo shows a progress bar; elsewhere its list of crates would only be noise.
function compileWorker(profile) {
  const small = profile === "release" ? ["--config", SMALL] : [];
  const quiet = process.stderr.isTTY ? [] : ["--quiet"];
  const place = ["--target", "wasm32-unknown-unknown", "--target-dir", target];
  return run("cargo", ["build", "--lib", "--profile", profile, ...small, ...place, ...quiet]);
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

// Everything that decides what build/ contains, apart from this script.
function fingerprint(compiled) {
  const { size, mtimeMs } = statSync(bindgen);
  const names = process.env.KEEP_NAMES ?? "";
  return createHash("sha256")
    .update(readFileSync(compiled))
    .update(`${size} ${mtimeMs} ${names}`)
    .digest("hex");
}

async function makeModule(compiled) {
  const next = join(scratch, "build.next");
  const previous = join(scratch, "build.previous");
  rmSync(next, { recursive: true, force: true });
  rmSync(previous, { recursive: true, force: true });
  await run(bindgen, [compiled, next]);
  // Neither esbuild nor workerd knows `import source` yet; both give the module to a plain import.
  const index = join(next, "index.js");
  writeFileSync(index, readFileSync(index, "utf8").replace(/^import source /m, "import "));
  // Renaming, so that nobody ever reads half a build.
  if (existsSync(built)) renameSync(built, previous);
  renameSync(next, built);
  rmSync(previous, { recursive: true, force: true });
}

function report(profile, milliseconds) {
  const { bytes, gzipped } = bundleSize();
  const size = profile === "release" ? `${inKilobytes(bytes)}, ${inKilobytes(gzipped)} gzipped` : `${inKilobytes(bytes)}, profile ${profile}`;
  console.log(`build: wasm ${size}, ${(milliseconds / 1000).toFixed(1)} s`);
}

// An error in a source that is being edited must not end the `wrangler dev` that watches it.
async function main() {
  try {
    await build(process.env.WRANGLER_COMMAND === "dev" ? "start" : "release");
  } catch (error) {
    const isWatched = process.env.WRANGLER_COMMAND === "dev" && readStamp() !== undefined && isPageBuilt();
    if (!isWatched || !(error instanceof Failure)) throw error;
    console.error(`${error.message}\n${GOES_ON}`);
  }
}

await runMain(import.meta.url, main);
