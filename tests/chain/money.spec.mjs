// In the real runtime, on a real chain, with the reference facilitator: nobody pays twice, nobody
// pays for nothing, nothing is given away.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { host, otherHost, payers } from "../../dev/chain/accounts.mjs";
import { createEvent, get, openServer, post, signIn, startNetwork, until } from "../support/network.mjs";
import { decodeFunctionData, parseAbi, serializeSignature } from "viem";
import { callMcp, callTool, encode, payFor, proofFor, resign, rsvp } from "../support/pay.mjs";

const PRICE = 50_000n;
let network, server;

before(async () => {
  network = await startNetwork();
  server = await openServer(network);
});
after(() => network?.stop());

const balance = (account) => network.chain.balance(account.address ?? account);

async function seatsOf(event) {
  const { rsvps } = await get(network, `/api/users/events/${event.id}/rsvps`, server.token).then((a) => a.json());
  return rsvps;
}

/** Checks that `act` moves `payments` times the price to the host and settles as often. */
async function moves(payments, act) {
  const earned = await balance(server.payTo);
  const result = await act();
  assert.equal(await balance(server.payTo), earned + PRICE * BigInt(payments));
  return result;
}

test("the same payment sent twice is one seat, one settlement, one answer", async () => {
  const event = await createEvent(network, server);
  const payment = await payFor(network, server, event, payers[0]);
  const settles = network.facilitator.stats.settle;
  await moves(1, async () => {
    const first = await rsvp(network, server, event, payment);
    assert.equal(first.status, 200);
    assert.deepEqual(await rsvp(network, server, event, payment), first);
  });
  assert.equal(network.facilitator.stats.settle, settles + 1);
  assert.equal((await seatsOf(event)).length, 1);
});

test("the same payment sent twenty times at once is one seat", async () => {
  const event = await createEvent(network, server);
  const payment = await payFor(network, server, event, payers[1]);
  const answers = await moves(1, () =>
    Promise.all(Array.from({ length: 20 }, () => rsvp(network, server, event, payment))),
  );
  const done = answers.filter(({ status }) => status === 200);
  assert.ok(done.length >= 1);
  for (const { body } of done) assert.deepEqual(body, done[0].body);
  for (const { status, challenge } of answers) {
    assert.ok([200, 409].includes(status), `status ${status}`);
    assert.equal(challenge, null, "nobody is asked to pay again");
  }
  assert.equal((await seatsOf(event)).length, 1);
});

test("the same payment for another event is refused", async () => {
  const [one, other] = [await createEvent(network, server), await createEvent(network, server)];
  const payment = await payFor(network, server, one, payers[2]);
  await moves(1, async () => {
    assert.equal((await rsvp(network, server, one, payment)).status, 200);
    const refused = await rsvp(network, server, other, payment);
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /used for another call/);
  });
  assert.equal((await seatsOf(other)).length, 0);
});

test("five seats, twenty payers at once: five seats, five settlements, nobody else pays", async () => {
  const event = await createEvent(network, server, { capacity: 5 });
  const crowd = payers.slice(5, 25);
  const payments = await Promise.all(crowd.map((payer) => payFor(network, server, event, payer)));
  const had = await Promise.all(crowd.map(balance));
  const answers = await moves(5, () => Promise.all(payments.map((p) => rsvp(network, server, event, p))));
  assert.equal(answers.filter(({ status }) => status === 200).length, 5);
  for (const [index, payer] of crowd.entries()) {
    const paid = answers[index].status === 200 ? PRICE : 0n;
    assert.equal(await balance(payer), had[index] - paid);
  }
  const wallets = (await seatsOf(event)).map(({ wallet }) => wallet);
  assert.equal(new Set(wallets).size, 5);
  const full = await rsvp(network, server, event);
  assert.equal(full.status, 409, "a full event is refused before any challenge");
  assert.match(full.body.detail, /full.*No money was moved/);
});

