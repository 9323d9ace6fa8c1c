// Installs the clients that `npm test` does not need, each list of packages in a folder of its own below .dev/matrix,
// and again only when the list has changed. The programs stand beside their packages there, in copies.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, output, root, run, step } from "../../dev/lib/process.mjs";

const sources = fileURLToPath(new URL(".", import.meta.url));
const folder = path.join(root, ".dev", "matrix");
// The lists are frozen without the packages that stand in for what older versions lack.
const PYTHON_MIN = [3, 11];

/** Installs all of it. `rustProgram` is compiled as `documented`. Gives `commandOf(program)`: the command and the folder of a row's program. */
export async function install(rustProgram) {
  for (const part of ["npm", "python", "rust"]) cpSync(path.join(sources, part), path.join(folder, part), { recursive: true, preserveTimestamps: true });
  await installNpm();
  for (const list of ["mcp1", "mcp2"]) await installPython(list);
  await compileRust(rustProgram);
  return commandOf;
}

function commandOf([list, name, ...args]) {
  if (list === "npm") return { command: [process.execPath, name, ...args], cwd: path.join(folder, "npm") };
  if (list === "rust") return { command: [path.join(folder, "rust/target/debug", name), ...args], cwd: path.join(folder, "rust") };
  return { command: [pythonOf(list), name, ...args], cwd: path.join(folder, "python") };
}

const pythonOf = (list) => path.join(folder, "python", list, "bin", "python");

// As dev/setup.mjs: not `npm ci`. Packages that only other packages' users need (`--legacy-peer-deps`) are left out.
async function installNpm() {
  await unlessDone("npm", path.join(sources, "npm/package-lock.json"), () => {
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    return run("npm", ["--prefix", path.join(folder, "npm"), "install", "--no-save", "--legacy-peer-deps", "--ignore-scripts", ...quiet]);
  });
}

async function installPython(list) {
  const wanted = path.join(sources, "python", `${list}.txt`);
  await unlessDone(`python/${list}`, wanted, async () => {
    const version = (output("python3", ["--version"])?.match(/\d+/g) ?? [0, 0]).map(Number);
    if (version[0] < PYTHON_MIN[0] || (version[0] === PYTHON_MIN[0] && version[1] < PYTHON_MIN[1])) {
      throw new Failure(`the clients in Python need python3, ${PYTHON_MIN.join(".")} or newer, with its module venv (Debian: \`apt install python3-venv\`)`);
    }
    await run("python3", ["-m", "venv", "--clear", path.join(folder, "python", list)]);
    await run(pythonOf(list), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", wanted]);
  });
}

async function compileRust(program) {
  const project = path.join(folder, "rust");
  const file = path.join(project, "src/bin/documented.rs");
  if (!existsSync(file) || readFileSync(file, "utf8") !== program) writeFileSync(file, program);
  await step("compiling the clients in Rust", () => run("cargo", ["build", "--quiet", "--locked", "--bins", "--manifest-path", path.join(project, "Cargo.toml"), "--target-dir", path.join(project, "target")]));
}

/** Does the work unless it was done for exactly this list. */
async function unlessDone(part, list, work) {
  const stamp = path.join(folder, part, ".installed");
  const hash = createHash("sha256").update(readFileSync(list)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  mkdirSync(path.dirname(stamp), { recursive: true });
  await step(`installing the clients of ${part}`, work);
  writeFileSync(stamp, hash);
}
