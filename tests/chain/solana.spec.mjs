// Payments on Solana at the real Worker: a facilitator and clients that other people wrote, on the real programs.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { decodePaymentResponseHeader } from "@x402/core/http";
import { NETWORK, payers } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { createEvent, get, openServer, post, signIn, startNetwork, until } from "../support/network.mjs";
import { callTool, payFor, rsvp } from "../support/pay.mjs";
import { sendByHand } from "../support/solana/by-hand.mjs";
import { startSolanaChain } from "../support/solana/chain.mjs";
import { payOverMcp, solanaPayer } from "../support/solana/client.mjs";
import { solanaFaults, startSolanaFacilitator } from "../support/solana/facilitator.mjs";
import { startSolanaShop } from "../support/solana/shop.mjs";
import { signerOf, SOLANA, SOLANA_USDC, SOLANA_V1, TOKEN_PROGRAM } from "../support/solana/tokens.mjs";

const PRICE = 50_000n;
let solana, facilitator, network, server, host, secrets;
let count = 0;

before(async () => {
  solana = await startSolanaChain();
  facilitator = await startSolanaFacilitator(solana);
  secrets = { MASTER_KEY: randomBytes(32).toString("hex") };
  network = await startNetwork({ secrets });
  await restart();
  server = await openServer(network);
  host = (await signerOf("host")).address;
  await solana.openAccount(host);
});
after(async () => {
  await network?.stop();
  await facilitator?.stop();
  await solana?.stop();
});
beforeEach(() => facilitator.behaves());

/** The Worker with Solana, whose node is asked at `endpoint`. */
async function restart({ endpoint = solana.rpcUrl, ...more } = {}) {
  const rpcUrls = { [NETWORK]: network.chain.url, ...(endpoint && { [SOLANA]: endpoint }) };
  const vars = {
    FACILITATOR_URL: network.facilitator.url,
    SOLANA_FACILITATOR_URL: facilitator.url,
    PUBLIC_URL: network.publicUrl,
    NETWORKS: NETWORK,
    RPC_URLS: JSON.stringify(rpcUrls),
    ...more,
  };
  await network.worker.restart({ vars, secrets });
}

/** Its operator has removed the endpoint; the facilitator of the other networks settles on Solana as well. */
const withoutEndpoint = () => restart({ endpoint: "", FACILITATOR_URL: facilitator.url, SOLANA_FACILITATOR_URL: "" });

const setPayout = ({ userId, token }, solanaAddress) => post(network, "/api/users/mcp", { userId, solanaAddress }, token);

const newPayer = (more) => solanaPayer(solana, { name: `buyer ${(count += 1)}`, ...more });

/** The challenge with its entries for Solana only: the official client takes the first one that it can pay. */
function onSolana({ accepts, ...challenge }, network = SOLANA) {
  const ours = accepts.filter((one) => one.network === network);
  assert.equal(ours.length, 1, JSON.stringify(accepts));
  return { ...challenge, accepts: ours };
}

async function pays(payer, event, version = 2) {
  const { body, challenge } = await rsvp(network, server, event);
  return payer.pays(version === 1 ? onSolana(body, SOLANA_V1) : onSolana(challenge));
}

const rows = (payer) => network.worker.sql(server.scope, "SELECT * FROM payments WHERE payer = ?1", payer.address);
const state = async (payer) => (await rows(payer))[0]?.state;
const booksAreClean = () => assertBooksAreClean(network.worker, server.scope);

test("a host without an address on Solana offers none, and names one with a fresh sign-in", async () => {
  const event = await createEvent(network, server);
  const unpaid = await rsvp(network, server, event);
  assert.deepEqual(unpaid.challenge.accepts.map((one) => one.network), [NETWORK]);
  assert.equal(facilitator.counts.supported, 0, "nobody was asked");
  for (const address of ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "1".repeat(32), `${host}x`, host.slice(3), `0${host.slice(1)}`]) {
    const refused = await setPayout(server, address);
    assert.equal(refused.status, 422, address);
    assert.match((await refused.json()).detail, /solanaAddress/);
  }
  const answer = await setPayout(server, host);
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal((await answer.json()).solanaAddress, host);
  const me = await get(network, "/api/users/me", server.token).then((one) => one.json());
  assert.equal(me.solanaAddress, host);
  const notes = await network.worker.sql(server.scope, "SELECT note FROM ledger WHERE entry = 'solana_payout_set'");
  assert.deepEqual(notes.map(({ note }) => note), [host]);
});

