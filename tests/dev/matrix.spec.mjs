// The client matrix without running it: the table of docs/clients.md is the one that its rows and the lists of packages
// give, and each row is there to be run. `npm run matrix` runs them, and the quick ones are tests of `npm test`.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { root } from "../../dev/lib/process.mjs";
import { ROWS } from "../matrix/rows.mjs";
import { committedTable, expected, tableOf, titleOf } from "../matrix/table.mjs";
import { documentedPrograms } from "../support/programs.mjs";

const read = (file) => readFileSync(path.join(root, file), "utf8");

test("the committed table is what every client is expected to do, in the versions that are installed", () => {
  assert.equal(committedTable(), tableOf(expected));
});

test("a client of another version, or one that does something else, changes the table", () => {
  const [first] = ROWS;
  assert.match(titleOf(first), /^`@modelcontextprotocol\/sdk` \d+\.\d+\.\d+$/);
  assert.notEqual(committedTable(), tableOf((row) => (row === first ? "does not pay" : expected(row))));
});

test("every row is a test of `npm test`, a program, or the document's program", () => {
  const spelled = (text) => text.replaceAll(/\$\{[^}]*\}/g, "?");
  for (const row of ROWS) {
    const ways = ["test", "program", "documented"].filter((way) => row[way] !== undefined);
    assert.equal(ways.length, 1, titleOf(row));
    if (row.program) assert.ok(existsSync(path.join(root, sourceOf(row))), sourceOf(row));
    if (row.documented) assert.ok(documentedPrograms().some(({ language }) => language === row.documented));
    if (row.test) {
      const titles = [...read(row.test.file).matchAll(/test\(["`](.*?)["`],/g)].map(([, title]) => spelled(title));
      const matches = (title) => new RegExp(`^${title.replaceAll(/[.*+^$()[\]{}|\\/]/g, "\\$&").replaceAll("?", ".+")}$`).test(row.test.title);
      assert.ok(titles.some(matches), `${row.test.file} has no test "${row.test.title}"`);
    }
  }
});

function sourceOf({ program: [list, name] }) {
  if (list === "npm") return `tests/matrix/npm/${name}`;
  return list === "rust" ? `tests/matrix/rust/src/bin/${name}.rs` : `tests/matrix/python/${name}`;
}

test("the versions that the document's programs name are those of the matrix", () => {
  const install = Object.fromEntries(documentedPrograms().map((program) => [program.language, program.install]));
  const [, python] = /"x402\[[\w,]+\]==([\d.]+)"/.exec(install.Python);
  assert.match(read("tests/matrix/python/mcp2.txt"), new RegExp(`^x402==${python}$`, "m"));
  const crates = [...install.Rust.matchAll(/ ([\w-]+)@([\d.]+)/g)].map(([, name, version]) => [name, version]);
  assert.equal(crates.length, 6);
  const manifest = read("tests/matrix/rust/Cargo.toml");
  for (const [name, version] of crates) assert.match(manifest, new RegExp(`^${name} = .*"=?${version}[.\\d]*"`, "m"), `${name} ${version}`);
});
