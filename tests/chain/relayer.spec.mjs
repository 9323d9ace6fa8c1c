// Our own facilitator while its endpoint fails, its chain drops blocks, others are faster, or gas becomes expensive:
// every answer is true, and every payment is settled once, without another request.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isAddressEqual, keccak256, parseTransaction } from "viem";
import { endsWell, startCase, told } from "../support/case.mjs";
import { serverPayment, signedFor, startOwnNetwork } from "../support/facilitators.mjs";
import { catches, rpcFaults } from "../support/hostile-rpc.mjs";
import { until } from "../support/network.mjs";
import { payerKit } from "../support/payer-kit.mjs";
import { drop, withoutBlocks } from "../support/reorg.mjs";
import { PRICE } from "../support/terms.mjs";
import { isNonceUsed, spend } from "../support/usdc.mjs";
import { miniWallet } from "../support/wallets.mjs";

const OUTAGE_SECONDS = 30;
const BROADCAST = "eth_sendRawTransaction";
const USED = "invalid_exact_evm_nonce_already_used";
let network;
let made = 0;

before(async () => {
  network = await startOwnNetwork();
});
afterEach(() => network.rpc.recovers());
after(() => network?.stop());

function newKit() {
  made += 1;
  return payerKit(network.chain, `relayer ${made}`, 1 + (made % 2), network.ours);
}

/** A payment that another x402 server has settled here. */
const fromServer = async (make) => serverPayment(network.ours, await newKit(), make);

/** A payment for a seat at a server of its own. */
async function atServer(make) {
  const kit = await newKit();
  const one = await startCase(network, make ? await kit.wallet(make) : kit.payer, kit.version);
  return { ...one, kit, nonce: one.payment.payload.authorization.nonce };
}

async function transfersOf({ kit, payer }) {
  const transfers = await network.chain.transfers(kit.payTo);
  assert.ok(transfers.every(({ args }) => isAddressEqual(args.from, payer.address) && args.value === PRICE));
  return transfers.map(({ transactionHash }) => transactionHash);
}

const isUsed = ({ payer, nonce }) => isNonceUsed(network, payer.address, nonce);

function isSettled({ status, body }, hash = body.transaction) {
  assert.deepEqual([status, body.success, body.transaction], [200, true, hash], JSON.stringify(body));
}

function isPending({ status, body }, hash) {
  const expected = [200, false, "settlement_pending", hash];
  assert.deepEqual([status, body.success, body.errorReason, body.transaction], expected, JSON.stringify(body));
}

async function health() {
  const { relayers } = await network.worker.fetch("/health").then((answer) => answer.json());
  return relayers[0];
}

/** No nonce is left out, nothing waits, and the next payment is settled at once. */
async function assertNothingIsStuck() {
  const count = (blockTag) => network.chain.client.getTransactionCount({ address: network.ours.relayer, blockTag });
  await until(async () => (await health()).queue === 0);
  const used = new Set([...network.rpc.sent].map((raw) => parseTransaction(raw).nonce ?? 0));
  assert.deepEqual([...used].sort((a, b) => a - b), Array.from({ length: used.size }, (_, nonce) => nonce));
  assert.deepEqual([await count("latest"), await count("pending")], [used.size, used.size]);
  assert.equal((await health()).nextNonce, used.size);
  isSettled(await fromServer().then((one) => one.settle()));
}

/**
 * Both pay, and the endpoint goes down while the first has its turn, and the second, which was judged good,
 * waits for it. Whether their transactions leave is `passesOn`; neither gets an answer.
 */
async function payWhileItGoesDown(seat, sold, { passesOn }) {
  const { rpc } = network;
  const cut = Promise.withResolvers();
  const answers = async (asked) => {
    await cut.promise;
    await rpcFaults.isDown(asked);
  };
  const left = catches(BROADCAST, { passesOn, answers });
  rpc.misbehave(left.behaviour, seat.nonce);
  const calls = { seat: seat.pay() };
  await left.caught;
  const judged = catches("eth_estimateGas", { answers: async ({ answer, pass }) => answer(200, await pass()) });
  rpc.misbehave(judged.behaviour, sold.nonce);
  calls.sold = sold.settle();
  await judged.caught;
  // It was asked for, and the answer is on its way.
  await sleep(500);
  rpc.recovers();
  rpc.misbehave(catches(BROADCAST, { passesOn, answers: rpcFaults.isDown }).behaviour, sold.nonce);
  rpc.misbehave(rpcFaults.isDown);
  cut.resolve();
  return calls;
}

