// The URL standard and Unicode in the runtime that the Worker runs in, at its compatibility date: they say what the crates say
// that native tests link. The rules which servers a guest may connect to rest on it (src/mcp/client/address.rs).
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createTestHarness, unstable_readConfig } from "wrangler";
import { root } from "../../dev/lib/process.mjs";

// No test reaches the internet.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

const PROBE = `
import ${JSON.stringify(join(root, "src", "edge", "shim.mjs"))};
const answers = {
  addresses: ({ address, base }) => __href(address, base) ?? null,
  folded: ({ text }) => __folded(text),
  hasInk: ({ text }) => __has_ink(text),
};
export default {
  async fetch(request) {
    const [what, asked] = await request.json();
    return Response.json(asked.map(answers[what]));
  },
};`;
const vectors = JSON.parse(readFileSync(join(root, "tests", "vectors", "standards.json"), "utf8"));

let folder, harness;

before(async () => {
  mkdirSync(join(root, ".dev"), { recursive: true });
  folder = mkdtempSync(join(root, ".dev", "standards-"));
  const { compatibility_date, compatibility_flags } = unstable_readConfig({ config: join(root, "wrangler.toml") });
  const config = { name: "standards", main: "probe.mjs", compatibility_date, compatibility_flags };
  writeFileSync(join(folder, "probe.mjs"), PROBE);
  writeFileSync(join(folder, "wrangler.json"), JSON.stringify(config));
  harness = createTestHarness({ root: folder, workers: [{ configPath: "wrangler.json" }] });
  await harness.listen();
});
after(async () => {
  await harness?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function said(what, asked) {
  const answer = await harness.fetch("http://probe/", { method: "POST", body: JSON.stringify([what, asked]) });
  return answer.json();
}

test("every address has the normal form that the guard was tested with", async () => {
  const hrefs = await said("addresses", vectors.addresses);
  assert.ok(vectors.addresses.length > 600);
  const found = vectors.addresses.map(({ address, base }, index) => [address, base, hrefs[index]]);
  // `runtime`: where it follows the standard and the crate does not. Neither is about the host of an address.
  assert.deepEqual(found, vectors.addresses.map(({ address, base, href, runtime = href }) => [address, base, runtime]));
  assert.ok(vectors.addresses.filter(({ runtime }) => runtime !== undefined).length === 4);
});

test("texts are folded to the same words, and the same texts are blank", async () => {
  const [folded, hasInk] = [await said("folded", vectors.texts), await said("hasInk", vectors.texts)];
  assert.ok(vectors.texts.length > 100);
  const found = vectors.texts.map(({ text }, index) => ({ text, folded: folded[index], hasInk: hasInk[index] }));
  assert.deepEqual(found, vectors.texts);
});
