// The vault in the real runtime: secrets are sold to clients that others wrote, read again by who has
// bought them, and stand nowhere in clear.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createSIWxPayload, encodeSIWxHeader, wrapFetchWithSIWx } from "@x402/extensions/sign-in-with-x";
import { wrapFetchWithPayment } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import { otherHost, payers } from "../../dev/chain/accounts.mjs";
import { startOwnNetwork } from "../support/facilitators.mjs";
import { behaviours, startHostile } from "../support/hostile.mjs";
import { openServer, patch, post, startNetwork, until } from "../support/network.mjs";
import { callMcp, callTool, payingClient } from "../support/pay.mjs";
import { everythingStored } from "../support/stored.mjs";
import { miniWallet } from "../support/wallets.mjs";

const VALUE = "sk-live-5f2e9c0b1a7744";
const PRICE = 100_000n;
let network, server;

before(async () => {
  network = await startOwnNetwork();
  server = await openServer(network);
});
after(() => network?.stop());

const account = (index) => privateKeyToAccount(payers[index].privateKey);
const balance = (address) => network.chain.balance(address);

async function newSecret(changes = {}) {
  const secret = { name: "Weather key", value: VALUE, description: "Good for a thousand calls", price: "0.10" };
  const answer = await post(network, "/api/users/secrets", { ...secret, ...changes }, server.token);
  assert.equal(answer.status, 201);
  const stored = await answer.json();
  assert.ok(!JSON.stringify(stored).includes(VALUE));
  return stored;
}

/** The Worker under its public address, as a browser or a program would reach it. */
function publicFetch(input, init) {
  const request = new Request(input, init);
  return network.worker.fetch(request.url, request);
}

const toolUrl = () => `${network.publicUrl}/x402/users/${server.scope}/tools/retrieveSecret`;

function ask(secret) {
  const body = JSON.stringify({ secretId: secret.id });
  return { method: "POST", headers: { "content-type": "application/json" }, body };
}

async function buy(secret, index) {
  const { challenge } = await callTool(network, server, "retrieveSecret", { secretId: secret.id });
  const payment = await payingClient(account(index)).createPaymentPayload(challenge);
  const answer = await callTool(network, server, "retrieveSecret", { secretId: secret.id }, payment);
  return { payment, answer };
}

test("a secret is bought by the official client of x402, and the money is the host's", async () => {
  const secret = await newSecret();
  const payer = account(0);
  const [earned, had] = [await balance(server.payTo), await balance(payer.address)];
  const fetch = wrapFetchWithPayment(publicFetch, payingClient(payer));
  const answer = await fetch(toolUrl(), ask(secret));
  const bought = await answer.json();
  assert.deepEqual([answer.status, bought.secret, bought.retrievalCount], [200, VALUE, 1]);
  assert.equal(await balance(server.payTo), earned + PRICE);
  assert.equal(await balance(payer.address), had - PRICE);
  assert.equal((await network.chain.client.getTransactionReceipt({ hash: bought.transactionHash })).status, "success");
});

test("over MCP it is listed without its value, bought, and read again with the same payment", async () => {
  const secret = await newSecret();
  const client = new Client({ name: "vault", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(server.mcpUrl)));
  try {
    const { structuredContent: list } = await client.callTool({ name: "listSecrets", arguments: {} });
    assert.ok(list.secrets.some(({ id, price }) => id === secret.id && price === "0.10"));
    assert.ok(!JSON.stringify(list).includes(VALUE));
    const call = { name: "retrieveSecret", arguments: { secretId: secret.id } };
    const asked = await client.callTool(call);
    const payment = await payingClient(account(1)).createPaymentPayload(asked.structuredContent);
    const paid = await client.callTool({ ...call, _meta: { "x402/payment": payment } });
    assert.equal(paid.structuredContent.secret, VALUE);
    const before = await balance(account(1).address);
    const again = await client.callTool({ ...call, _meta: { "x402/payment": payment } });
    assert.equal(again.structuredContent.secret, VALUE);
    assert.equal(await balance(account(1).address), before, "no second charge");
  } finally {
    await client.close();
  }
});

test("a reader of the chain gets nothing for the payment it sees there", async () => {
  const secret = await newSecret();
  const { payment, answer } = await buy(secret, 2);
  assert.equal(answer.body.secret, VALUE);
  const { input } = await network.chain.client.getTransaction({ hash: answer.body.transactionHash });
  const { signature, authorization } = payment.payload;
  assert.ok(input.includes(authorization.nonce.slice(2)), "the chain shows what was signed");
  const args = { secretId: secret.id };
  const { challenge } = await callTool(network, server, "retrieveSecret", args);
  const copies = [
    { ...payment, accepted: challenge.accepts[0] },
    { ...payment, accepted: { ...payment.accepted, extra: { name: "USDC", version: "2" } } },
    { x402Version: 1, scheme: "exact", network: "base-sepolia", payload: { signature, authorization } },
  ];
  for (const copy of copies) {
    for (const call of [callTool, callMcp]) {
      const refused = await call(network, server, "retrieveSecret", args, copy);
      assert.ok(!JSON.stringify(refused).includes(VALUE));
      assert.notEqual(refused.status, 200);
    }
  }
});