test("what cannot be had is said before any challenge", async () => {
  const cancelled = await createEvent(network, server);
  const answer = await network.worker.fetch(`/api/users/events/${cancelled.id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${server.token}` },
  });
  assert.equal(answer.status, 200);
  const soon = await createEvent(network, server, { startsAt: new Date(Date.now() + 3000).toISOString() });
  await until(async () => (await rsvp(network, server, soon)).status !== 402);
  const unknown = { id: "evt_000000000000000000000000" };
  for (const [event, status, text] of [[cancelled, 409, /cancelled/], [soon, 409, /over/], [unknown, 404, /no such event/]]) {
    const refused = await rsvp(network, server, event);
    assert.equal(refused.status, status);
    assert.match(refused.body.detail, text);
    assert.equal(refused.challenge, null);
  }
});

test("a payment that is not what was asked for is refused, and nothing is settled", async () => {
  const event = await createEvent(network, server);
  const payer = payers[3];
  const good = await payFor(network, server, event, payer);
  const goodV1 = await payFor(network, server, event, payer, 1);
  const now = Math.floor(Date.now() / 1000);
  const accepted = (changes) => ({ ...good, accepted: { ...good.accepted, ...changes } });
  const field = (changes) => {
    const authorization = { ...good.payload.authorization, ...changes };
    return { ...good, payload: { ...good.payload, authorization } };
  };
  const cases = {
    "a lower amount": [await resign(good, payer, { value: "1" }), /value_mismatch/],
    "a lower amount, version 1": [await resign(goodV1, payer, { value: "1" }), /authorization_value$/],
    "a higher amount": [await resign(good, payer, { value: "50001" }), /value_mismatch/],
    "another payTo": [await resign(good, payer, { to: payer.address }), /recipient_mismatch/],
    "another token": [accepted({ asset: otherHost.address }), /invalid_payment_requirements/],
    "a token that is only signed for": [
      await resign(good, payer, {}, { domain: { verifyingContract: otherHost.address } }),
      /signature/,
    ],
    "another chain": [accepted({ network: "eip155:8453" }), /invalid_network/],
    "another chain, version 1": [{ ...goodV1, network: "base" }, /invalid_network/],
    "a chain that is only signed for": [await resign(good, payer, {}, { domain: { chainId: 1 } }), /signature/],
    "an expired payment": [await resign(good, payer, { validBefore: String(now - 1) }), /valid_before/],
    "one that is valid too long": [await resign(good, payer, { validBefore: "99999999999" }), /valid_before/],
    "one that is not valid yet": [await resign(good, payer, { validAfter: String(now + 200) }), /valid_after/],
    "a foreign signature": [await resign(good, payer, {}, { signer: payers[4] }), /signature/],
    "a short signature": [{ ...good, payload: { ...good.payload, signature: "0x1234" } }, /signature|invalid/],
    "an amount of 80 digits": [field({ value: "9".repeat(80) }), /value is missing or malformed/],
    "an amount that is no number": [field({ value: "-1" }), /value is missing or malformed/],
    "another scheme": [accepted({ scheme: "upto" }), /unsupported_scheme/],
    "another version": [{ ...good, x402Version: 3 }, /invalid_x402_version/],
    "malformed base64": ["%%%", /neither a JSON object nor base64/],
    "base64 of no JSON": [Buffer.from("{oops").toString("base64"), /neither a JSON object nor base64/],
    "an empty header": [encode({}), /invalid_x402_version/],
  };
  await moves(0, async () => {
    for (const [name, [payment, reason]] of Object.entries(cases)) {
      const refused = await rsvp(network, server, event, payment);
      assert.equal(refused.status, 402, name);
      assert.match(refused.body.error, reason, name);
    }
  });
  assert.equal((await seatsOf(event)).length, 0);
  await moves(1, async () => assert.equal((await rsvp(network, server, event, good)).status, 200));
});

