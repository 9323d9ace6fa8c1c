// Whether what is built is of these sources, without asking cargo.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { output, root } from "./process.mjs";

/** Everything that decides what the compiler makes of the Worker, and these scripts of that. */
const INPUTS = [
  "src",
  "build.rs",
  "Cargo.toml",
  "Cargo.lock",
  "askama.toml",
  "rust-toolchain.toml",
  "wrangler.toml",
  "dev/build.mjs",
  "dev/bindgen/Cargo.toml",
  "dev/bindgen/Cargo.lock",
  "dev/bindgen/src",
];

/** A hash of the sources in a folder, the compiler and the settings of a build. */
export function sourceHash(folder = root) {
  const { RUSTFLAGS = "", KEEP_NAMES = "" } = process.env;
  const hash = createHash("sha256").update(JSON.stringify([output("rustc", ["--version"]) ?? "", RUSTFLAGS, KEEP_NAMES]));
  for (const path of INPUTS.flatMap((input) => filesOf(folder, input))) hash.update(`\0${path}\0`).update(readFileSync(join(folder, path)));
  return hash.digest("hex");
}

function filesOf(folder, path) {
  const kind = statSync(join(folder, path), { throwIfNoEntry: false });
  if (!kind?.isDirectory()) return kind === undefined ? [] : [path];
  return readdirSync(join(folder, path)).sort().flatMap((name) => filesOf(folder, `${path}/${name}`));
}
