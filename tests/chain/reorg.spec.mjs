// A chain may drop its newest blocks, and with them money that was just paid. The server looks again
// half a minute after the delivery.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { payers } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { behaviours, startHostile } from "../support/hostile.mjs";
import { createEvent, findEvent, openServer, startNetwork, until } from "../support/network.mjs";
import { payFor, rsvp } from "../support/pay.mjs";
import { drop } from "../support/reorg.mjs";
import { isNonceUsed } from "../support/usdc.mjs";

const PRICE = 50_000n;
let network, server, hostile;

before(async () => {
  hostile = await startHostile(() => network.facilitator.url);
  network = await startNetwork({ facilitatorUrl: hostile.url });
  server = await openServer(network);
});
after(async () => {
  await network?.stop();
  await hostile?.stop();
});

const isUsed = ({ payload: { authorization } }) => isNonceUsed(network, authorization.from, authorization.nonce);
const rows = (query) => network.worker.sql(server.scope, query);
const isConfirmed = async () => (await rows("SELECT count(*) AS n FROM payments WHERE next_check_at IS NOT NULL"))[0].n === 0;

/** Pays for a seat, and has the chain drop the money. */
async function payAndDrop(payer) {
  const event = await createEvent(network, server, { capacity: 1 });
  const payment = await payFor(network, server, event, payer);
  const earned = await network.chain.balance(server.payTo);
  const first = await rsvp(network, server, event, payment);
  assert.equal(first.status, 200);
  await drop(network.chain, first.body.transactionHash, () => isUsed(payment));
  assert.equal(await network.chain.balance(server.payTo), earned, "the chain has dropped the money");
  return { event, payment, earned, first };
}

test("money that the chain drops after the delivery is moved again, and counted once", async () => {
  const { event, payment, earned, first } = await payAndDrop(payers[0]);
  await until(() => isUsed(payment), 60);
  await until(isConfirmed, 90);
  assert.equal(await network.chain.balance(server.payTo), earned + PRICE);
  await assertBooksAreClean(network.worker, server.scope);
  const again = await rsvp(network, server, event, payment);
  assert.equal(again.status, 200, "the seat is the payer's");
  assert.equal(again.body.rsvp.code, first.body.rsvp.code, "with the same ticket");
  const receipt = await network.chain.client.getTransactionReceipt({ hash: again.body.transactionHash });
  assert.equal(receipt.status, "success", "and the answer names the transaction that is there");
  const [seat] = await rows("SELECT tx_hash FROM rsvps");
  assert.equal(seat.tx_hash, again.body.transactionHash);
});

// Must be the last one: afterwards the chain's clock is ahead.
test("if it cannot be moved any more, the seat is taken back and nothing is earned", async () => {
  const { event, payment, earned } = await payAndDrop(payers[1]);
  for (let n = 0; n < 20; n += 1) hostile.next.push(behaviours.fails);
  await network.chain.test.increaseTime({ seconds: 500 });
  await network.chain.test.mine({ blocks: 1 });
  await until(isConfirmed, 90);
  assert.equal(await isUsed(payment), false);
  assert.equal(await network.chain.balance(server.payTo), earned);
  await assertBooksAreClean(network.worker, server.scope);
  const { seatsLeft, revenue } = await findEvent(network, server, event);
  assert.deepEqual([seatsLeft, revenue], [1, "0.00"]);
  const key = `${server.scope}:rsvps:${event.id}:${payers[1].address}`;
  await until(async () => (await network.worker.kv.get(key)) === null);
  assert.notEqual((await rsvp(network, server, event, payment)).status, 200);
});