test("the official client of sign-in-with-x reads again for nothing, and only what its wallet has bought", async () => {
  const secret = await newSecret();
  const other = await newSecret();
  await buy(secret, 3);
  const before = await balance(account(3).address);
  const fetch = wrapFetchWithSIWx(publicFetch, account(3));
  const again = await fetch(toolUrl(), ask(secret));
  assert.deepEqual([again.status, (await again.json()).secret], [200, VALUE]);
  assert.equal((await fetch(toolUrl(), ask(other))).status, 402, "not bought");
  const stranger = await wrapFetchWithSIWx(publicFetch, account(4))(toolUrl(), ask(secret));
  assert.equal(stranger.status, 402);
  assert.equal(await balance(account(3).address), before);
});

test("one client pays the first time and signs in every other time", async () => {
  const secret = await newSecret();
  const fetch = wrapFetchWithPayment(wrapFetchWithSIWx(publicFetch, account(5)), payingClient(account(5)));
  const before = await balance(account(5).address);
  for (let time = 0; time < 2; time += 1) {
    const answer = await fetch(toolUrl(), ask(secret));
    assert.deepEqual([answer.status, (await answer.json()).secret], [200, VALUE]);
  }
  assert.equal(await balance(account(5).address), before - PRICE);
});

/** A proof of `signer` for `secret`; `change` may alter what is signed, `at` the site that it is for. */
async function proof(secret, signer, change = (info) => info, at = network.publicUrl) {
  const { challenge } = await callTool(network, server, "retrieveSecret", { secretId: secret.id });
  const { info, supportedChains } = challenge.extensions["sign-in-with-x"];
  return encodeSIWxHeader(await createSIWxPayload(change({ ...info, ...supportedChains[0] }), signer, at));
}

const withProof = (secret, header) =>
  callTool(network, server, "retrieveSecret", { secretId: secret.id }, undefined, { "sign-in-with-x": header });

test("a proof is good once, at this site, and for nothing but this", async () => {
  const secret = await newSecret();
  await buy(secret, 6);
  const good = await proof(secret, account(6));
  assert.equal((await withProof(secret, good)).body.secret, VALUE);
  const session = await post(network, "/api/auth/nonce", {}).then((answer) => answer.json());
  const elsewhere = (info) => ({ ...info, domain: "evil.example", uri: "https://evil.example/x402" });
  const bad = [
    good,
    await proof(secret, account(6), elsewhere, "https://evil.example"),
    await proof(secret, account(6), (info) => ({ ...info, nonce: session.nonce })),
    await proof(secret, account(6), (info) => ({ ...info, chainId: "eip155:1" })),
  ];
  for (const header of bad) {
    const refused = await withProof(secret, header);
    assert.equal(refused.status, 401, JSON.stringify(refused.body));
    assert.ok(!JSON.stringify(refused.body).includes(VALUE));
  }
});

test("a contract wallet that has bought proves itself too", async () => {
  const secret = await newSecret();
  const wallet = await miniWallet(network.chain, payers[7]);
  await wallet.deploy();
  await network.chain.mint(wallet.address, 1_000_000n);
  const { challenge } = await callTool(network, server, "retrieveSecret", { secretId: secret.id });
  const payment = await payingClient(wallet).createPaymentPayload(challenge);
  const bought = await callTool(network, server, "retrieveSecret", { secretId: secret.id }, payment);
  assert.equal(bought.body.secret, VALUE, JSON.stringify(bought.body));
  const header = await proof(secret, wallet);
  assert.equal((await withProof(secret, header)).body.secret, VALUE);
});

test("no storage, record or log line holds a value in clear, whatever became of it", async () => {
  const secret = await newSecret();
  await buy(secret, 8);
  await callMcp(network, server, "retrieveSecret", { secretId: secret.id });
  const change = await patch(network, `/api/users/secrets/${secret.id}`, { value: `${VALUE}-next` }, server.token);
  assert.deepEqual([change.status, (await change.json()).version], [200, 2]);
  await until(() => network.worker.kv.get(`${server.scope}:secrets:${secret.id}`));
  const stored = await everythingStored(network, server.scope);
  assert.ok(stored.includes("Good for a thousand calls") && /v1\.\d{10}\./.test(stored));
  const forms = [VALUE, Buffer.from(VALUE).toString("base64").slice(0, 20), Buffer.from(VALUE).toString("hex")];
  const logged = JSON.stringify(network.worker.logs());
  for (const form of forms) assert.ok(!stored.includes(form) && !logged.includes(form), form);
});

const withdraw = (net, at, secret) =>
  net.worker.fetch(`/api/users/secrets/${secret.id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${at.token}` },
  });

