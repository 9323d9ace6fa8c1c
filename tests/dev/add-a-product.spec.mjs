// docs/add-a-product.md: its code is applied to a copy of the sources, compiled and tested, and touches no other file than
// it says.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { blocksIn, linesAdded, withAddition } from "../../dev/lib/blocks.mjs";
import { environment, root } from "../../dev/lib/process.mjs";

const document = readFileSync(join(root, "docs", "add-a-product.md"), "utf8");
const { files, additions } = blocksIn(document);
const copy = join(root, ".dev", "add-a-product");
/** Not needed to compile and run the native tests. */
const LEFT_OUT = ["target", "node_modules", ".dev", ".git", ".wrangler", "build"];

/** The paths of all files under a folder. */
function under(folder, prefix = "") {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = join(prefix, entry.name);
    if (entry.isDirectory()) return LEFT_OUT.includes(entry.name) ? [] : under(folder, path);
    return entry.isFile() ? [path] : [];
  });
}

/** Makes the copy equal to the sources with the document applied. A file that is equal keeps its time, so cargo compiles only what changed. */
function makeCopy() {
  const written = new Map(files.map(({ path, text }) => [path, text]));
  for (const one of additions) {
    const source = written.get(one.path) ?? readFileSync(join(root, one.path), "utf8");
    written.set(one.path, withAddition(source, one));
  }
  const sources = under(root);
  mkdirSync(copy, { recursive: true });
  for (const path of new Set([...sources, ...written.keys()])) {
    put(path, written.has(path) ? Buffer.from(written.get(path)) : readFileSync(join(root, path)));
  }
  const stale = under(copy).filter((path) => !written.has(path) && !existsSync(join(root, path)));
  for (const path of stale) rmSync(join(copy, path));
}

function put(path, text) {
  const target = join(copy, path);
  if (existsSync(target) && readFileSync(target).equals(text)) return;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}

function cargo(...args) {
  const env = { ...environment(), CARGO_TARGET_DIR: join(root, "target"), INSTA_UPDATE: "no" };
  const { status, stdout, stderr } = spawnSync("cargo", args, { cwd: copy, env, encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(status, 0, `cargo ${args.join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
}

const passedIn = (output) => [...output.matchAll(/^test result: ok\. (\d+) passed/gm)].reduce((sum, [, count]) => sum + Number(count), 0);

test("a new product is its folder, three lines, and what its storage needs", () => {
  const created = files.map(({ path }) => path).filter((path) => !path.startsWith("src/products/guestbook/"));
  assert.deepEqual(created, ["tests/it/guestbook.rs"], "everything else that is new is in its folder");
  assert.deepEqual(files.filter(({ path }) => existsSync(join(root, path))), [], "a file of the document exists already");
  const touched = [...new Set(additions.map(({ path }) => path))].sort();
  const kernel = ["src/products/mod.rs", "src/shop/registry.rs"];
  const storage = ["src/host/backup/tables.rs", "src/ledger/mod.rs"];
  const tests = ["tests/it/main.rs", "tests/it/repeat.rs"];
  assert.deepEqual(touched, [...storage, ...kernel, ...tests].sort());
  const lines = (paths) => paths.reduce((sum, path) => sum + linesAdded(additions, path), 0);
  assert.deepEqual([lines(kernel), lines(storage), lines(tests)], [3, 2, 2]);
});

test("the document's table names what is touched", () => {
  const table = document.split("## What is touched")[1].split("\n\n")[1];
  const named = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, path]) => path);
  const created = files.map(({ path }) => (path.startsWith("src/products/guestbook/") ? "src/products/guestbook/" : path));
  assert.deepEqual(named.toSorted(), [...new Set([...created, ...additions.map(({ path }) => path)])].sort());
});

test("an addition needs the line that it follows", () => {
  const one = { path: "a.rs", after: "b;", text: "c;\n" };
  assert.equal(withAddition("a;\nb;\nb; // again\nd;\n", one), "a;\nb;\nb; // again\nc;\nd;\n");
  assert.throws(() => withAddition("a;\n", one), /a\.rs has no line with b;/);
});

test("the document's code is formatted, compiles, and does what it says", () => {
  makeCopy();
  cargo("fmt", "--check");
  const own = cargo("test", "--quiet", "--test", "it", "--", "guestbook::");
  const tests = files.find(({ path }) => path === "tests/it/guestbook.rs").text.match(/^#\[test\]$/gm);
  assert.ok(tests.length >= 4);
  assert.equal(passedIn(own), tests.length);
  // The rules that hold for every product: who may read an answer again, the layers, older storage, what a backup holds.
  const rules = cargo("test", "--quiet", "--test", "it", "--", "repeat::", "layers::", "golden::", "migrations::", "every_table");
  assert.ok(passedIn(rules) >= 20, rules);
});
