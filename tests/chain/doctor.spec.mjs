// `npm run doctor`: settings as they are and as they go wrong, and a deployment that runs.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { NETWORK, otherRelayer } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { startFacilitator } from "../../dev/chain/facilitator.mjs";
import { identityKeys, masterKey } from "../../dev/lib/keys.mjs";
import { root } from "../../dev/lib/process.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { runToEnd } from "../support/here.mjs";
import { startNetwork } from "../support/network.mjs";

const [ownKey, otherKey] = [0, 1].map(() => randomBytes(32).toString("hex"));
const rotation = { MASTER_KEY_PREVIOUS: otherKey, IDENTITY_KEYS: identityKeys(masterKey(otherKey)) };
let chain, facilitator, folder;

before(async () => {
  chain = await startChain();
  facilitator = await startFacilitator({ rpcUrl: chain.url });
  folder = mkdtempSync(path.join(tmpdir(), "concierge-doctor-"));
});
after(async () => {
  await facilitator?.stop();
  await chain?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** Our wrangler.toml with other values and other text, and secrets; what the doctor says of it. */
async function doctor({ vars = {}, secrets = {}, change = (text) => text, args = [] } = {}) {
  const local = { PUBLIC_URL: "http://localhost:8787", RPC_URLS: JSON.stringify({ [NETWORK]: chain.url }), FACILITATOR_URL: facilitator.url };
  let toml = readFileSync(path.join(root, "wrangler.toml"), "utf8");
  for (const [name, value] of Object.entries({ ...local, ...vars })) {
    const line = `[vars]\n${name} = ${JSON.stringify(value)}\n`;
    toml = toml.replace(new RegExp(`^${name} = .*\n`, "m"), "").replace("[vars]\n", () => line);
  }
  const [config, env] = [path.join(folder, "wrangler.toml"), path.join(folder, "secrets")];
  writeFileSync(config, change(toml));
  writeFileSync(env, Object.entries({ MASTER_KEY: ownKey, ...secrets }).map(([name, value]) => `${name}=${value}\n`).join(""));
  const { code, output } = await runToEnd("doctor", ["--json", "--config", config, "--env-file", env, ...args], { STATE_DIR: folder });
  for (const hidden of [ownKey, otherKey, rotation.IDENTITY_KEYS]) assert.ok(!output.includes(hidden), "no secret is shown");
  const { ok, checks } = JSON.parse(output);
  assert.equal(code, ok ? 0 : 1);
  return { ok, checks, todo: checks.filter((one) => !one.ok).map(({ check, detail }) => `${check}: ${detail}`) };
}

test("settings with which everything works are ok, with chain, token, facilitator and clock", async () => {
  const { ok, checks, todo } = await doctor();
  assert.deepEqual(todo, []);
  assert.ok(ok);
  const names = checks.map(({ check }) => check).sort();
  assert.deepEqual(names, ["answers by mail", "bindings", "chain Base Sepolia", "clock", "facilitator Base Sepolia", "mail", "settings", "token Base Sepolia"]);
});

test("each fault of a setting is told with what to do", async () => {
  for (const [setting, pattern] of [
    [{ secrets: { MASTER_KEY: "" } }, /^MASTER_KEY: .*openssl rand -hex 32/],
    [{ secrets: { MASTER_KEY: "short" } }, /^MASTER_KEY: must be 64 hex digits/],
    [{ secrets: { MASTER_KEY_PREVIOUS: otherKey } }, /^IDENTITY_KEYS: is missing beside MASTER_KEY_PREVIOUS/],
    [{ secrets: { ...rotation, IDENTITY_KEYS: identityKeys(masterKey(otherKey)).replace("ik1.", "ik1.0") } }, /^IDENTITY_KEYS: is damaged/],
    [{ secrets: { ...rotation, MASTER_KEY_PREVIOUS: ownKey } }, /^MASTER_KEY_PREVIOUS: is the same key/],
    [{ secrets: { ...rotation, MASTER_KEY_PREVIOUS: "short" } }, /^MASTER_KEY_PREVIOUS: must be the key before/],
    [{ secrets: { MASTERKEY: "x" } }, /^MASTERKEY: no setting has this name/],
    [{ vars: { NETWORKS: "eip155:1" } }, /^NETWORKS: names eip155:1, which is unknown/],
    [{ vars: { RPC_URLS: "{" } }, /^RPC_URLS: set JSON/],
    [{ vars: { RPC_URLS: "{}" } }, /^RPC_URLS: has no endpoint for eip155:84532/],
    [{ vars: { SOLANA_FACILITATOR_URL: facilitator.url } }, /^RPC_URLS: has no endpoint for solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1, .* or remove SOLANA_FACILITATOR_URL$/],
    [{ vars: { FACILITATOR_URL: "self" } }, /^RELAYER_PRIVATE_KEY: is not here/],
    [{ vars: { FACILITATOR_API: "token" } }, /^FACILITATOR_TOKENS: is not here/],
    [{ change: (text) => text.replace("[vars]\n", `[vars]\nMASTER_KEY = "${"1".repeat(64)}"\n`) }, /^MASTER_KEY: is a secret: take it out of wrangler\.toml/],
    [{ change: (text) => text.replace('new_sqlite_classes = ["Budget"]', "new_sqlite_classes = []") }, /^Budget: add a \[\[migrations\]\]/],
    [{ change: (text) => text.replace('binding = "SECRETS"', 'binding = "OTHER"') }, /^SECRETS: add \[\[kv_namespaces\]\]/],
    [{ change: (text) => text.replace(/^crons = .*$/m, "crons = []") }, /^triggers: add the cron/],
  ]) {
    const { ok, todo } = await doctor(setting);
    assert.equal(ok, false);
    assert.ok(todo.some((line) => pattern.test(line)), `${pattern} in ${todo.join("\n")}`);
  }
});

test("a rotation that is under way here is ok", async () => {
  const { todo } = await doctor({ secrets: rotation });
  assert.deepEqual(todo, []);
});

test("a chain that is away or another one, and a facilitator that is away, are told", async () => {
  const away = `http://127.0.0.1:${await freePort()}`;
  const rpc = (id, url) => ({ NETWORKS: id, RPC_URLS: JSON.stringify({ [id]: url }) });
  const other = await doctor({ vars: rpc("eip155:8453", chain.url) });
  assert.match(other.todo.join("\n"), /chain Base: its endpoint is one of chain 84532, and 8453 is wanted/);
  const gone = await doctor({ vars: { ...rpc(NETWORK, away), FACILITATOR_URL: away } });
  assert.match(gone.todo.join("\n"), /chain Base Sepolia: its endpoint gives no answer \(ECONNREFUSED\)[^]*facilitator: gives no list of networks/);
});

test("a token that signs in another domain is told", async () => {
  const server = createServer(async (asked, answer) => {
    const body = await asked.toArray();
    const answers = await (await fetch(chain.url, { method: "POST", headers: { "content-type": "application/json" }, body: Buffer.concat(body) })).json();
    const changed = answers.map((one) => (one.id === 3 ? { ...one, result: `0x${"11".repeat(32)}` } : one));
    answer.setHeader("content-type", "application/json");
    answer.end(JSON.stringify(changed));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const RPC_URLS = JSON.stringify({ [NETWORK]: `http://127.0.0.1:${server.address().port}` });
    const { todo } = await doctor({ vars: { RPC_URLS } });
    assert.match(todo.join("\n"), /^token Base Sepolia: 0x036C\w+ has another signing domain than "USDC", version 2, [^\n]*$/);
  } finally {
    server.close();
  }
});

test("a relayer with coin is ok, one without is told", async () => {
  const rich = await doctor({ vars: { FACILITATOR_URL: "self" }, secrets: { RELAYER_PRIVATE_KEY: otherRelayer.privateKey } });
  assert.deepEqual(rich.todo, []);
  const poor = await doctor({ vars: { FACILITATOR_URL: "self" }, secrets: { RELAYER_PRIVATE_KEY: randomBytes(32).toString("hex") } });
  assert.match(poor.todo.join("\n"), /relayer Base Sepolia: 0x\w{40} holds 0 of the network's coin: send it a little/);
});

test("a facilitator that settles elsewhere, and a clock that is wrong, are told", async () => {
  const server = createServer((_, answer) => {
    answer.setHeader("date", new Date(Date.now() - 3_600_000).toUTCString());
    answer.setHeader("content-type", "application/json");
    answer.end(JSON.stringify({ kinds: [{ x402Version: 2, scheme: "exact", network: NETWORK }] }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const FACILITATOR_URL = `http://127.0.0.1:${server.address().port}`;
    const late = await doctor({ vars: { FACILITATOR_URL } });
    assert.match(late.todo.join("\n"), /^clock: this clock and theirs are 36\d\d s apart[^\n]*$/);
    const vars = { FACILITATOR_URL, NETWORKS: "eip155:80002", RPC_URLS: JSON.stringify({ "eip155:80002": chain.url }) };
    assert.match((await doctor({ vars })).todo.join("\n"), /facilitator Polygon Amoy: does not settle there: set another FACILITATOR_URL/);
  } finally {
    server.close();
  }
});

test("a deployment that runs is ok; one whose settings are at fault says which", async (t) => {
  const network = await startNetwork();
  t.after(() => network.stop());
  // Its chain is known here as that of this machine.
  writeFileSync(path.join(folder, "state.json"), JSON.stringify({ url: network.worker.url, rpc: network.chain.url }));
  const url = ["--url", network.worker.url];
  const well = await doctor({ args: url });
  assert.deepEqual(well.todo, []);
  for (const check of ["reachable", "settings", "keys", "objects", "page", "mail", "chain Base Sepolia", "token Base Sepolia"]) {
    assert.ok(well.checks.some((one) => one.check === check), check);
  }
  const gone = await doctor({ args: ["--url", `http://127.0.0.1:${await freePort()}`] });
  assert.match(gone.todo.join("\n"), /^reachable: .*ECONNREFUSED/);
  await network.worker.restart({ vars: { NETWORKS: "eip155:1" }, secrets: { MASTER_KEY: "short" } });
  const faulty = await doctor({ args: url });
  assert.match(faulty.todo.join("\n"), /settings: NETWORKS names "eip155:1"[^]*settings: MASTER_KEY/);
});
