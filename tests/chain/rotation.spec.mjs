// A rotation of MASTER_KEY in the real runtime, while secrets are sold: addresses stay, sessions end, every paid
// retrieval gets its value, and in the end nothing needs the key before.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { otherHost, payers } from "../../dev/chain/accounts.mjs";
import { identityKeys, keyId, masterKey } from "../../dev/lib/keys.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { get, openServer, post, signIn, startNetwork, until } from "../support/network.mjs";
import { callTool, payingClient } from "../support/pay.mjs";
import { everythingStored } from "../support/stored.mjs";

// More than one alarm seals anew.
const SECRETS = 30;
const BUYERS = 10;
const PRICE = 10_000n;
const [first, second] = [0, 1].map(() => randomBytes(32).toString("hex"));
const prefix = (master) => `v1.${keyId(masterKey(master))}.`;
const valueOf = (number) => `sk-live-${String(number).padStart(4, "0")}-5f2e9c0b1a`;
let network, server, idle, credential, secrets, idleSecret;
/** What was bought: `{secret, number, payment}`. */
const bought = [];

before(async () => {
  network = await startNetwork({ secrets: { MASTER_KEY: first } });
  server = await openServer(network);
  idle = await openServer(network, otherHost);
  secrets = [];
  for (let number = 0; number < SECRETS; number += 1) secrets.push(await store(server, number));
  idleSecret = await store(idle, 900);
  const answer = await post(network, "/api/users/credentials", { name: "Program" }, server.token);
  credential = (await answer.json()).token;
  // Nothing is left for its alarm then, and only the cron can find it.
  const records = "SELECT count(*) AS n FROM outbox";
  await until(async () => (await network.worker.sql(idle.scope, records))[0].n === 0, 90);
});
after(() => network?.stop());

async function store(at, number) {
  const answer = await post(network, "/api/users/secrets", { name: `Key ${number}`, value: valueOf(number), price: "0.01" }, at.token);
  assert.equal(answer.status, 201, await answer.clone().text());
  return { ...(await answer.json()), number };
}

/** Buys as a client does that repeats the same call with the same payment when no answer came, or no final one. */
async function buy(secret, index, at = server) {
  const args = { secretId: secret.id };
  const ask = (payment) => callTool(network, at, "retrieveSecret", args, payment).catch(() => undefined);
  const { challenge } = await until(async () => {
    const asked = await ask();
    return asked?.challenge && asked;
  }, 60);
  const payment = await payingClient(payers[index]).createPaymentPayload(challenge);
  const answer = await until(async () => {
    const last = await ask(payment);
    if (last !== undefined && ![200, 409, 503].includes(last.status)) assert.fail(JSON.stringify(last));
    return last?.status === 200 && last;
  }, 60);
  assert.equal(answer.body.secret, valueOf(secret.number));
  bought.push({ secret, payment, at });
}

/** Everything that was bought is read again with the same payment. */
async function allRead() {
  for (const { secret, payment, at } of bought) {
    const { status, body } = await callTool(network, at, "retrieveSecret", { secretId: secret.id }, payment);
    assert.deepEqual([status, body.secret], [200, valueOf(secret.number)], JSON.stringify(body));
  }
}

const sealedWith = async (scope, master) => {
  const statement = "SELECT count(*) AS n FROM secrets WHERE sealed LIKE ?";
  return (await network.worker.sql(scope, statement, `${prefix(master)}%`))[0].n;
};
const keys = async () => (await get(network, "/health").then((answer) => answer.json())).keys;

/** The cron goes off, and hosts that are asked again later are asked now. */
async function cron() {
  await network.worker.directorySql("host", "UPDATE rotation_hosts SET ask_at = 0").catch(() => {});
  assert.equal((await network.worker.cron()).outcome, "ok");
}

