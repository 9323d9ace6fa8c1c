// Everything that can be said about the Rust code without running the Worker: its form, its lints
// on both targets, its documentation, its native tests.
import { environment, run, runMain, step } from "./lib/process.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];
const STRICT = ["--", "-D", "warnings"];

const STEPS = [
  { title: "cargo fmt", args: ["fmt", "--check"], hint: "not formatted: run `cargo fmt`" },
  { title: "clippy", args: ["clippy", "--quiet", "--all-targets", ...STRICT] },
  { title: "clippy for wasm", args: ["clippy", "--quiet", "--lib", ...WASM, ...STRICT] },
  { title: "cargo doc", args: ["doc", "--quiet", "--no-deps"], env: { RUSTDOCFLAGS: "-D warnings" } },
  { title: "cargo test", args: ["test", "--quiet"] },
];

export async function check() {
  for (const { title, args, env, hint } of STEPS) {
    await step(title, () => run("cargo", args, { env: { ...environment(), ...env }, hint }));
  }
}

await runMain(import.meta.url, check);
