// The rules of the books (src/ledger/audit.sql) over the storage of a running host object.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const rules = readFileSync(new URL("../../src/ledger/audit.sql", import.meta.url), "utf8")
  .split("\n--;\n")
  .filter((rule) => rule.includes("SELECT"));

/** Fails with the rule and the ids that break it. */
export async function assertBooksAreClean(worker, scope) {
  assert.ok(rules.length > 5, "the rules are read");
  for (const rule of rules) {
    const now = String(Math.floor(Date.now() / 1000));
    const broken = await worker.sql(scope, rule.replaceAll("?1", now));
    assert.deepEqual(broken, [], rule.split("\n")[0].replace("-- ", ""));
  }
}
