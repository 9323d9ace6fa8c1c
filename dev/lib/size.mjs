// What files cost on the wire, and what the Worker may cost.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Failure } from "./process.mjs";
import { builtFolder, readStamp } from "./stamp.mjs";

/**
 * The most bytes of the release bundle's wasm, gzipped. It is a little above what it is; bench/SIZE.md says what each part
 * costs. Cloudflare's free plan takes 3 MB.
 */
export const BUNDLE_GZIP_MAX = 1_900_000;

const wasm = join(builtFolder, "index_bg.wasm");

/** The bytes of a file, gzipped as well as can be. */
export const gzippedBytes = (path) => gzipSync(readFileSync(path), { level: 9 }).length;

export const inKilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** The size of the wasm in build/. */
export const bundleSize = () => ({ bytes: statSync(wasm).size, gzipped: gzippedBytes(wasm) });

/** Whether build/ has what is deployed. What `npm start` builds is larger. */
export const isReleaseBuilt = () => existsSync(wasm) && readStamp()?.profile === "release";

/** Prints the size of a release bundle. Fails if it is larger than agreed. */
export function checkBundleSize() {
  if (!isReleaseBuilt()) return console.log("bundle size: no release bundle here, `npm run build` makes one");
  console.log(`bundle size: ${checkedSize(bundleSize().gzipped)}`);
}

/** The size in words; a `Failure` if it is above the bound. */
export function checkedSize(gzipped) {
  const size = `${inKilobytes(gzipped)} gzipped, at most ${inKilobytes(BUNDLE_GZIP_MAX)}`;
  if (gzipped <= BUNDLE_GZIP_MAX) return size;
  throw new Failure(
    `the Worker's wasm is too large: ${size}. \`node bench/size.mjs\` says what costs so much; if it is worth it, raise BUNDLE_GZIP_MAX in dev/lib/size.mjs`,
  );
}
