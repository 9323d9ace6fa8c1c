// What `wrangler deploy` would upload, in .dev/dry-run: tests and load tests run that.
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure, root, run, runMain } from "./lib/process.mjs";
import { isReleaseBuilt } from "./lib/size.mjs";

export const bundleFolder = join(root, ".dev", "dry-run");
const SOURCES = ["wrangler.toml", "src/edge/entry.mjs", "src/edge/shim.mjs", "build/stamp"];

/** Bundles what is in build/. At once when it is bundled already. */
export async function bundle() {
  const bundled = changedAt(join(bundleFolder, "entry.js"));
  if (SOURCES.every((file) => changedAt(join(root, file)) < bundled)) return;
  // The name of the Wasm file depends on its content, and a left-over one would be loaded too.
  rmSync(bundleFolder, { recursive: true, force: true });
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  await run(process.execPath, [wrangler, "deploy", "--env=", "--dry-run", "--outdir", bundleFolder], {
    stdio: ["ignore", "ignore", "inherit"],
    hint: "wrangler cannot bundle the Worker (`npm run deploy -- --dry-run` says why)",
  });
  if (isReleaseBuilt()) return;
  rmSync(bundleFolder, { recursive: true, force: true });
  throw new Failure("build/ has what `npm start` builds, which is neither tested nor measured: run `npm run build`");
}

function changedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? NaN;
}

await runMain(import.meta.url, bundle);