test("a wallet without money is refused, and may pay once it has some", async () => {
  const event = await createEvent(network, server, { capacity: 1 });
  const { generatePrivateKey, privateKeyToAccount } = await import("viem/accounts");
  const privateKey = generatePrivateKey();
  const poor = { privateKey, address: privateKeyToAccount(privateKey).address };
  const payment = await payFor(network, server, event, poor);
  await moves(0, async () => {
    const refused = await rsvp(network, server, event, payment);
    assert.equal(refused.status, 402);
    assert.match(refused.body.error, /insufficient/);
  });
  await network.chain.mint(poor.address, PRICE);
  await moves(1, async () => assert.equal((await rsvp(network, server, event, payment)).status, 200));
  assert.equal(await balance(poor), 0n);
});

test("an eviction and a restart between challenge and payment, and after it, lose nothing", async () => {
  const event = await createEvent(network, server);
  const payment = await payFor(network, server, event, payers[26]);
  await network.worker.evictHost(server.scope);
  await network.worker.restart();
  const first = await moves(1, () => rsvp(network, server, event, payment));
  assert.equal(first.status, 200);
  await network.worker.evictHost(server.scope);
  await network.worker.restart();
  await moves(0, async () => assert.deepEqual(await rsvp(network, server, event, payment), first));
  const key = `${server.scope}:rsvps:${event.id}:${payers[26].address}`;
  await until(() => network.worker.kv.get(key));
});

test("two hosts see nothing of each other", async () => {
  const other = await openServer(network, otherHost);
  const event = await createEvent(network, server, { title: "Only at the first host" });
  const list = await callTool(network, other, "listEvents", {});
  assert.deepEqual(list.body.events, []);
  for (const tool of ["getEvent", "rsvpToEvent", "getEventAnalytics"]) {
    assert.equal((await callTool(network, other, tool, { eventId: event.id })).status, 404, tool);
  }
  assert.equal((await get(network, `/api/users/events/${event.id}/rsvps`, other.token)).status, 404);
  assert.equal((await get(network, `/e/${other.scope}/${event.id}`)).status, 404);
  const revenue = await get(network, "/api/users/revenue", other.token).then((answer) => answer.json());
  assert.equal(revenue.totalAtomic, "0");
  const stolen = await post(network, `/api/users/events/${event.id}/check-in`, { code: "x" }, other.token);
  assert.equal(stolen.status, 404);
  const payment = await payFor(network, server, event, payers[27]);
  const elsewhere = await createEvent(network, other);
  const refused = await rsvp(network, other, elsewhere, payment);
  assert.equal(refused.status, 402, "a payment to one host is none to another");
});

const tokenAbi = parseAbi([
  "function transferWithAuthorization(address, address, uint256, uint256, uint256, bytes32, bytes)",
  "function transferWithAuthorization(address, address, uint256, uint256, uint256, bytes32, uint8, bytes32, bytes32)",
]);

/** The payment, read from the transaction that settled it. */
async function paymentOnChain(hash) {
  const { input } = await network.chain.client.getTransaction({ hash });
  const { args } = decodeFunctionData({ abi: tokenAbi, data: input });
  const [from, to, value, validAfter, validBefore, nonce, ...signed] = args;
  const [v, r, s] = signed;
  const signature = signed.length === 1 ? v : serializeSignature({ v: BigInt(v), r, s });
  const numbers = { value: String(value), validAfter: String(validAfter), validBefore: String(validBefore) };
  return { signature, authorization: { from, to, ...numbers, nonce } };
}

