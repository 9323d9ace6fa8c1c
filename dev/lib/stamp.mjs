// What is in build/: bundle.mjs and the checks ask for it as well as the build itself.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./process.mjs";

/** Where the Worker is built. */
export const builtFolder = join(root, "build");
const file = join(builtFolder, "stamp");

/**
 * `profile` is cargo's, `made` a hash of what the bundle was made of, `sources` that of the sources (`sourceHash`) unless they
 * changed meanwhile. Undefined if nothing is built.
 */
export function readStamp() {
  try {
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  } catch {
    // Of an older version of these scripts.
    return undefined;
  }
}

/** Written last: what has no stamp is built again. */
export const writeStamp = (stamp) => writeFileSync(file, JSON.stringify(stamp));
