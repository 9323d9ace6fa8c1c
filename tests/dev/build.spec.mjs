// What the build knows of its sources and of its size, without compiling.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readWasm } from "../../bench/wasm.mjs";
import { BUNDLE_GZIP_MAX, checkedSize } from "../../dev/lib/size.mjs";
import { sourceHash } from "../../dev/lib/source-hash.mjs";

const folder = mkdtempSync(join(tmpdir(), "build-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("every change of a source, its name or a setting makes other sources, and nothing else does", () => {
  mkdirSync(join(folder, "src", "host"), { recursive: true });
  writeFileSync(join(folder, "src", "host", "mod.rs"), "one");
  writeFileSync(join(folder, "Cargo.lock"), "two");
  const seen = new Set([sourceHash(folder)]);
  const isNew = (change) => {
    change();
    const { size } = seen;
    return seen.add(sourceHash(folder)).size > size;
  };
  assert.ok(!isNew(() => writeFileSync(join(folder, "README.md"), "three")));
  assert.ok(isNew(() => writeFileSync(join(folder, "src", "host", "mod.rs"), "four")));
  assert.ok(isNew(() => renameSync(join(folder, "src", "host", "mod.rs"), join(folder, "src", "host", "api.rs"))));
  assert.ok(isNew(() => writeFileSync(join(folder, "Cargo.lock"), "five")));
  assert.ok(isNew(() => (process.env.KEEP_NAMES = "1")));
  assert.ok(!isNew(() => delete process.env.KEEP_NAMES));
});

test("a bundle that is larger than agreed fails and says what to do", () => {
  assert.match(checkedSize(BUNDLE_GZIP_MAX), /^[\d.]+ kB gzipped, at most [\d.]+ kB$/);
  assert.throws(() => checkedSize(BUNDLE_GZIP_MAX + 1), /too large.*bench\/size\.mjs/);
});

test("the functions and the data of a wasm file are read with their names", () => {
  const section = (id, ...bytes) => [id, bytes.length, ...bytes];
  const text = (word) => [word.length, ...Buffer.from(word)];
  const bytes = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    // An imported function and an imported memory with an upper limit; only the first counts for the numbers of functions.
    ...section(2, 2, ...text("a"), ...text("f"), 0, 0, ...text("a"), ...text("m"), 2, 1, 1, 2),
    ...section(10, 2, 2, 0, 0x0b, 4, 0, 1, 1, 0x0b),
    // At address 11, whose byte looks like an end.
    ...section(11, 1, 0, 0x41, 11, 0x0b, 3, 7, 8, 9),
    ...section(0, ...text("name"), 1, 11, 2, 0, ...text("taken"), 2, ...text("b")),
  ];
  const { functions, data, sections } = readWasm(Uint8Array.from(bytes));
  assert.deepEqual(functions, [{ name: "?", size: 2 }, { name: "b", size: 4 }]);
  assert.deepEqual(data.map((part) => [...part]), [[7, 8, 9]]);
  assert.deepEqual(sections.map(({ name }) => name), ["import", "code", "data", "custom: name"]);
});