test("a challenge offers Solana last, with the fee payer of its facilitator", async () => {
  const event = await createEvent(network, server);
  const { challenge, body } = await rsvp(network, server, event);
  assert.deepEqual(challenge.accepts.map((one) => one.network), [NETWORK, SOLANA]);
  const [, { extra, ...offer }] = challenge.accepts;
  assert.deepEqual(offer, {
    scheme: "exact", network: SOLANA, amount: String(PRICE), asset: SOLANA_USDC, payTo: host, maxTimeoutSeconds: 110,
  });
  assert.equal(extra.feePayer, facilitator.feePayer);
  assert.match(extra.memo, /^[0-9a-f]{64}$/);
  assert.deepEqual(body.accepts.map((one) => one.network), ["base-sepolia", SOLANA_V1]);
  const again = await rsvp(network, server, event);
  assert.notEqual(again.challenge.accepts[1].extra.memo, extra.memo);
});

for (const version of [1, 2]) {
  test(`version ${version}: a seat is bought on Solana, and the money is in the host's account`, async () => {
    const [event, payer, before] = [await createEvent(network, server), await newPayer(), await solana.balanceOf(host)];
    const payment = await pays(payer, event, version);
    const { status, body, receipt } = await rsvp(network, server, event, payment);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(await solana.balanceOf(host), before + PRICE);
    const { transaction, ...rest } = receipt;
    assert.match(transaction, /^[1-9A-HJ-NP-Za-km-z]{64,88}$/);
    const network_ = version === 1 ? SOLANA_V1 : SOLANA;
    assert.deepEqual(rest, { success: true, network: network_, payer: payer.address, amount: String(PRICE) });
    const [row] = await rows(payer);
    assert.deepEqual([row.network, row.asset, row.pay_to, row.tx_hash], [SOLANA, SOLANA_USDC, host, transaction]);
    await booksAreClean();
    const earned = await get(network, "/api/users/payments", server.token).then((one) => one.json());
    assert.ok(earned.payments.some((one) => one.payer === payer.address && one.txHash === transaction));
    assert.equal(row.state, "delivered");
  });
}

test("the official client pays by itself, over HTTP", async () => {
  const [event, payer] = [await createEvent(network, server), await newPayer()];
  const path = `${network.worker.url}/x402/users/${server.scope}/tools/rsvpToEvent`;
  const body = JSON.stringify({ eventId: event.id });
  const answer = await payer.fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal(await state(payer), "delivered");
});

test("the official clients of MCP and x402 pay together, over MCP", async () => {
  const [event, payer] = [await createEvent(network, server), await newPayer()];
  const client = new Client({ name: "an agent with USDC on Solana", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(server.mcpUrl)));
  const { result } = await payOverMcp(client, payer, { name: "rsvpToEvent", arguments: { eventId: event.id } });
  assert.ok(!result.isError, JSON.stringify(result));
  assert.equal(result._meta["x402/payment-response"].payer, payer.address);
  assert.equal(await state(payer), "delivered");
  await client.close();
});

test("a payment that is shown again buys once, and gives the same ticket again", async () => {
  const [event, payer, before] = [await createEvent(network, server), await newPayer(), await solana.balanceOf(host)];
  const payment = await pays(payer, event);
  const all = await Promise.all([1, 2, 3].map(() => rsvp(network, server, event, payment)));
  const first = all.find(({ status }) => status === 200) ?? (await rsvp(network, server, event, payment));
  const again = await rsvp(network, server, event, payment);
  assert.equal(again.status, 200, JSON.stringify(again.body));
  assert.equal(again.body.ticketCode ?? again.body.code, first.body.ticketCode ?? first.body.code);
  assert.deepEqual(again.receipt, first.receipt);
  assert.equal(await solana.balanceOf(host), before + PRICE);
  // What anybody reads on the chain is the message; the fee payer's place is filled there.
  const wire = Buffer.from(payment.payload.transaction, "base64");
  wire.fill(7, 1, 65);
  const filled = { ...payment, payload: { transaction: wire.toString("base64") } };
  const asVersion1 = { x402Version: 1, scheme: "exact", network: SOLANA_V1, payload: payment.payload };
  for (const copy of [filled, asVersion1]) {
    const shown = await rsvp(network, server, event, copy);
    assert.ok([401, 409].includes(shown.status), JSON.stringify(shown.body));
  }
  assert.equal((await rows(payer)).length, 1);
  assert.equal(await solana.balanceOf(host), before + PRICE);
  await booksAreClean();
});

