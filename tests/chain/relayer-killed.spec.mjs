// Our own facilitator is killed (SIGKILL) while a payment is on its way to a block: nothing is lost, and
// nothing is sent twice. What was signed before the kill is what settles after it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isAddressEqual, keccak256, parseTransaction } from "viem";
import { otherRelayer } from "../../dev/chain/accounts.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { ask, request } from "../support/facilitators.mjs";
import { catches } from "../support/hostile-rpc.mjs";
import { startKillable } from "../support/killable.mjs";
import { createEvent, get, until } from "../support/network.mjs";
import { payFor, rsvp, rsvpAgain } from "../support/pay.mjs";
import { payerKit } from "../support/payer-kit.mjs";
import { miniWallet } from "../support/wallets.mjs";

const FOUND_SECONDS = 60;
// After this long a server looks at the chain itself.
const DELIVERED_SECONDS = 90;
let worker, network, server;
let made = 0;

before(async () => {
  worker = await startKillable({ own: true });
  network = { worker };
  const { scope, token, walletAddress } = worker.host;
  server = { scope, token, payTo: walletAddress };
});
after(() => worker?.stop());

const BROADCAST = "eth_sendRawTransaction";
const RECEIPT = "eth_getTransactionReceipt";
const POINTS = {
  "after signing, before the transaction leaves": { method: BROADCAST, passesOn: false },
  "after the transaction has left, before that is answered": { method: BROADCAST, passesOn: true },
  "before the receipt": { method: RECEIPT, passesOn: false },
};

/** Where payments come in: at a host's server, from a key, or over HTTP, from a wallet that has to be made. */
const WAYS = {
  "at a server": async () => {
    const kit = await newKit();
    const event = await createEvent(network, server, { capacity: 1 });
    const payment = await payFor(network, server, event, kit.payer, kit.version);
    const pay = () => rsvp(network, server, event, payment);
    const again = () => rsvpAgain(network, server, event, payment, kit.payer);
    return { payer: kit.payer, payTo: server.payTo, event, payment, pay, again };
  },
  "over HTTP": async () => {
    const kit = await newKit();
    const payer = await kit.wallet(miniWallet);
    const { payment, requirements } = await kit.pays(payer);
    const pay = () => ask(ours(), "settle", request(payment, requirements));
    return { payer, payTo: kit.payTo, payment, pay, again: pay };
  },
};

const ours = () => ({ url: `${worker.url}/facilitator` });

function newKit() {
  made += 1;
  return payerKit(worker.chain, `killed ${made}`, 1 + (made % 2), ours());
}

/** Kills the Worker at the point, and starts it again. The transaction that was signed for the payment by then. */
async function killAt({ method, passesOn }, one) {
  const { behaviour, caught } = catches(method, { passesOn });
  const had = worker.endpoint.sent.size;
  worker.endpoint.misbehave(behaviour, method);
  const call = one.pay().then(
    (answer) => assert.fail(`it was answered before the kill: ${JSON.stringify(answer)}`),
    () => {},
  );
  await Promise.race([caught, call]);
  worker.kill();
  await Promise.all([call, worker.down()]);
  const signed = [...worker.endpoint.sent].slice(had);
  assert.equal(signed.length, 1, "one transaction was signed");
  const isThere = (await transfersOf(one)).length === 1;
  assert.equal(isThere, passesOn || method === RECEIPT, "whether the chain has it at the kill");
  worker.endpoint.behaves(method);
  await worker.up();
  return keccak256(signed[0]);
}

async function transfersOf({ payer, payTo }) {
  const transfers = await worker.chain.transfers(payTo);
  return transfers.filter(({ args }) => isAddressEqual(args.from, payer.address));
}

/** Once, in this very transaction. */
async function assertIsPaidIn(one, hash) {
  assert.deepEqual((await transfersOf(one)).map(({ transactionHash }) => transactionHash), [hash]);
}

/** Waits until the host has the guest as well; then the same call gets the answer that it should have got. */
async function assertIsAnswered(one, hash) {
  const guests = async () => {
    const answer = await get(network, `/api/users/events/${one.event.id}/rsvps`, server.token);
    return (await answer.json()).rsvps.map(({ wallet, txHash }) => [wallet, txHash]);
  };
  if (one.event) await until(async () => (await guests()).length > 0, DELIVERED_SECONDS);
  const { status, body } = await one.again();
  assert.equal(status, 200, JSON.stringify(body));
  if (!one.event) return assert.deepEqual([body.success, body.transaction], [true, hash]);
  assert.equal(body.transactionHash, hash);
  assert.deepEqual(await guests(), [[one.payer.address, hash]]);
}

for (const [way, begins] of Object.entries(WAYS)) {
  describe(`a payment ${way}, killed`, () => {
    for (const [when, point] of Object.entries(POINTS)) {
      test(`${when}: the alarm settles it with the transaction that was signed, once`, async () => {
        const one = await begins();
        const hash = await killAt(point, one);
        // The call is not repeated.
        await until(async () => (await transfersOf(one)).length > 0, FOUND_SECONDS);
        await assertIsPaidIn(one, hash);
        await assertIsAnswered(one, hash);
        await assertIsPaidIn(one, hash);
      });
    }

    test("before the transaction leaves, and the payer asks at once: the same transaction settles it", async () => {
      const one = await begins();
      const hash = await killAt({ method: BROADCAST, passesOn: false }, one);
      const answers = await Promise.all([one.again(), one.again()]);
      for (const { status, body } of answers) {
        // A server says that the outcome is unknown while another call is finding out.
        assert.ok(status === 200 || body.moneyMoved === "unknown", JSON.stringify(body));
      }
      await until(async () => (await transfersOf(one)).length > 0, FOUND_SECONDS);
      await assertIsPaidIn(one, hash);
      await assertIsAnswered(one, hash);
    });
  });
}

test("afterwards each nonce is used for one call, none is left out, and none waits", async () => {
  // On a slow machine a transaction may have been replaced by one that pays more: the same nonce, the same call.
  const calls = new Set([...worker.endpoint.sent].map(parseTransaction).map(({ nonce = 0, to, data }) => `${nonce} ${to} ${data}`));
  const byNonce = [...calls].map((call) => parseInt(call, 10)).sort((a, b) => a - b);
  assert.deepEqual(byNonce, Array.from(byNonce.keys()));
  const count = (blockTag) => worker.chain.client.getTransactionCount({ address: otherRelayer.address, blockTag });
  assert.deepEqual([await count("latest"), await count("pending")], [byNonce.length, byNonce.length]);
});

// The last one: it ends the Worker.
test("afterwards the books are clean", async () => {
  await worker.end();
  await worker.books(async (database) => {
    const sql = (_, query) => database.prepare(query).all();
    await assertBooksAreClean({ sql }, server.scope);
    const count = (where) => database.prepare(`SELECT count(*) AS n FROM payments WHERE ${where}`).get().n;
    const sales = Object.keys(POINTS).length + 1;
    assert.deepEqual([count("state = 'delivered'"), count("TRUE")], [sales, sales]);
  });
});
