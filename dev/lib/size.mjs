// What a file costs on the wire.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

/** The bytes of a file, gzipped as well as can be. */
export const gzippedBytes = (path) => gzipSync(readFileSync(path), { level: 9 }).length;
