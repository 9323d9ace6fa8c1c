// Facilitators with authentication: Coinbase's tokens, and a header. The payments are real ones on a local chain.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { payers } from "../../dev/chain/accounts.mjs";
import { createEvent, openServer, startNetwork } from "../support/network.mjs";
import { payFor, rsvp } from "../support/pay.mjs";
import { startStrictFacilitator, tokenJudge } from "../support/strict-facilitator.mjs";

const ID = "organizations/0a1b2c3d/apiKeys/4e5f6071";

const ed25519 = () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = privateKey.export({ format: "jwk" });
  const secret = Buffer.concat([Buffer.from(d, "base64url"), Buffer.from(x, "base64url")]).toString("base64");
  return { alg: "EdDSA", publicKey, secret };
};
const p256 = (type) => () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { alg: "ES256", publicKey, secret: privateKey.export({ type, format: "pem" }) };
};

let network, strict, server, settings;

before(async () => {
  strict = await startStrictFacilitator(() => "nobody is let in yet");
  const secrets = { MASTER_KEY: randomBytes(32).toString("hex") };
  network = await startNetwork({ facilitatorUrl: strict.url, secrets });
  strict.upstream = network.facilitator.url;
  settings = { secrets };
  server = await openServer(network);
});
after(async () => {
  await network?.stop();
  await strict?.stop();
});
beforeEach(() => {
  strict.seen.length = 0;
});

async function restartWith(secrets) {
  const vars = {
    FACILITATOR_URL: strict.url,
    PUBLIC_URL: network.publicUrl,
    NETWORKS: "eip155:84532",
    RPC_URLS: JSON.stringify({ "eip155:84532": network.chain.url }),
  };
  await network.worker.restart({ vars, secrets: { ...settings.secrets, ...secrets } });
  network.worker.clearLogs();
}

const logged = () => network.worker.logs().map(({ message }) => message).join("\n");

async function paid(payer) {
  const event = await createEvent(network, server);
  const payment = await payFor(network, server, event, payer);
  return rsvp(network, server, event, payment);
}

for (const [name, make, payer] of [
  ["Ed25519", ed25519, payers[0]],
  ["EC (sec1)", p256("sec1"), payers[1]],
  ["EC (pkcs8)", p256("pkcs8"), payers[2]],
]) {
  test(`${name}: each request carries a token of its own, and the payment settles`, async () => {
    const key = make();
    strict.isLetIn = tokenJudge({ ...key, id: ID });
    await restartWith({ CDP_API_KEY_ID: ID, CDP_API_KEY_SECRET: key.secret });
    const answer = await paid(payer);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.match(answer.receipt.transaction, /^0x[0-9a-f]{64}$/);
    const asked = strict.seen.map(({ method, target }) => `${method} ${target.split("/").at(-1)}`);
    assert.deepEqual([...new Set(asked)].sort(), ["GET supported", "POST settle"]);
    assert.ok(strict.seen.every(({ refused }) => refused === undefined), JSON.stringify(strict.seen));
    const body = key.secret.split("\n").find((line) => line.length > 40);
    for (const secret of [body, "Bearer"]) assert.ok(!logged().includes(secret));
  });
}

test("with a key that the facilitator does not know no money moves, and the log names the settings", async () => {
  strict.isLetIn = tokenJudge({ ...ed25519(), id: ID });
  const wrong = ed25519();
  await restartWith({ CDP_API_KEY_ID: ID, CDP_API_KEY_SECRET: wrong.secret });
  const answer = await paid(payers[3]);
  assert.equal(answer.status, 503, JSON.stringify(answer.body));
  assert.equal(answer.body.moneyMoved, "no");
  assert.ok(strict.seen.every(({ refused }) => refused === "the signature is not of this key"), JSON.stringify(strict.seen));
  assert.match(logged(), /the facilitator refuses our credentials.*CDP_API_KEY_ID/);
  assert.ok(!JSON.stringify(answer.body).includes("CDP_"), "that is for the operator");
  assert.ok(!logged().includes(wrong.secret));
});

test("a plain header is sent as it is", async () => {
  const secret = `Bearer ${randomBytes(16).toString("hex")}`;
  strict.isLetIn = (authorization) => (authorization === secret ? undefined : "another header");
  await restartWith({ FACILITATOR_AUTHORIZATION: secret });
  const answer = await paid(payers[4]);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.ok(strict.seen.every(({ refused }) => refused === undefined));
  assert.ok(!logged().includes(secret));
});
