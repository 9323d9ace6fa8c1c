// Which Node runs the packages: wrangler and vite need a newer one than our own scripts do. Runs on
// Node 20 and imports no package, because it has to work before anything is installed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure, root } from "./process.mjs";

/** The Node that npm brings along (the package `node`). */
export const bundledNode = join(root, "node_modules", "node", "bin", "node");

/** A Node that is new enough for wrangler and vite: the one from npm, or the one we run on. */
export function modernNode() {
  if (existsSync(bundledNode)) return bundledNode;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 12)) return process.execPath;
  throw new Failure(
    `wrangler needs Node.js 22.12 or newer, this is ${process.versions.node} and npm was not allowed to bring ` +
      "its own: run `npm install` with install scripts enabled, or install a newer Node.js",
  );
}