test("a payment buys nothing but what it was made for", async () => {
  const [event, other, payer] = [await createEvent(network, server), await createEvent(network, server), await newPayer()];
  const before = await solana.balanceOf(host);
  const payment = await pays(payer, event);
  const second = await openServer(network, payers[3]);
  assert.equal((await setPayout(second, host)).status, 200);
  const shown = [
    await rsvp(network, server, other, payment),
    await callTool(network, server, "getEventAnalytics", { eventId: event.id }, payment),
    await rsvp(network, second, event, payment),
  ];
  for (const { status, body } of shown) assert.ok(status === 402 || status === 404, JSON.stringify(body));
  assert.deepEqual(await rows(payer), []);
  assert.equal(await solana.balanceOf(host), before);
  assert.equal((await rsvp(network, server, event, payment)).status, 200);
});

test("who cannot pay is told so, and holds nothing", async () => {
  const [event, payer] = [await createEvent(network, server, { capacity: 1 }), await newPayer({ usdc: 1n })];
  const refused = await rsvp(network, server, event, await pays(payer, event));
  assert.equal(refused.status, 402, JSON.stringify(refused.body));
  assert.match(refused.challenge.error, /simulation_failed/);
  assert.deepEqual(await rows(payer), []);
  const rich = await newPayer();
  assert.equal((await rsvp(network, server, event, await pays(rich, event))).status, 200);
});

for (const fault of ["paysAndIsCut", "paysAndFails", "paysAndNamesAnother", "paysWithoutTransaction", "paysAndIsPending"]) {
  test(`${fault}: the payment is found on the chain, and delivered once`, async () => {
    const [event, payer, before] = [await createEvent(network, server, { capacity: 1 }), await newPayer(), await solana.balanceOf(host)];
    const payment = await pays(payer, event);
    facilitator.misbehave(solanaFaults[fault], { times: 1 });
    const first = await rsvp(network, server, event, payment);
    assert.notEqual(first.status, 402, JSON.stringify(first.body));
    if (first.status !== 200) assert.equal(first.body.moneyMoved, "unknown");
    const rival = await newPayer();
    const full = await rsvp(network, server, event);
    if (full.status === 402) assert.notEqual((await rsvp(network, server, event, await rival.pays(onSolana(full.challenge)))).status, 200);
    await until(async () => (await state(payer)) === "delivered");
    const again = await rsvp(network, server, event, payment);
    assert.equal(again.status, 200, JSON.stringify(again.body));
    assert.equal(await solana.balanceOf(host), before + PRICE);
    await booksAreClean();
  });
}

test("what never came is not paid once its block hash is over, and frees the seat", async () => {
  const [event, payer] = [await createEvent(network, server, { capacity: 1 }), await newPayer()];
  const payment = await pays(payer, event);
  facilitator.misbehave(solanaFaults.cut);
  const first = await rsvp(network, server, event, payment);
  assert.equal(first.body.moneyMoved, "unknown", JSON.stringify(first.body));
  const earlier = "UPDATE payments SET valid_before = unixepoch() - 100, next_check_at = unixepoch() WHERE payer = ?1";
  await network.worker.sql(server.scope, earlier, payer.address);
  await rsvp(network, server, event, payment);
  assert.equal(await state(payer), "unknown", "it can still come");
  solana.expire();
  await network.worker.sql(server.scope, earlier, payer.address);
  await rsvp(network, server, event, payment);
  await until(async () => (await state(payer)) === "failed");
  await booksAreClean();
  facilitator.behaves();
  const next = await newPayer();
  assert.equal((await rsvp(network, server, event, await pays(next, event))).status, 200);
});