/** What is said while the endpoint is down: to those who wait, to those who ask again, and to newcomers. */
async function assertIsTruthful({ seat, sold, calls, newcomers }) {
  const settled = await newcomers.sold.settle();
  assert.equal(settled.status, 503);
  assert.deepEqual([settled.body.success, settled.body.errorReason], [false, "rpc_unavailable"]);
  const verified = await newcomers.sold.verify();
  assert.equal(verified.status, 503);
  assert.equal(verified.body.type, "urn:events-concierge:problem:rpc_unavailable");
  assert.ok(!("isValid" in verified.body), "no answer is not a bad one");
  for (const one of newcomers.seats) told.unavailable(await one.pay());
  for (const one of [newcomers.sold, ...newcomers.seats]) {
    assert.deepEqual(signedFor(network, one), [], "nothing was signed");
  }
  const [signed, ...more] = signedFor(network, sold);
  assert.deepEqual(more, []);
  const [first, again, atSeat] = await Promise.all([calls.sold, sold.settle(), calls.seat]);
  for (const answer of [first, again]) isPending(answer, keccak256(signed));
  told.unknown(atSeat);
  told.unknown(await seat.pay());
}

describe(`an endpoint that is down for ${OUTAGE_SECONDS} s`, () => {
  for (const [when, passesOn] of [["after the transaction has left", true], ["before the transaction leaves", false]]) {
    test(`${when}: nobody hears that no money moved, and all is settled afterwards, by itself`, async () => {
      const [seat, sold] = [await atServer(), await fromServer(miniWallet)];
      const newcomers = { sold: await fromServer(), seats: [await atServer(), await atServer(miniWallet)] };
      const calls = await payWhileItGoesDown(seat, sold, { passesOn });
      const began = Date.now();
      await assertIsTruthful({ seat, sold, calls, newcomers });
      for (const one of [seat, sold]) assert.equal(await isUsed(one), passesOn, "whether its money has moved");
      await sleep(Math.max(0, OUTAGE_SECONDS * 1000 - (Date.now() - began)));
      network.rpc.recovers();
      await until(async () => (await isUsed(sold)) && (await isUsed(seat)));
      await endsWell(seat);
      const [signed, ...more] = signedFor(network, sold);
      assert.deepEqual(more, [], "it was signed once");
      assert.deepEqual(await transfersOf(sold), [keccak256(signed)]);
      isSettled(await sold.settle(), keccak256(signed));
      for (const one of [...newcomers.seats, newcomers.sold]) assert.equal(await isUsed(one), false);
      isSettled(await newcomers.sold.settle());
      for (const one of newcomers.seats) told.ticket(await one.pay());
      await assertNothingIsStuck();
    });
  }
});

describe("a chain that drops blocks", () => {
  async function drops(one) {
    await drop(network.chain, one.hash, () => isUsed(one));
    assert.deepEqual(await transfersOf(one), [], "the chain has dropped the money");
  }

  async function settleOne(started = fromServer()) {
    const one = await started;
    const answer = await one.settle();
    isSettled(answer);
    return { ...one, hash: answer.body.transaction };
  }

  test("the same transaction is sent again, by itself: the same hash, paid once", async () => {
    const one = await settleOne();
    // Nothing is looked after any more but what was settled, half a minute later.
    await sleep(5000);
    await drops(one);
    await until(() => isUsed(one), 60);
    assert.deepEqual(await transfersOf(one), [one.hash]);
    assert.equal(signedFor(network, one).length, 1);
    isSettled(await one.settle(), one.hash);
    assert.deepEqual(await transfersOf(one), [one.hash]);
    await assertNothingIsStuck();
  });

  test("who asks again meanwhile hears of success when the money is there again, and not before", async () => {
    const one = await settleOne();
    await withoutBlocks(network.chain, async () => {
      await drops(one);
      let answer;
      const asked = one.settle().then((answered) => (answer = answered));
      await sleep(3000);
      assert.equal(answer, undefined, "the money is not there, so there is no answer yet");
      await network.chain.test.mine({ blocks: 1 });
      isSettled(await asked, one.hash);
      assert.deepEqual(await transfersOf(one), [one.hash]);
    });
    await assertNothingIsStuck();
  });

  test("when the money stays away, the answer is that it is pending", async () => {
    const one = await settleOne();
    await withoutBlocks(network.chain, async () => {
      await drops(one);
      isPending(await one.settle(), one.hash);
    });
    await until(() => isUsed(one));
    isSettled(await one.settle(), one.hash);
    await assertNothingIsStuck();
  });

  test("of two that were dropped, the later one is asked for: the earlier one comes back as well", async () => {
    // Both have their money from blocks that stay.
    const started = [await fromServer(), await fromServer()];
    const [earlier, later] = [await settleOne(started[0]), await settleOne(started[1])];
    await drops(earlier);
    assert.equal(await isUsed(later), false);
    isSettled(await later.settle(), later.hash);
    await until(() => isUsed(earlier), 60);
    for (const one of [earlier, later]) assert.deepEqual(await transfersOf(one), [one.hash]);
    await assertNothingIsStuck();
  });
});