test("the calldata of a settled payment opens no ticket; the payer's wallet does", async () => {
  const event = await createEvent(network, server);
  for (const [index, version] of [[22, 1], [23, 2]]) {
    const { body: ticket } = await rsvp(network, server, event, await payFor(network, server, event, payers[index], version));
    assert.match(ticket.ticketUrl, /\/t\//);
    const payload = await paymentOnChain(ticket.transactionHash);
    const { challenge } = await rsvp(network, server, event);
    const copies = [
      { x402Version: 1, scheme: "exact", network: "base-sepolia", payload },
      { x402Version: 2, accepted: challenge.accepts[0], payload },
      { x402Version: 2, accepted: { ...challenge.accepts[0], extra: { name: "USDC", version: "2" } }, payload },
    ];
    await moves(0, async () => {
      for (const copy of copies) {
        for (const call of [callTool, callMcp]) {
          const refused = await call(network, server, "rsvpToEvent", { eventId: event.id }, copy);
          const text = JSON.stringify(refused);
          assert.equal(refused.status, 401, text);
          for (const part of [ticket.rsvp.code, "ticketUrl", "/t/"]) assert.ok(!text.includes(part), text);
          const code = JSON.stringify(refused.body ?? refused.value).match(/[0-9a-f]{32}-[0-9a-f]{24}/)?.[0];
          assert.equal(code, undefined, "there is nothing to show at the entrance");
        }
      }
      const stranger = await rsvp(network, server, event, copies[0]);
      const header = { "sign-in-with-x": await proofFor(stranger, payers[24]) };
      const args = { eventId: event.id };
      assert.equal((await callTool(network, server, "rsvpToEvent", args, copies[0], header)).status, 401);
      const proof = { "sign-in-with-x": await proofFor(await rsvp(network, server, event, copies[0]), payers[index]) };
      const seen = await callTool(network, server, "rsvpToEvent", args, undefined, proof);
      assert.deepEqual([seen.status, seen.body], [200, ticket]);
      const used = await callTool(network, server, "rsvpToEvent", args, undefined, proof);
      assert.deepEqual([used.status, used.body.title], [401, "nonce used"]);
    });
    assert.equal((await seatsOf(event)).find(({ wallet }) => wallet === payers[index].address).checkedInAt, null);
  }
});

test("a ticket opens its page, and is accepted once at the entrance", async () => {
  const event = await createEvent(network, server, { title: "<script>alert(1)</script>" });
  const payment = await payFor(network, server, event, payers[28]);
  const { body: ticket } = await rsvp(network, server, event, payment);
  const page = await get(network, new URL(ticket.ticketUrl).pathname);
  assert.equal(page.status, 200);
  const html = await page.text();
  assert.match(html, /<svg/);
  assert.doesNotMatch(html, /<script/);
  const checkIn = () => post(network, `/api/users/events/${event.id}/check-in`, { code: ticket.rsvp.code }, server.token);
  assert.equal((await checkIn().then((answer) => answer.json())).success, true);
  const again = await checkIn().then((answer) => answer.json());
  assert.equal(again.success, false);
  assert.match(again.message, /used before/);
  const ics = await get(network, new URL(ticket.calendarUrl).pathname).then((answer) => answer.text());
  assert.match(ics, /BEGIN:VEVENT/);
});

test("the books: ledger, chain, seats and KV are the same money", async () => {
  const sum = await network.worker.sql(server.scope, "SELECT count(*) AS n, sum(amount) AS total FROM ledger WHERE entry = 'settled'");
  const transfers = await network.chain.transfers(host.address);
  const arrived = transfers.reduce((total, { args }) => total + args.value, 0n);
  assert.equal(sum[0].n, transfers.length);
  assert.equal(BigInt(sum[0].total), arrived);
  const [seats] = await network.worker.sql(server.scope, "SELECT count(*) AS n FROM rsvps");
  assert.equal(seats.n, transfers.length);
  await until(async () => (await network.worker.kv.get(`${server.scope}:revenue`)) === String(arrived));
});

// The last one: from here on the payout address earns for two.
test("of two hosts with one payout address, one delivers for a payment", async () => {
  const session = await signIn(network, otherHost);
  const body = { userId: session.userId, walletAddress: server.payTo };
  assert.ok((await post(network, "/api/users/mcp", body, session.token)).ok);
  const twin = { ...session, payTo: server.payTo };
  const [here, there] = [await createEvent(network, server), await createEvent(network, twin)];
  const payment = await payFor(network, server, here, payers[28]);
  const answers = await Promise.all([rsvp(network, server, here, payment), rsvp(network, twin, there, payment)]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  const refused = answers.find(({ status }) => status === 409);
  assert.equal(refused.challenge, null);
  assert.match(refused.body.detail, /given to another server/);
  const own = await payFor(network, twin, there, payers[29]);
  assert.equal((await rsvp(network, twin, there, own)).status, 200);
});
