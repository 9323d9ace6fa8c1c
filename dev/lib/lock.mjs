// One at a time, between processes: wrangler and the tests may both ask for a build.
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// After a crash the process id may be reused by another process; no build takes this long.
const OLDEST_MS = 15 * 60_000;

/** Runs `work` while no other process runs its own under the lock file `path`. */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  while (!take(path)) {
    if (isAbandoned(path)) rmSync(path, { force: true });
    else await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

// A link appears together with its content, unlike a file that is created and then written.
function take(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function isAbandoned(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > OLDEST_MS) return true;
    process.kill(Number(readFileSync(path, "utf8")), 0);
    return false;
  } catch (error) {
    // ESRCH: the process is gone. ENOENT: the lock itself is, so try again to take it.
    return error.code === "ESRCH";
  }
}
