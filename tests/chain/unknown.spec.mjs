// Settlements whose outcome is not known: never called failed, never asked for twice, always found
// out. The facilitator in between misbehaves; chain and runtime are real.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { payers } from "../../dev/chain/accounts.mjs";
import { createEvent, findEvent, openServer, startNetwork, until } from "../support/network.mjs";
import { behaviours, startHostile } from "../support/hostile.mjs";
import { payFor, rsvp } from "../support/pay.mjs";

const PRICE = 50_000n;
let network, server, hostile;
let payer = 0;

before(async () => {
  hostile = await startHostile(() => network.facilitator.url);
  network = await startNetwork({ facilitatorUrl: hostile.url });
  server = await openServer(network);
});
after(async () => {
  await network?.stop();
  await hostile?.stop();
});

const seats = (event) => findEvent(network, server, event);

/** Pays for the last seat with a facilitator that behaves like this. */
async function payWhile(behaviour) {
  const event = await createEvent(network, server, { capacity: 1 });
  const payment = await payFor(network, server, event, payers[payer++]);
  const earned = await network.chain.balance(server.payTo);
  hostile.next.push(behaviour);
  const answer = await rsvp(network, server, event, payment);
  return { event, payment, earned, answer };
}

function isUnknown({ status, body, challenge }) {
  assert.equal(status, 409);
  assert.equal(challenge, null, "never a new challenge");
  assert.equal(body.moneyMoved, "unknown");
  assert.match(body.detail, /repeat the same call with the same payment/);
}

for (const name of ["paysAndIsCut", "paysAndFails", "paysAndNamesAnother", "cut", "fails", "pending", "isNoJson", "saysYesWithoutTransaction"]) {
  test(`settle ${name}: the seat is held, the alarm finds out, the same payment gets the ticket`, async () => {
    const { event, payment, earned, answer } = await payWhile(behaviours[name]);
    isUnknown(answer);
    const other = await rsvp(network, server, event);
    assert.equal(other.status, 409, "the last seat is held, so nobody is asked to pay for it");
    assert.equal(other.challenge, null);
    await until(async () => (await seats(event)).rsvpCount === 1);
    assert.equal(await network.chain.balance(server.payTo), earned + PRICE, "paid once");
    const ticket = await rsvp(network, server, event, payment);
    assert.equal(ticket.status, 200);
    const receipt = await network.chain.client.getTransactionReceipt({ hash: ticket.body.transactionHash });
    assert.equal(receipt.status, "success");
    assert.equal((await seats(event)).revenueAtomic, String(PRICE));
  });
}

test("a clear refusal is no unknown: nothing moved, the seat is free", async () => {
  const { event, payment, earned, answer } = await payWhile(behaviours.refuses);
  assert.equal(answer.status, 402);
  assert.equal(answer.body.error, "insufficient_funds");
  assert.equal((await seats(event)).seatsLeft, 1);
  assert.equal(await network.chain.balance(server.payTo), earned);
  assert.equal((await rsvp(network, server, event, payment)).status, 200, "the same payment may be tried again");
});

test("an unknown settlement survives an eviction and a restart", async () => {
  const { event, payment, earned, answer } = await payWhile(behaviours.paysAndIsCut);
  isUnknown(answer);
  await network.worker.restart();
  await until(async () => (await seats(event)).rsvpCount === 1);
  assert.equal((await rsvp(network, server, event, payment)).status, 200);
  assert.equal(await network.chain.balance(server.payTo), earned + PRICE);
});

test("the facilitator gets our requirements, never the client's, and no signature is kept for long", async () => {
  const event = await createEvent(network, server);
  const payment = await payFor(network, server, event, payers[payer++]);
  const echoed = { ...payment, accepted: { ...payment.accepted, payTo: payment.accepted.payTo.toLowerCase() } };
  hostile.seen.length = 0;
  assert.equal((await rsvp(network, server, event, echoed)).status, 200);
  assert.deepEqual(hostile.seen.map(({ path }) => path), ["/settle"], "a key's signature needs no /verify");
  assert.equal(hostile.seen[0].body.paymentRequirements.payTo, server.payTo);
  // Half a minute later the chain is asked whether it has kept the money; until then it may be needed.
  const kept = "SELECT count(*) AS n FROM payments WHERE payment IS NOT NULL";
  await until(async () => (await network.worker.sql(server.scope, kept))[0].n === 0, 60);
});
