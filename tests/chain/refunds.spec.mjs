// In the real runtime, on a real chain: a purchase of two seats is cancelled, and the host's wallet pays it back once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { privateKeyToAccount } from "viem/accounts";
import { host, payers } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { signatureOf } from "../support/guests.mjs";
import { createEvent, get, openServer, post, startNetwork, until } from "../support/network.mjs";
import { callTool, sign } from "../support/pay.mjs";

const PRICE = 50_000n;
const [payer] = payers;
let network, server;

before(async () => {
  network = await startNetwork();
  server = await openServer(network);
});
after(() => network?.stop());

const balance = (address) => network.chain.balance(address);
const own = (path) => get(network, path, server.token).then((answer) => answer.json());
const payRefunds = (body) => post(network, "/api/users/refunds", body, server.token).then((answer) => answer.json());

/** What the payout wallet signs for each refund that is offered. */
async function signed({ toSign }) {
  const account = privateKeyToAccount(host.privateKey);
  const one = async (refund) => {
    const { refundId, validBefore } = refund;
    return { refundId, validBefore, signature: await signatureOf(account, refund) };
  };
  return { signatures: await Promise.all(toSign.map(one)) };
}

test("a guest cancels two seats, two tabs of the host sign, and the money is back once", async () => {
  const event = await createEvent(network, server, { refundPercent: 100 });
  const [had, earned] = [await balance(payer.address), await balance(server.payTo)];
  const wanted = { eventId: event.id, seats: 2 };
  const payment = await sign(await callTool(network, server, "rsvpToEvent", wanted), payer);
  const bought = await callTool(network, server, "rsvpToEvent", wanted, payment);
  assert.equal(bought.status, 200, JSON.stringify(bought.body));
  assert.equal(await balance(payer.address), had - 2n * PRICE);

  const cancel = (refund) => callTool(network, server, "cancelRsvp", { eventId: event.id, refund }, payment);
  assert.equal((await cancel()).body.refund.amount, "0.10");
  const cancelled = await cancel("0.10");
  assert.deepEqual([cancelled.body.cancelled, cancelled.body.refund.state], [true, "owed"]);
  const { rsvps } = await own(`/api/users/events/${event.id}/rsvps`);
  assert.deepEqual(rsvps, []);
  await assertBooksAreClean(network.worker, server.scope);

  // Nothing is signed before the chain has confirmed the purchase.
  const offered = await until(async () => {
    const asked = await payRefunds({});
    return asked.toSign.length === 1 && asked;
  }, 150);
  const again = await payRefunds({});
  for (const tab of [offered, again, offered]) {
    const { taken } = await payRefunds(await signed(tab));
    assert.equal(taken[0].success, true, JSON.stringify(taken));
  }
  await until(async () => (await own("/api/users/refunds")).refunds[0].state === "paid", 150);
  assert.deepEqual([await balance(payer.address), await balance(server.payTo)], [had, earned]);
  const late = await payRefunds(await signed(again));
  assert.match(late.taken[0].message, /paid already/);
  const told = await cancel();
  assert.equal(told.body.refund.state, "paid");
  assert.match(told.body.refund.transaction, /^0x[0-9a-f]{64}$/);
  assert.deepEqual([await balance(payer.address), await balance(server.payTo)], [had, earned]);
  const { total, refunded, owed } = await own("/api/users/revenue");
  assert.deepEqual([total, refunded, owed], ["0.00", "0.10", "0.00"]);
  await assertBooksAreClean(network.worker, server.scope);
});
