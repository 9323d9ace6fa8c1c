// Installs what is missing before anything else runs: npm's packages (Node 22 and wrangler among
// them), Rust's wasm target, and the first build. Runs on Node 20 and imports no package.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildWorker } from "./build.mjs";
import { bundledNode } from "./lib/node.mjs";
import { Failure, output, root, run, runMain, step } from "./lib/process.mjs";
import { buildPage, pageFolder } from "./web.mjs";

const WASM = "wasm32-unknown-unknown";

/** Afterwards every other script can run. Under a second when nothing is missing. `profile` is that of the first build, if there is to be one. */
export async function setup({ profile } = {}) {
  ensureRust();
  await ensureTarget();
  // wrangler wants this folder to be there before it runs the build that fills it.
  mkdirSync(pageFolder, { recursive: true });
  if (!isInstalled()) await install(profile);
}

async function install(profile) {
  requireTool("npm", "Node.js 20 or newer together with npm (https://nodejs.org)");
  // npm waits for the network and the compiler for the processor: together they are quicker.
  const takes = profile === "start" ? "about two minutes" : "about five minutes";
  const compile = () => step(`compiling the Worker, ${takes} the first time`, () => buildWorker(profile));
  const jobs = [step("installing npm packages", installPackages), profile && compile()];
  const failed = (await Promise.allSettled(jobs)).find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  if (profile) await step("building the page", buildPage);
}

function requireTool(name, remedy) {
  if (output(name, ["--version"]) !== undefined) return;
  throw new Failure(`\`${name}\` is missing or does not work: install ${remedy}, then try again`);
}

function ensureRust() {
  requireTool("cargo", "Rust with rustup (https://rustup.rs)");
  // Rust links with the C compiler of the machine, and the tests' SQLite is compiled with it.
  requireTool("cc", "a C compiler (Debian: `apt install gcc libc6-dev`, macOS: `xcode-select --install`)");
}

async function ensureTarget() {
  const library = output("rustc", ["--print", "target-libdir", "--target", WASM]);
  if (library !== undefined && existsSync(library)) return;
  requireTool("rustup", `rustup (https://rustup.rs), or the target ${WASM} with whatever installed Rust`);
  await step(`adding Rust's target ${WASM}`, () => run("rustup", ["target", "add", WASM]));
}

// npm writes down what it installed when it has finished: compare that with what it should be.
function isInstalled() {
  const [wanted, present] = ["package-lock.json", "node_modules/.package-lock.json"].map(packages);
  if (wanted === undefined || present === undefined || !existsSync(bundledNode)) return false;
  return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
    if (path === "") return true;
    const found = present[path];
    return found === undefined ? Boolean(optional ?? devOptional) : found.version === version;
  });
}

function packages(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : undefined;
}

// Not `npm ci`: that refuses a lock file which lacks the optional packages of other platforms, and
// npm leaves those out when its registry does not have them. This keeps to the lock file too, and
// does not change it.
function installPackages() {
  const locked = existsSync(join(root, "package-lock.json")) ? ["--no-save"] : [];
  return run("npm", ["install", ...locked, "--no-audit", "--no-fund", "--loglevel=error"]);
}

await runMain(import.meta.url, () => setup({ profile: "release" }));
