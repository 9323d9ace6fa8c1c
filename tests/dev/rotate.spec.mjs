// `npm run secrets -- --rotate` and `-- --rotated`, against a stand-in for wrangler and for the deployment.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { identityKeys, keyId, masterKey } from "../../dev/lib/keys.mjs";
import { Failure, root } from "../../dev/lib/process.mjs";
import { secrets } from "../../dev/secrets.mjs";

const ADDRESS = "https://events-concierge.acme.workers.dev";
const NAME = "events-concierge";
const FIRST = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
// The same in src/identity/lasting.rs, src/config/tests.rs and tests/it/rotation.rs.
const IDENTITY = {
  [FIRST]:
    "ik1.7dc3a60cc82c7ca6ddccea120078bab82ec835fa9114306d2ac3c488a3d723341455d0016505a3ba199ffbfbbac7a7fc6cbcc670e08bb0de7e5d00e2c6c2067a.bac5cf53",
  ["1".repeat(64)]:
    "ik1.ebdf31d27e64bb9fa68e7e9a8296a05975a5dbcede18f20894a1cc1277f05a26f729a4a81c7b91988ab9dafa2b3633173aa690003a2f810e1569ab2fa5f92614.dfc6235a",
};

let folder, file, said, asked, health;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rotate-test-"));
  file = join(folder, "account.json");
  process.env.FAKE_WRANGLER = file;
  [said, asked, health] = [[], [], undefined];
  const worker = { vars: {}, secrets: ["MASTER_KEY", "OPENAI_API_KEY"], values: { MASTER_KEY: FIRST, OPENAI_API_KEY: "k" }, uploads: [] };
  writeFileSync(file, JSON.stringify({ isLoggedIn: true, calls: [], workers: { [NAME]: worker } }));
  writeFileSync(join(folder, "deployed.json"), JSON.stringify({ [NAME]: ADDRESS }));
  process.env.MASTER_KEY = FIRST;
});
afterEach(() => {
  delete process.env.MASTER_KEY;
  rmSync(folder, { recursive: true, force: true });
});

const account = () => JSON.parse(readFileSync(file, "utf8"));
const values = () => account().workers[NAME].values;
const changes = () => account().calls.filter(([, command]) => command === "bulk");

/** What the deployment says of its keys, unless a test has it say something else. */
function keysOf() {
  const { MASTER_KEY: current, MASTER_KEY_PREVIOUS: previous } = values();
  const id = keyId(masterKey(current));
  return health ?? { id, ...(previous && { previousId: keyId(masterKey(previous)), isSealedAnew: true, hostsOpen: 0, unopened: 0 }) };
}

const run = (...args) =>
  secrets(args, {
    wrangler: [process.execPath, join(root, "tests", "support", "fake-wrangler.mjs")],
    known: join(folder, "deployed.json"),
    config: () => ({ name: NAME, vars: { NETWORK_SET: "test" }, routes: [] }),
    folder,
    say: (line) => said.push(line),
    ask: (url) => {
      asked.push(url);
      if (health instanceof Error) throw health;
      return { status: "ok", keys: keysOf() };
    },
  });

test("keys are derived as the Worker derives them", () => {
  for (const [master, expected] of Object.entries(IDENTITY)) assert.equal(identityKeys(masterKey(master)), expected);
  assert.equal(keyId(masterKey("1".repeat(64))), 2776102471);
  assert.deepEqual(masterKey(Buffer.alloc(32, 7).toString("base64")), Buffer.alloc(32, 7));
  for (const none of ["", undefined, "short", "g".repeat(64), "1".repeat(62)]) assert.equal(masterKey(none), undefined);
});

test("the first rotation sets the new key, the previous one and the identity keys in one request", async () => {
  const set = await run("--rotate");
  const { MASTER_KEY, ...others } = set;
  assert.match(MASTER_KEY, /^[0-9a-f]{64}$/);
  assert.notEqual(MASTER_KEY, FIRST);
  assert.deepEqual(others, { MASTER_KEY_PREVIOUS: FIRST, IDENTITY_KEYS: IDENTITY[FIRST] });
  assert.deepEqual(values(), { OPENAI_API_KEY: "k", ...set });
  assert.equal(changes().length, 1);
  assert.deepEqual(asked, [`${ADDRESS}/health`]);
  const text = said.join("\n");
  assert.ok(text.includes(MASTER_KEY) && text.includes(IDENTITY[FIRST]) && !text.includes(FIRST), "what is new is shown once");
  assert.match(text, /npm run secrets -- --rotated/);
  assert.ok(!JSON.stringify(account().calls).includes(MASTER_KEY), "in no command line");
});