test("Solana is offered only where its chain can be asked", async () => {
  const [event, payer] = [await createEvent(network, server), await newPayer()];
  const payment = await pays(payer, event);
  const said = (path) => network.worker.fetch(path).then((answer) => answer.json());
  const manifest = `/mcp/users/${server.scope}/manifest`;
  assert.deepEqual([(await said(manifest)).solana.payTo, (await said("/api/settings")).solana], [host, "Solana devnet"]);
  await restart({ endpoint: "" });
  assert.match((await said("/health")).detail, /RPC_URLS has no endpoint for solana:EtW\w+, [^;]*; set one, or remove SOLANA_FACILITATOR_URL\.$/);
  facilitator.misbehave(solanaFaults.alsoSettlesOn(NETWORK), { path: "/supported" });
  await withoutEndpoint();
  const { verify } = facilitator.counts;
  for (const shown of [undefined, payment]) {
    const { status, challenge } = await rsvp(network, server, event, shown);
    assert.equal(status, 402);
    assert.deepEqual(challenge.accepts.map((one) => one.network), [NETWORK]);
  }
  assert.deepEqual([(await said(manifest)).solana, (await said("/api/settings")).solana], [undefined, undefined]);
  assert.equal(facilitator.counts.verify, verify, "nobody was asked");
  assert.deepEqual(await rows(payer), []);
  await restart();
  assert.equal((await rsvp(network, server, event, payment)).status, 200);
  await booksAreClean();
});

test("what was sold before its endpoint was removed is found out through the facilitator, or stays unknown", async () => {
  // It answers nobody, so that nothing is found out before it is removed.
  await restart({ endpoint: "http://127.0.0.1:9" });
  const [event, payer, lost] = [await createEvent(network, server), await newPayer(), await newPayer()];
  const [payment, unsure] = [await pays(payer, event), await pays(lost, event)];
  for (const [paid, fault] of [[payment, "cut"], [unsure, "paysAndIsCut"]]) {
    facilitator.misbehave(solanaFaults[fault], { times: 1 });
    assert.equal((await rsvp(network, server, event, paid)).body.moneyMoved, "unknown");
  }
  assert.deepEqual([await state(payer), await state(lost)], ["unknown", "unknown"]);
  await withoutEndpoint();
  await until(async () => (await state(payer)) === "delivered");
  assert.equal((await rsvp(network, server, event, payment)).status, 200);
  const later = "UPDATE payments SET valid_before = unixepoch() - 100, next_check_at = unixepoch() WHERE payer = ?1";
  await network.worker.sql(server.scope, later, lost.address);
  await rsvp(network, server, event, unsure);
  assert.equal(await state(lost), "unknown");
  await restart();
  await until(async () => (await state(lost)) === "delivered");
  await booksAreClean();
});

