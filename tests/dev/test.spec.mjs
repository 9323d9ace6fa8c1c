// `npm test` itself: what runs beside what, and that a failure is never lost.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { failuresIn, runJobs, runSpec } from "../../dev/lib/specs.mjs";

let folder;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "test-test-"));
  // A runner that knows that it runs inside another one runs nothing.
  delete process.env.NODE_TEST_CONTEXT;
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A job that ends when the test says so. */
function job(title, room) {
  const { promise, resolve } = Promise.withResolvers();
  const one = { title, room, lane: undefined, end: () => resolve({ passed: 1, failed: 0, output: "" }) };
  one.run = (lane) => {
    one.lane = lane;
    return promise;
  };
  return one;
}

/** What has begun, after everything that can begin has. */
async function begun(jobs) {
  await new Promise((resolve) => setImmediate(resolve));
  return jobs.filter(({ lane }) => lane !== undefined).map(({ title }) => title);
}

test("the same port is never given twice, though nobody listens yet", async () => {
  const script = `import { freePort } from "${new URL("../../dev/lib/ports.mjs", import.meta.url)}"; const ports = []; for (let i = 0; i < 8; i += 1) ports.push(await freePort()); console.log(new Set(ports).size);`;
  const env = { ...process.env, FREE_PORTS: "9870-9880" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { env });
  assert.equal(stdout.trim(), "8");
});

test("a port that no client may ask is not given", async () => {
  const script = `import { freePort } from "${new URL("../../dev/lib/ports.mjs", import.meta.url)}"; console.log(await freePort());`;
  const env = { ...process.env, FREE_PORTS: "10080-10082" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { env });
  assert.equal(stdout.trim(), "10081");
  await assert.rejects(fetch("http://127.0.0.1:10080/"), { cause: new Error("bad port") });
});

test("where there is room for two files, four that wait run at a time, and one alone after all others", async () => {
  const alone = job("alone", 2);
  const [a, b, c] = ["a", "b", "c"].map((title) => job(title, 1));
  const [d, e] = ["d", "e"].map((title) => job(title, 0.5));
  const jobs = [a, b, c, d, e, alone];
  const ends = [];
  const over = runJobs(jobs, ({ title }) => ends.push(title), 2);
  assert.deepEqual(await begun(jobs), ["a", "b"]);
  a.end();
  assert.deepEqual(await begun(jobs), ["a", "b", "c"]);
  b.end();
  assert.deepEqual(await begun(jobs), ["a", "b", "c", "d", "e"]);
  assert.equal(new Set([c, d, e].map(({ lane }) => lane)).size, 3, "each has a lane of its own");
  c.end();
  d.end();
  assert.ok(!(await begun(jobs)).includes("alone"), "something else runs still");
  e.end();
  assert.ok((await begun(jobs)).includes("alone"));
  alone.end();
  assert.equal((await over).length, jobs.length);
  assert.deepEqual(ends, ["a", "b", "c", "d", "e", "alone"]);
});

const FILES = {
  "two that pass": [`test("a", () => {}); test("b", () => {});`, 2, 0],
  "one that fails": [`test("a", () => {}); test("b", () => assert.fail("this is why"));`, 1, 1],
  "one that throws before any test": [`throw new Error("this is why");`, 0, 1],
  "one that is killed": [`test("a", () => {}); process.kill(process.pid, "SIGKILL");`, 0, 1],
};

for (const [what, [code, passed, failed]] of Object.entries(FILES)) {
  test(`a file with ${what} is counted as that`, async () => {
    const file = join(folder, `${what.replaceAll(" ", "-")}.spec.mjs`);
    writeFileSync(file, `import assert from "node:assert/strict"; import { test } from "node:test"; ${code}`);
    const result = await runSpec(file, 0, { folder });
    assert.deepEqual([result.passed, result.failed], [passed, failed], result.output);
    if (/why/.test(code)) assert.match(failuresIn(result.output), /this is why/);
  });
}

test("a failed file ends though it has left a process behind", async () => {
  const file = join(folder, "leaves.spec.mjs");
  const code = `test("a", () => { spawn("sleep", ["60"], { stdio: ["pipe", "pipe", "inherit"] }); assert.fail("this is why"); });`;
  writeFileSync(file, `import assert from "node:assert/strict"; import { spawn } from "node:child_process"; import { test } from "node:test"; ${code}`);
  const result = await runSpec(file, 0, { folder, limit: 30_000 });
  assert.deepEqual([result.passed, result.failed], [0, 1], result.output);
  assert.match(failuresIn(result.output), /this is why/);
  assert.doesNotMatch(result.output, /stopped after/);
});

test("a file that hangs is stopped at its limit and has failed", async () => {
  const file = join(folder, "hangs.spec.mjs");
  writeFileSync(file, `import { test } from "node:test"; test("a", () => {}); test("b", () => new Promise((resolve) => setTimeout(resolve, 60_000)));`);
  const result = await runSpec(file, 0, { folder, limit: 2_000 });
  assert.ok(result.failed > 0, result.output);
  assert.match(result.output, /stopped after 2 s/);
});

test("files side by side choose their ports from ranges of their own", async () => {
  const file = join(folder, "ports.spec.mjs");
  writeFileSync(file, `import { test } from "node:test"; test("a", () => console.log("ports " + process.env.FREE_PORTS));`);
  const said = await Promise.all([0, 1, 2].map((lane) => runSpec(file, lane, { folder: mkdtempSync(join(folder, "lane-")) })));
  const ranges = said.map(({ output }) => /ports (\d+)-(\d+)/.exec(output).slice(1).map(Number));
  for (const [at, [from, to]] of ranges.entries()) {
    assert.ok(to > from);
    if (at > 0) assert.ok(from >= ranges[at - 1][1]);
  }
});