test("the second rotation keeps the identity keys of the first, and waits for the end of that", async () => {
  const { MASTER_KEY: second } = await run("--rotate");
  process.env.MASTER_KEY = second;
  await assert.rejects(run("--rotate"), /a rotation is under way.*--rotated/s);
  assert.equal(values().MASTER_KEY, second);
  assert.equal(await run("--rotated"), true);
  assert.deepEqual(Object.keys(values()).sort(), ["IDENTITY_KEYS", "MASTER_KEY", "OPENAI_API_KEY"]);
  assert.ok(!account().workers[NAME].secrets.includes("MASTER_KEY_PREVIOUS"));
  const third = await run("--rotate");
  assert.deepEqual(Object.keys(third), ["MASTER_KEY", "MASTER_KEY_PREVIOUS"]);
  assert.equal(third.MASTER_KEY_PREVIOUS, second);
  assert.equal(values().IDENTITY_KEYS, IDENTITY[FIRST]);
  // An operator who insists.
  process.env.MASTER_KEY = third.MASTER_KEY;
  assert.equal((await run("--rotate", "--anyway")).MASTER_KEY_PREVIOUS, third.MASTER_KEY);
});

test("another key than the one that is set changes nothing", async () => {
  process.env.MASTER_KEY = "1".repeat(64);
  await assert.rejects(run("--rotate"), /is not the key of https:\/\/events-concierge\.acme\.workers\.dev; nothing is changed/);
  for (const [key, expected] of [["short", /is no key/], ["", /read -rs MASTER_KEY/]]) {
    process.env.MASTER_KEY = key;
    await assert.rejects(run("--rotate"), expected);
  }
  process.env.MASTER_KEY = FIRST;
  health = {};
  await assert.rejects(run("--rotate"), /an older release/);
  health = new Failure("does not answer");
  await assert.rejects(run("--rotate"), /does not answer/);
  rmSync(join(folder, "deployed.json"));
  await assert.rejects(run("--rotate"), /give --url https/);
  assert.deepEqual([changes(), values().MASTER_KEY], [[], FIRST]);
  health = undefined;
  await run("--rotate", "--url", "https://events.example.org");
  assert.equal(asked.at(-1), "https://events.example.org/health");
});

test("settings that were set half by hand are not rotated on", async () => {
  const now = account();
  now.workers[NAME].secrets.push("MASTER_KEY_PREVIOUS");
  writeFileSync(file, JSON.stringify(now));
  await assert.rejects(run("--rotate", "--anyway"), /put the old key back as MASTER_KEY/);
  await assert.rejects(run("--rotate", "--rotated"), /give one of them/);
  assert.deepEqual(changes(), []);
});

test("the previous key is removed only when nothing needs it any more", async () => {
  assert.equal(await run("--rotated"), false, "there is none");
  await run("--rotate");
  for (const [keys, expected] of [
    [{ isSealedAnew: false, hostsOpen: 3, unopened: 0 }, /still needed: 3 hosts/],
    [{ isSealedAnew: false, hostsOpen: 0, unopened: 0 }, /not all hosts were asked yet/],
    [{ isSealedAnew: null, hostsOpen: null, unopened: null }, /still needed/],
    [{ isSealedAnew: true, hostsOpen: 0, unopened: 2 }, /2 secrets open neither/],
  ]) {
    health = keys;
    await assert.rejects(run("--rotated"), expected);
    assert.equal(values().MASTER_KEY_PREVIOUS, FIRST);
  }
  assert.equal(await run("--rotated", "--anyway"), true);
  assert.equal(values().MASTER_KEY_PREVIOUS, undefined);
});

test("what wrangler refuses changes nothing, and its words hold no key", async () => {
  writeFileSync(file, JSON.stringify({ ...account(), isBulkBroken: true }));
  await assert.rejects(run("--rotate"), (error) => /internal error[^]*did not say that the change was taken/.test(error.message) && !error.message.includes(FIRST));
  assert.equal(values().MASTER_KEY, FIRST);
});

test("for this machine both steps are made in .dev.vars", async () => {
  const path = join(folder, ".dev.vars");
  await assert.rejects(run("--rotate", "--dev"), /no MASTER_KEY to rotate/);
  writeFileSync(path, `PUBLIC_URL=http://localhost:8787\nMASTER_KEY=${FIRST}\n# OPENAI_API_KEY=\n`);
  await run("--rotate", "--dev");
  const lines = () => readFileSync(path, "utf8").trimEnd().split("\n");
  const [url, comment, key, previous, identity, ...more] = lines();
  assert.deepEqual([url, comment, previous, identity, more], ["PUBLIC_URL=http://localhost:8787", "# OPENAI_API_KEY=", `MASTER_KEY_PREVIOUS=${FIRST}`, `IDENTITY_KEYS=${IDENTITY[FIRST]}`, []]);
  assert.match(key, /^MASTER_KEY=[0-9a-f]{64}$/);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await assert.rejects(run("--rotate", "--dev"), /a rotation is under way/);
  await run("--rotated", "--dev");
  assert.deepEqual(lines(), [url, comment, key, identity]);
  await run("--rotate", "--dev");
  assert.deepEqual(lines().filter((line) => line.startsWith("IDENTITY_KEYS")), [identity]);
  assert.deepEqual(account().calls, []);
});
