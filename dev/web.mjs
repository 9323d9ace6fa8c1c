// Builds the page, web/ into web/dist, which the Worker serves. At once when nothing changed.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { withLock } from "./lib/lock.mjs";
import { modernNode } from "./lib/node.mjs";
import { root, run, runMain } from "./lib/process.mjs";
import { gzippedBytes } from "./lib/size.mjs";

const source = join(root, "web");
const scratch = join(root, ".dev");
/** Not in the folder itself: everything in there is served. */
const stampFile = join(scratch, "web.stamp");

/** What the Worker serves. */
export const pageFolder = join(source, "dist");

export function buildPage() {
  return withLock(join(scratch, "web.lock"), async () => {
    const started = performance.now();
    const stamp = fingerprint();
    if (isCurrent(stamp)) return;
    const next = join(scratch, "web.next");
    await runVite(next);
    publish(next);
    writeFileSync(stampFile, stamp);
    report(performance.now() - started);
  });
}

/** Whether there is a page, be it an old one. */
export function isPageBuilt() {
  return existsSync(join(pageFolder, "index.html"));
}

// Everything that decides what the page is: what is in web/, and the versions of the packages.
function fingerprint() {
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  for (const path of files(source).sort()) hash.update(`\0${path}\0`).update(readFileSync(join(source, path)));
  return hash.digest("hex");
}

function isCurrent(stamp) {
  return isPageBuilt() && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
}

// Vite's own list of files would only be noise; its warnings and errors are not.
function runVite(folder) {
  const vite = join(root, "node_modules", "vite", "bin", "vite.js");
  const place = ["--outDir", folder, "--emptyOutDir", "--logLevel", "warn"];
  return run(modernNode(), [vite, "build", source, ...place], { hint: "the page does not build, see above" });
}

// In place, because wrangler watches this folder. What pages load comes before the pages, and the old
// goes last, so that a page never asks for a file that is not there.
function publish(next) {
  mkdirSync(pageFolder, { recursive: true });
  const wanted = files(next).sort((a, b) => Number(isPage(a)) - Number(isPage(b)));
  for (const path of wanted) cpSync(join(next, path), join(pageFolder, path));
  for (const path of files(pageFolder)) if (!wanted.includes(path)) rmSync(join(pageFolder, path));
  rmSync(next, { recursive: true, force: true });
}

const isPage = (path) => path.endsWith(".html");

/** The files below a folder, but none of what was built or installed there. */
function files(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .filter((path) => !["dist", "node_modules"].includes(path.split(sep)[0]));
}

function report(milliseconds) {
  const scripts = files(pageFolder).filter((path) => path.endsWith(".js"));
  const sum = scripts.reduce((total, path) => total + gzippedBytes(join(pageFolder, path)), 0);
  console.log(`build: page ${(sum / 1000).toFixed(1)} kB of scripts gzipped, ${(milliseconds / 1000).toFixed(1)} s`);
}

await runMain(import.meta.url, buildPage);