test("a withdrawn secret cannot be bought, its record is gone, and a lost answer is repeated for a day", async () => {
  const secret = await newSecret();
  const { payment } = await buy(secret, 9);
  await until(() => network.worker.kv.get(`${server.scope}:secrets:${secret.id}`));
  const answer = await withdraw(network, server, secret);
  assert.equal(answer.status, 200);
  const { message, openPayments, unreadSales, readableUntil } = await answer.json();
  assert.deepEqual([openPayments, unreadSales], [0, 0]);
  assert.ok(Date.parse(readableUntil) > Date.now() && message.includes(readableUntil));
  const args = { secretId: secret.id };
  const refused = await callTool(network, server, "retrieveSecret", args);
  assert.deepEqual([refused.status, refused.body.title], [409, "secret revoked"]);
  assert.equal((await callTool(network, server, "retrieveSecret", args, payment)).body.secret, VALUE);
  await until(async () => (await network.worker.kv.get(`${server.scope}:secrets:${secret.id}`)) === null);
  const [row] = await network.worker.sql(server.scope, "SELECT sealed FROM secrets WHERE id = ?", secret.id);
  assert.equal(row.sealed, null);
  // Two days later.
  const past = "UPDATE retrievals SET handed_over_at = handed_over_at - 172800 WHERE secret_id = ?";
  await network.worker.sql(server.scope, past, secret.id);
  const late = await callTool(network, server, "retrieveSecret", args, payment);
  assert.deepEqual([late.status, late.body.title], [409, "secret revoked"]);
  const kept = "SELECT count(*) AS n FROM kept_values WHERE secret_id = ?";
  await until(async () => (await network.worker.sql(server.scope, kept, secret.id))[0].n === 0);
});

test("what was paid for is handed over though the answer was lost and the host took it back", async (t) => {
  const hostile = await startHostile(() => net.facilitator.url);
  t.after(() => hostile.stop());
  const net = await startNetwork({ facilitatorUrl: hostile.url });
  t.after(() => net.stop());
  const shop = await openServer(net);
  const store = async () => {
    const stored = { name: "Key", value: VALUE, price: "0.10" };
    return (await post(net, "/api/users/secrets", stored, shop.token)).json();
  };
  /** Pays, and the facilitator's answer is lost. */
  const pay = async (secret, index) => {
    const args = { secretId: secret.id };
    const { challenge } = await callTool(net, shop, "retrieveSecret", args);
    const payment = await payingClient(account(index)).createPaymentPayload(challenge);
    hostile.next.push(behaviours.paysAndIsCut);
    const unknown = await callTool(net, shop, "retrieveSecret", args, payment);
    assert.deepEqual([unknown.status, unknown.body.title], [409, "settlement pending"]);
    return () => callTool(net, shop, "retrieveSecret", args, payment);
  };
  const gets = async (repeat) => {
    const answer = await until(async () => {
      const last = await repeat();
      return last.status === 200 && last;
    });
    assert.deepEqual([answer.body.secret, answer.body.version], [VALUE, 1]);
  };

  // Withdrawn while the payment's outcome is unknown here.
  const secret = await store();
  const first = await pay(secret, 0);
  const told = await (await withdraw(net, shop, secret)).json();
  assert.equal(told.openPayments + told.unreadSales, 1, told.message);
  await gets(first);

  // Replaced after the alarm has booked the sale; the object is a new one when its buyer comes.
  const other = await store();
  const second = await pay(other, 1);
  const sold = "SELECT count(*) AS n FROM retrievals WHERE secret_id = ? AND handed_over_at IS NULL";
  await until(async () => (await net.worker.sql(shop.scope, sold, other.id))[0].n === 1);
  const change = await patch(net, `/api/users/secrets/${other.id}`, { value: `${VALUE}-next` }, shop.token);
  assert.equal((await change.json()).unreadSales, 1);
  await net.worker.restart();
  await gets(second);
  assert.equal(await net.chain.balance(shop.payTo), 2n * PRICE);
});

test("a sealed value in another host's object does not open there", async () => {
  const mine = await newSecret();
  const theirs = await openServer(network, otherHost);
  const other = await post(network, "/api/users/secrets", { name: "Other", value: "another value" }, theirs.token);
  const { id } = await other.json();
  const [{ sealed }] = await network.worker.sql(server.scope, "SELECT sealed FROM secrets WHERE id = ?", mine.id);
  await network.worker.sql(theirs.scope, "UPDATE secrets SET sealed = ?, id = ? WHERE id = ?", sealed, mine.id, id);
  const { challenge } = await callTool(network, server, "retrieveSecret", { secretId: mine.id });
  const payment = await payingClient(account(10)).createPaymentPayload(challenge);
  const before = await network.chain.balance(account(10).address);
  // Nor is it sold there.
  for (const paid of [undefined, payment]) {
    const answer = await callTool(network, theirs, "retrieveSecret", { secretId: mine.id }, paid);
    assert.deepEqual([answer.status, answer.body.moneyMoved], [500, "no"]);
    assert.ok(!JSON.stringify(answer.body).includes(VALUE));
  }
  assert.equal(await network.chain.balance(account(10).address), before);
});
