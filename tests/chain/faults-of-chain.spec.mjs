// The outcome of a payment is unknown, and the chain or its endpoint fails too: nothing is concluded from
// that, nothing is settled twice, and in the end chain, seats, books and KV agree.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { NETWORK, payers } from "../../dev/chain/accounts.mjs";
import { assertIsHeld, endsWell, endsWithoutSeat, isUsed, startCase, told } from "../support/case.mjs";
import { behaviours as does, startHostile } from "../support/hostile.mjs";
import { rpcFaults as has, startHostileRpc } from "../support/hostile-rpc.mjs";
import { startNetwork, until } from "../support/network.mjs";
import { resign } from "../support/pay.mjs";
import { reorganize } from "../support/reorg.mjs";
import { cancel, spend } from "../support/usdc.mjs";

let network, hostile, rpc;
let payer = 0;

before(async () => {
  hostile = await startHostile(() => network.facilitator.url);
  rpc = await startHostileRpc(() => network.chain.url);
  const vars = { RPC_URLS: JSON.stringify({ [NETWORK]: rpc.url }) };
  network = await startNetwork({ facilitatorUrl: hostile.url, vars });
});
after(async () => {
  await network?.stop();
  await hostile?.stop();
  await rpc?.stop();
});

const PAID = ["paid", [does.paysAndIsCut]];
const UNPAID = ["not paid", [does.cut]];
const nonceOf = ({ payment }) => payment.payload.authorization.nonce;
const settles = (one) => hostile.asked(one.payment, "/settle");

/**
 * A payment that the facilitator treats like this, with an unknown outcome for its caller. `beforehand` runs when the
 * settlement is requested: until then the chain answers.
 */
async function startUnknown([first, ...others], beforehand = () => {}) {
  const one = await startCase(network, payers[payer++ % payers.length]);
  const begins = async (asked) => {
    await beforehand(one);
    await first(asked);
  };
  hostile.script(one.payment, "/settle", begins, ...others);
  told.unknown(await one.pay());
  return one;
}

/** Waits until the alarm has looked and learned nothing. */
async function looksInVain({ server }) {
  // `attempts` counts when a look begins; these reasons are written when it ends.
  const query =
    "SELECT count(*) AS n FROM payments WHERE state = 'unknown' AND attempts >= 2 " +
    "AND (reason LIKE 'the endpoint%' OR reason LIKE 'the authorization is used%' OR reason LIKE 'used on chain%')";
  await until(async () => (await network.worker.sql(server.scope, query))[0].n === 1);
}

const ENDPOINT = [
  ["is down", has.isDown],
  ["answers 500", has.fails],
  ["answers 429", has.limits],
  ["never answers", has.neverAnswers],
  ["answers what is no JSON", has.isNoJson],
  ["answers nonsense", has.isNonsense],
  ["answers null", has.hasNothing],
  ["answers a JSON-RPC error", has.refuses],
];

const LOGS = [
  ["is down when asked for logs", has.forLogs(has.isDown)],
  ["refuses to look for logs", has.forLogs(has.refuses)],
  ["answers null when asked for logs", has.forLogs(has.hasNothing)],
  ["has no logs yet", has.hasNoLogs],
];

describe("an endpoint that fails while an outcome is unknown", { concurrency: 14 }, () => {
  const cases = [PAID, UNPAID].flatMap((paid) => ENDPOINT.map((fault) => [...fault, ...paid]));
  for (const [fault, behaviour, is, behaviours] of [...cases, ...LOGS.map((fault) => [...fault, ...PAID])]) {
    test(`${is}, and the endpoint ${fault}: nobody asks for another settlement, and it is found out later`, async () => {
      const one = await startUnknown(behaviours, (started) => rpc.misbehave(behaviour, nonceOf(started)));
      await looksInVain(one);
      await until(() => rpc.count(nonceOf(one)) > 0);
      assert.equal(settles(one), 1, "nothing is settled again while the chain cannot be asked");
      await assertIsHeld(one);
      rpc.behaves(nonceOf(one));
      await endsWell(one);
      assert.equal(settles(one), is === "paid" ? 1 : 2);
    });
  }

  for (const [is, behaviours] of [PAID, UNPAID]) {
    test(`${is}, and the endpoint answers 3 s late: it is found out`, async () => {
      const one = await startUnknown(behaviours, (started) => rpc.misbehave(has.isLate(3), nonceOf(started)));
      await endsWell(one);
      assert.ok(rpc.count(nonceOf(one)) > 0, "the fault was seen");
      assert.equal(settles(one), is === "paid" ? 1 : 2);
    });
  }

  test("paid, and the endpoint lags behind: a settlement asked for in vain moves no money, and it is found out", async () => {
    const one = await startUnknown(PAID[1], async (started) => {
      const head = Number(await network.chain.client.getBlockNumber({ cacheTime: 0 }));
      rpc.misbehave(has.stoppedAt(head), nonceOf(started));
    });
    await looksInVain(one);
    assert.equal(settles(one), 2, "a node that lags says that it is not used yet");
    await assertIsHeld(one);
    rpc.behaves(nonceOf(one));
    await endsWell(one);
    assert.equal(settles(one), 2);
  });

  test("paid, and the endpoint has no receipt yet: it is found out later", async () => {
    const one = await startUnknown(PAID[1]);
    const [{ transactionHash }] = await network.chain.transfers(one.server.payTo);
    rpc.misbehave(has.hasNothing, transactionHash);
    await looksInVain(one);
    assert.ok(rpc.count(transactionHash) > 0, "the fault was seen");
    await assertIsHeld(one);
    rpc.behaves(transactionHash);
    await endsWell(one);
    assert.equal(settles(one), 1);
  });
});

