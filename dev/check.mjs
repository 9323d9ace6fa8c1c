// Everything that can be said about the code without running the Worker: the Rust code's form, its lints
// on both targets, its documentation, its native tests; the page's form, lints and types.
import { environment, run, runMain, step } from "./lib/process.mjs";
import { checkBundleSize } from "./lib/size.mjs";

const WASM = ["--target", "wasm32-unknown-unknown"];
const STRICT = ["--", "-D", "warnings"];
const PRETTIER = ["--config", "web/.prettierrc.json", "--ignore-path", "web/.prettierignore"];

const cargo = (title, args, more) => ({ title, command: "cargo", args, ...more });

const STEPS = [
  cargo("cargo fmt", ["fmt", "--check"], { hint: "not formatted: run `cargo fmt`" }),
  {
    title: "prettier",
    command: "prettier",
    args: ["--check", "--log-level", "warn", ...PRETTIER, "web"],
    hint: `the page is not formatted: run \`npx prettier --write ${PRETTIER.join(" ")} web\``,
  },
  {
    title: "oxlint",
    command: "oxlint",
    args: ["--config", "web/.oxlintrc.json", "--deny-warnings", "--format", "stylish", "web"],
    hint: "oxlint objects to the page's code, see above",
  },
  {
    title: "tsc",
    command: "tsc",
    args: ["--project", "web/tsconfig.json", "--noEmit"],
    hint: "the page's types do not fit, see above",
  },
  cargo("clippy", ["clippy", "--quiet", "--all-targets", ...STRICT]),
  cargo("clippy for wasm", ["clippy", "--quiet", "--lib", ...WASM, ...STRICT]),
  cargo("cargo doc", ["doc", "--quiet", "--no-deps"], { env: { RUSTDOCFLAGS: "-D warnings" } }),
];
const TESTS = cargo("cargo test", ["test", "--quiet"]);

/** Everything but the native tests. */
export const lint = () => runSteps(STEPS);

async function check() {
  checkBundleSize();
  await runSteps([...STEPS, TESTS]);
}

async function runSteps(steps) {
  for (const { title, command, args, env, hint } of steps) {
    await step(title, () => run(command, args, { env: { ...environment(), ...env }, hint }));
  }
}

await runMain(import.meta.url, check);