test("a rotation under load ends the sessions, and every paid retrieval gets its value", async () => {
  assert.deepEqual(await keys(), { id: keyId(masterKey(first)) });
  const buyers = Array.from({ length: BUYERS }, async (_, index) => {
    for (let time = 0; time < 3; time += 1) await buy(secrets[(index * 3 + time) % SECRETS], index);
  });
  await until(() => bought.length >= 3, 60);
  const previous = masterKey(first);
  await network.worker.restart({
    secrets: { MASTER_KEY: second, MASTER_KEY_PREVIOUS: first, IDENTITY_KEYS: identityKeys(previous) },
  });
  await Promise.all(buyers);
  assert.equal(bought.length, 3 * BUYERS);
  assert.equal(await network.chain.balance(server.payTo), BigInt(bought.length) * PRICE, "each is charged once");
  const old = await get(network, "/api/users/secrets", server.token);
  assert.equal(old.status, 401, "the session of the key before has ended");
  const again = await signIn(network);
  assert.deepEqual([again.status, again.scope], [200, server.scope], "the address is the same");
  server = { ...server, token: again.token };
  const program = await get(network, "/api/users/secrets", credential);
  assert.equal(program.status, 200, "the host's programs go on");
  assert.equal((await program.json()).secrets.length, SECRETS);
  await allRead();
});

test("the secrets of the host that sells are sealed anew by itself, in the object and in KV", async () => {
  await until(async () => (await sealedWith(server.scope, second)) === SECRETS, 60);
  assert.equal(await sealedWith(server.scope, first), 0);
  const published = async () => {
    const records = await Promise.all(secrets.map(({ id }) => network.worker.kv.get(`${server.scope}:secrets:${id}`)));
    return records.every((record) => record?.includes(prefix(second)));
  };
  await until(published, 90);
  await allRead();
});

test("an idle host is asked by the cron, and one line says when the key before can go", async () => {
  assert.equal(await sealedWith(idle.scope, first), 1, "nobody has called it");
  assert.equal((await keys()).isSealedAnew, false);
  await until(async () => {
    await cron();
    await sleep(1_000);
    return (await keys()).isSealedAnew;
  }, 90);
  assert.deepEqual([await sealedWith(idle.scope, second), await sealedWith(idle.scope, first)], [1, 0]);
  const { id, previousId, hostsOpen, unopened } = await keys();
  assert.deepEqual([id, previousId, hostsOpen, unopened], [keyId(masterKey(second)), keyId(masterKey(first)), 0, 0]);
  await cron();
  const said = network.worker.logs().filter(({ message }) => message.includes("MASTER_KEY_PREVIOUS can be removed"));
  assert.equal(said.length, 1);
});

test("without the key before, all that was bought is read and more is sold", async () => {
  const identity = identityKeys(masterKey(first));
  await network.worker.restart({ secrets: { MASTER_KEY: second, IDENTITY_KEYS: identity } });
  assert.deepEqual(await keys(), { id: keyId(masterKey(second)) });
  await allRead();
  await buy(secrets[SECRETS - 1], BUYERS);
  await buy(idleSecret, BUYERS + 1, idle);
  assert.equal((await signIn(network)).scope, server.scope);
  const stored = `${await everythingStored(network, server.scope)}${await everythingStored(network, idle.scope)}`;
  assert.ok(!stored.includes(prefix(first)), "nothing is sealed with the key before");
  const logged = JSON.stringify(network.worker.logs());
  for (const hidden of [first, second, identity, "sk-live-"]) assert.ok(!stored.includes(hidden) && !logged.includes(hidden));
  await assertBooksAreClean(network.worker, server.scope);
});

test("a key before without the identity keys is refused with what to do", async () => {
  await network.worker.restart({ secrets: { MASTER_KEY: second, MASTER_KEY_PREVIOUS: first } });
  const answer = await get(network, "/health");
  assert.equal(answer.status, 500);
  assert.match((await answer.json()).detail, /IDENTITY_KEYS is missing beside MASTER_KEY_PREVIOUS.*npm run secrets -- --rotate/);
  const identity = identityKeys(masterKey(first)).replace("ik1.", "ik1.0");
  await network.worker.restart({ secrets: { MASTER_KEY: second, IDENTITY_KEYS: identity } });
  assert.match((await (await get(network, "/health")).json()).detail, /IDENTITY_KEYS is damaged/);
});