test("the endpoint is down for everybody and objects lose their memory: all is found out when it is up again", async () => {
  // Once the settlement of each was requested.
  let begun = 0;
  const goesDown = async () => {
    begun += 1;
    await until(() => begun === 3);
    rpc.misbehave(has.isDown);
  };
  const all = await Promise.all([PAID, UNPAID, PAID].map(([, behaviours]) => startUnknown(behaviours, goesDown)));
  await Promise.all(all.map(looksInVain));
  for (const one of all) await network.worker.evictHost(one.server.scope);
  await Promise.all(all.map(assertIsHeld));
  assert.deepEqual(all.map(settles), [1, 1, 1]);
  rpc.behaves();
  await Promise.all(all.map((one) => endsWell(one)));
  assert.deepEqual(all.map(settles), [1, 2, 1]);
});

/** The chain forgets the block of the payment's transaction, and mines it again if it is to. */
async function forgets(one, { minesAgain }) {
  const [{ transactionHash }] = await network.chain.transfers(one.server.payTo);
  await reorganize(network.chain, transactionHash, { minesAgain });
  assert.equal(await isUsed(one), minesAgain);
}

const LOST = [
  ["the answer is lost", does.paysAndIsCut],
  ["the answer says pending and names the transaction", does.paysAndIsPending],
];
const FORGETS = [
  ["the chain forgets the transaction: it is settled once more, and paid once", false, 2],
  ["another block has the transaction: it is found, and not settled again", true, 1],
];

for (const [fault, behaviour] of LOST) {
  for (const [what, minesAgain, requests] of FORGETS) {
    test(`${fault}, and ${what}`, async () => {
      // The endpoint is down until the reorganization is over, so that the alarm sees nothing in between.
      const one = await startUnknown([behaviour], (started) => rpc.misbehave(has.isDown, nonceOf(started)));
      await forgets(one, { minesAgain });
      rpc.behaves(nonceOf(one));
      await endsWell(one);
      assert.equal(settles(one), requests);
    });
  }
}

/** Signs another authorization with the same nonce and uses that one. */
const spendsElsewhere = async ({ payer: wallet, payment }) =>
  spend(network, await resign(payment, wallet, { to: payers[29].address }));

// A payment names no shop: one that was used at another shop of the same wallet could be shown here.
test("a payment that was spent at another shop of the host buys nothing here, however soon it is shown", async () => {
  const one = await startCase(network, payers[payer++ % payers.length]);
  await spend(network, one.payment);
  const { status, body, challenge } = await one.pay();
  assert.deepEqual([status, body.title, body.moneyMoved, challenge], [409, "payment used", "no", null]);
  assert.equal(settles(one), 0, "nobody was asked to settle it");
  await endsWithoutSeat(one);
});

// The chain's clock is moved beyond the end of all authorizations, so this comes last.
test("what can never be paid any more ends unpaid, and its seat is free again", async () => {
  const hidden = (started) => rpc.misbehave(has.isDown, nonceOf(started));
  const start = () => startUnknown([does.cut], hidden);
  const [ranOut, cancelled, spent] = await Promise.all([start(), start(), start()]);
  await cancel({ chain: network.chain, payer: cancelled.payer }, cancelled.payment);
  await spendsElsewhere(spent);
  await network.chain.test.increaseTime({ seconds: 600 });
  await network.chain.test.mine({ blocks: 1 });
  for (const one of [ranOut, cancelled, spent]) rpc.behaves(nonceOf(one));
  const ends = [endsWell(ranOut, { paid: false, reusable: false }), endsWithoutSeat(cancelled), endsWithoutSeat(spent)];
  const faults = (await Promise.allSettled(ends)).map(({ reason }) => reason?.message);
  assert.deepEqual(faults, [undefined, undefined, undefined], "of one that ran out, was cancelled, was spent on something else");
});
