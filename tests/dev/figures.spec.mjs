// `npm run figures`: it counts what it says, and a goal that was met stays met.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { figures } from "../../dev/figures.mjs";
import { root } from "../../dev/lib/process.mjs";
import { circles, expand, functions, imports, upward } from "../../dev/lib/source.mjs";
import { notInSources, turningBack, wayIn } from "../../dev/lib/way.mjs";

/** A goal that is met is added here, and never taken out. */
const MET = [
  "files-for-a-paid-tool",
  "files-for-a-product",
  "lines-for-a-product",
  "files-for-its-storage",
  "hops-of-a-paid-call",
  "hops-that-turn-back",
  "hops-not-in-the-sources",
  "imports-upward",
  "modules-in-circles",
  "methods-on-host",
  "copies-of-paging",
  "copies-of-the-fate-of-an-authorization",
  "copies-of-calls-between-objects",
  "copies-of-back-off",
  "functions-over-70-lines",
];
test("every figure has one line", () => {
  const { status, stdout } = spawnSync(process.execPath, ["dev/figures.mjs"], { cwd: root, encoding: "utf8" });
  assert.equal(status, 0);
  const lines = stdout.trimEnd().split("\n");
  assert.ok(lines.length >= MET.length + 2);
  for (const line of lines) assert.match(line, /^figure [a-z0-9-]+ \d+ goal \d+ (met|missed)$/);
});

test("what is met stays met", () => {
  const all = new Map(figures().map((figure) => [figure.name, figure]));
  for (const name of MET) {
    const { value, goal, isMet, where } = all.get(name);
    assert.ok(isMet, `${name} is ${value}, its goal ${goal}:\n${where.join("\n")}`);
    assert.ok(value > 0 || goal === 0, `${name} counts nothing`);
  }
});

test("a figure says what it counts", () => {
  const ask = (name) => spawnSync(process.execPath, [join(root, "dev", "figures.mjs"), "--where", name], { cwd: root, encoding: "utf8" });
  assert.equal(ask("copies-of-back-off").stdout, "src/base/backoff.rs\n");
  assert.equal(ask("cellar").status, 1);
});

const file = (module, code) => ({ path: `src/${module}.rs`, module, text: code, code });

test("imports are read from use lines and from paths, and a circle and an import upward are seen", () => {
  assert.deepEqual(expand("a::{b, c::{self, d as e}, f}"), ["a::b", "a::c::self", "a::c::d", "a::f"]);
  const graph = imports([
    file("base", "use std::fmt;"),
    file("ports::one", "use crate::base;\nuse super::two::Two;"),
    file("ports::two", "fn f() { crate::ports::one::g() }"),
    file("host", "use crate::{\n  base::x,\n  ports::one,\n};"),
  ]);
  assert.deepEqual([...graph.get("host")], ["base", "ports::one"]);
  assert.deepEqual(circles(graph), ["ports::one", "ports::two"]);
  assert.deepEqual(upward(graph, ["base", "ports", "host"]), []);
  assert.deepEqual(upward(graph, ["ports", "base", "host"]), ["ports::one > base"]);
});

test("functions are counted without comments and empty lines", () => {
  const text = "impl A {\n    fn a(&self) {\n        // why\n\n        b();\n    }\n\n    pub(crate) async fn b() {}\n}\n\nfn c(\n    d: u8,\n) -> u8 {\n    d\n}\n";
  assert.deepEqual(functions(text), [
    { name: "a", lines: 1 },
    { name: "b", lines: 1 },
    { name: "c", lines: 1 },
  ]);
});

test("the way of a call is read from the document, and a step that the sources do not have is seen", () => {
  const way = wayIn("text\n```text\nedge/calls gate\n  host handle\n    shop/pay pay\n      host check\n  host/reply reply\n```\nmore");
  assert.deepEqual(
    way.map(({ from, to, calls }) => [from, to, ...calls]),
    [["edge/calls", "host", "handle"], ["host", "shop/pay", "pay"], ["shop/pay", "host", "check"], ["edge/calls", "host/reply", "reply"]],
  );
  const files = [
    file("edge/calls", "fn fetch() { stub.handle(); reply() }"),
    file("host/mod", "fn handle() { pay() }\nlet check = || 1;"),
    file("shop/pay", "fn pay() { check() }"),
    file("host/reply", "fn answer() {}"),
  ];
  assert.deepEqual(notInSources(way, files), ["edge/calls > host/reply reply"]);
  assert.deepEqual(notInSources([{ from: "shop/pay", to: "host", calls: ["handle"] }], files), ["shop/pay > host handle"]);
  assert.deepEqual(turningBack(way, ["shop", "host"]).map(({ to }) => to), ["host"]);
});