describe("another sender is faster with the same authorization", () => {
  test("before we look at it: to who never began it, it is used already", async () => {
    const one = await fromServer();
    await spend(one.kit, one.payment);
    for (const { status, body } of [await one.settle(), await one.settle()]) {
      assert.deepEqual([status, body.success, body.errorReason, body.transaction], [200, false, USED, ""]);
    }
    assert.deepEqual(signedFor(network, one), [], "nothing was signed for it");
  });

  test("before it came to us, at a server: it buys nothing, and nothing is signed for it", async () => {
    const one = await atServer();
    await spend(one.kit, one.payment);
    const { status, body, challenge } = await one.pay();
    assert.deepEqual([status, body.title, body.moneyMoved, challenge], [409, "payment used", "no", null]);
    assert.deepEqual(signedFor(network, one), []);
  });

  for (const [where, begins] of [["from another server", fromServer], ["at a server", atServer]]) {
    test(`while ours is on its way, ${where}: ours fails, and theirs counts`, async () => {
      const one = await begins();
      let theirs;
      const overtaken = rpcFaults.forMethod(BROADCAST, async ({ answer, pass }) => {
        theirs ??= (await spend(one.kit, one.payment)).transactionHash;
        answer(200, await pass());
      });
      network.rpc.misbehave(overtaken, one.nonce);
      const answer = await (one.settle ?? one.pay)();
      network.rpc.behaves(one.nonce);
      const [signed, ...more] = signedFor(network, one);
      assert.deepEqual(more, []);
      const ours = await network.chain.client.getTransactionReceipt({ hash: keccak256(signed) });
      assert.equal(ours.status, "reverted");
      if (one.settle) {
        isSettled(answer, theirs);
        assert.deepEqual(await transfersOf(one), [theirs]);
        isSettled(await one.settle(), theirs);
      } else {
        told.ticket(answer);
        assert.equal(answer.body.transactionHash, theirs);
        await endsWell(one);
      }
      await assertNothingIsStuck();
    });
  }
});

test("a transaction that pays too little is replaced by one that pays more, and settled once", async () => {
  const one = await fromServer();
  const { test: chain, client } = network.chain;
  await withoutBlocks(network.chain, async () => {
    const call = one.settle();
    await until(() => signedFor(network, one).length === 1);
    const first = parseTransaction(signedFor(network, one)[0]);
    await chain.setNextBlockBaseFeePerGas({ baseFeePerGas: 2n * first.maxFeePerGas });
    await chain.mine({ blocks: 1 });
    isPending(await call, keccak256(signedFor(network, one)[0]));
    await until(() => signedFor(network, one).length === 2, 60);
    const second = parseTransaction(signedFor(network, one)[1]);
    assert.deepEqual([second.nonce, second.to, second.data], [first.nonce, first.to, first.data]);
    const { baseFeePerGas } = await client.getBlock({ cacheTime: 0 });
    assert.ok(second.maxFeePerGas > baseFeePerGas, "now it pays enough");
    const waiting = { address: network.ours.relayer, blockTag: "pending" };
    await until(async () => (await client.getTransactionCount(waiting)) > first.nonce);
    await chain.mine({ blocks: 1 });
  });
  const hash = keccak256(signedFor(network, one)[1]);
  isSettled(await one.settle(), hash);
  assert.deepEqual(await transfersOf(one), [hash]);
  await assertNothingIsStuck();
});