test("a host sends a refund by hand, and what it has bought of the guest is none", async () => {
  await restart();
  const [event, payer, wallet] = [await createEvent(network, server), await newPayer(), await signerOf("host")];
  assert.equal((await rsvp(network, server, event, await pays(payer, event))).status, 200);
  await solana.fund(host, 5n * PRICE);
  const early = await sendByHand(solana, { from: wallet, to: payer.address, amount: PRICE });
  // The chain tells the time in seconds.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const headers = { authorization: `Bearer ${server.token}` };
  const cancelled = await network.worker.fetch(`/api/users/events/${event.id}`, { method: "DELETE", headers });
  assert.equal(cancelled.status, 200, await cancelled.text());
  const own = (path) => get(network, path, server.token).then((answer) => answer.json());
  const refund = async () => (await own("/api/users/refunds")).refunds.find((one) => one.to === payer.address);
  const report = async (transaction) => {
    const paid = [{ refundId: (await refund()).refundId, transaction }];
    const answer = await post(network, "/api/users/refunds", { paid }, server.token);
    return (await answer.json()).taken[0];
  };
  const waiting = await report(early);
  assert.match(waiting.message, /has not confirmed the guest's payment yet/);
  await until(async () => (await refund()).canBeSent, 150);
  // The host is a customer of its guest, with the official client: for the same amount, to the same account.
  const shop = await startSolanaShop({ facilitatorUrl: facilitator.url, payTo: payer.address });
  const customer = await solanaPayer(solana, { name: "host", usdc: 0n });
  const bought = await customer.fetch(shop.url);
  assert.equal(bought.status, 200);
  await shop.stop();
  const purchase = decodePaymentResponseHeader(bought.headers.get("payment-response")).transaction;
  const other = await sendByHand(solana, { from: wallet, to: payer.address, amount: PRICE - 1n });
  const wrong = [[early, /before this money was owed/], [purchase, /fee was paid by another account/], [other, /did not get exactly this amount/]];
  for (const [transaction, why] of wrong) {
    assert.equal((await report(transaction)).success, true);
    const refused = await until(async () => [await refund()].find(({ state }) => state === "owed"));
    assert.match(refused.reason, why);
  }
  const had = await solana.balanceOf(payer.address);
  // Whatever is confirmed and not final may go.
  solana.setConfirmationDelay(200, 15_000);
  const sent = await sendByHand(solana, { from: wallet, to: payer.address, amount: PRICE });
  assert.equal((await report(sent)).success, true);
  await until(async () => /no block that can be read/.test((await refund()).reason));
  const paid = await until(async () => [await refund()].find(({ state }) => state === "paid"), 150);
  assert.deepEqual([paid.txHash, paid.amount, await solana.balanceOf(payer.address)], [sent, "0.05", had + PRICE]);
  solana.setConfirmationDelay(200, 1_000);
  const booked = await network.worker.sql(server.scope, "SELECT amount, tx_hash FROM ledger WHERE entry = 'refunded'");
  assert.deepEqual(booked, [{ amount: -Number(PRICE), tx_hash: sent }]);
  await booksAreClean();
});

test("hostile transactions are refused before anybody is asked", async () => {
  const [event, payer] = [await createEvent(network, server), await newPayer()];
  const payment = await pays(payer, event);
  const { verify, settle } = facilitator.counts;
  const wire = Buffer.from(payment.payload.transaction, "base64");
  const with_ = (transaction) => ({ ...payment, payload: { transaction } });
  const changed = (change) => {
    const copy = Buffer.from(wire);
    change(copy);
    return with_(copy.toString("base64"));
  };
  const amountAt = wire.lastIndexOf(Buffer.from([12, 0x50, 0xc3, 0, 0, 0, 0, 0, 0, 6]));
  assert.ok(amountAt > 0, "the transfer is where it should be");
  for (const [why, hostile] of Object.entries({
    "a byte more": with_(Buffer.concat([wire, Buffer.of(0)]).toString("base64")),
    "a byte less": with_(wire.subarray(0, -1).toString("base64")),
    "too long": with_(Buffer.alloc(1_300).toString("base64")),
    "far too long": with_("A".repeat(20_000)),
    "no padding": with_(payment.payload.transaction.replace(/=+$/, "") + "A"),
    "another amount": changed((copy) => copy.writeUInt8(1, amountAt + 1)),
    "another memo": changed((copy) => copy.writeUInt8(copy.at(-2) ^ 1, copy.length - 2)),
    "another echo": { ...payment, accepted: { ...payment.accepted, amount: "1" } },
    "another fee payer": { ...payment, accepted: { ...payment.accepted, extra: { ...payment.accepted.extra, feePayer: payer.address } } },
    "another mint": { ...payment, accepted: { ...payment.accepted, asset: TOKEN_PROGRAM } },
    "another payee": { ...payment, accepted: { ...payment.accepted, payTo: payer.address } },
  })) {
    const refused = await rsvp(network, server, event, hostile);
    assert.equal(refused.status, 402, `${why}: ${JSON.stringify(refused.body)}`);
  }
  assert.deepEqual([facilitator.counts.verify, facilitator.counts.settle], [verify, settle]);
  assert.deepEqual(await rows(payer), []);
});

test("a facilitator that does not say that it settles there takes the offer away, and EVM stays", async () => {
  facilitator.misbehave(solanaFaults.lacksSolana, { path: "/supported" });
  await restart();
  const event = await createEvent(network, server);
  const { challenge } = await rsvp(network, server, event);
  assert.deepEqual(challenge.accepts.map((one) => one.network), [NETWORK]);
  const payment = await payFor(network, server, event, payers[0]);
  assert.equal((await rsvp(network, server, event, payment)).status, 200);
  await booksAreClean();
});

test("who takes the address away offers nothing on Solana any more, and keeps the other wallet", async () => {
  const session = await signIn(network);
  const answer = await setPayout(session, "");
  assert.equal(answer.status, 200, await answer.text());
  const me = await get(network, "/api/users/me", server.token).then((one) => one.json());
  assert.equal(me.solanaAddress, undefined);
  assert.equal(me.walletAddress, server.payTo);
});
