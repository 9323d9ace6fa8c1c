// What a facilitator can do wrong, at /verify and at /settle, in the real runtime on a real chain:
// callers are told the truth, and in the end chain, seats, books and KV agree. tests/README.md has
// the matrix; faults of the chain's endpoint are in faults-of-chain.spec.mjs.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { NETWORK, payers } from "../../dev/chain/accounts.mjs";
import { assertIsHeld, endsWell, startCase, told } from "../support/case.mjs";
import { behaviours as does, startHostile } from "../support/hostile.mjs";
import { rpcFaults, startHostileRpc } from "../support/hostile-rpc.mjs";
import { startNetwork } from "../support/network.mjs";
import { fundedWallet } from "../support/wallets.mjs";

// Our limits are 10 s for /verify and 45 s for /settle (src/facilitator/client.rs); then the alarm looks
// at the chain after about 3 s, and after 6 s more. The local runtime shows a Worker a cut connection
// as an answer of 500, and one that is cut in the middle of an answer as one that never comes.
const SETTLE = [
  // [the facilitator …, what it does with one request after the other, what the caller is told, requests]
  ["never answers", [does.neverAnswers], told.unknown, 2],
  ["pays and never answers", [does.paysAndNeverAnswers], told.unknown, 1],
  ["breaks off in its answer after it has paid", [does.paysAndBreaksOff], told.unknown, 1],
  ["pays after our limit", [does.isLate(47)], told.unknown, "1 or 2"],
  ["answers 3 s late", [does.isLate(3)], told.ticket, 1],
  ["is asked twice at once, the first answer counts", [does.twiceFirstAnswer], told.ticketOrUnknown, 1],
  ["is asked twice at once, the second answer counts", [does.twiceSecondAnswer], told.ticketOrUnknown, 1],
  ["is asked once more after it has paid, and says that it is used", [does.onceMore], told.ticketOrUnknown, 1],
  ["answers 500", [does.fails], told.unknown, 2],
  ["pays and answers 500", [does.paysAndFails], told.unknown, 1],
  ["refuses for a clear reason", [does.refuses], told.refused(/^insufficient_funds$/), 1, { paid: false }],
  ["refuses for no known reason", [does.refusesForNoKnownReason], told.unknown, 2],
  ["answers what is no JSON", [does.isNoJson], told.unknown, 2],
  ["pays and answers what is no JSON", [does.paysAndIsNoJson], told.unknown, 1],
  ["pays and answers what is no text", [does.paysAndIsNoText], told.unknown, 1],
  ["pays and answers more than anybody reads", [does.paysAndIsTooLong], told.unknown, 1],
  ["pays and names another payer", [does.paysAndNamesAnother], told.unknown, 1],
  ["pays and names no payer", [does.paysAndNamesNobody], told.ticket, 1],
  ["says yes without a transaction", [does.saysYesWithoutTransaction], told.unknown, 2],
  ["pays without naming the transaction", [does.paysWithoutTransaction], told.unknown, 1],
  ["says pending, and settles on the repeat", [does.pending], told.unknown, 2],
  ["says pending twice, and settles then", [does.pending, does.pending], told.unknown, 3],
  ["pays and says pending", [does.paysAndIsPending], told.unknown, 1],
  ["cuts the connection before it pays", [does.cut], told.unknown, 2],
  ["cuts the connection after it has paid", [does.paysAndIsCut], told.unknown, 1],
];

const VERIFY = [
  ["never answers", does.neverAnswers, told.unavailable],
  ["answers after our limit", does.isLate(11), told.unavailable],
  ["answers 3 s late", does.isLate(3), told.ticket],
  ["is asked twice at once, the first answer counts", does.twiceFirstAnswer, told.ticket],
  ["is asked twice at once, the second answer counts", does.twiceSecondAnswer, told.ticket],
  ["is asked once more", does.onceMore, told.ticket],
  ["answers 500", does.fails, told.unavailable],
  ["says that it is not valid", does.isInvalid, told.refused(/^invalid_exact_evm_signature$/)],
  ["answers what is no JSON", does.isNoJson, told.unavailable],
  ["answers what is no text", does.paysAndIsNoText, told.unavailable],
  ["answers more than anybody reads", does.paysAndIsTooLong, told.unavailable],
  ["answers as for /settle", does.refuses, told.unavailable],
  ["says valid for another payer", does.isValidForAnother, told.refused(/^invalid_payload$/)],
  ["says valid and names no payer", does.isValid, told.ticket],
  ["says pending", does.pending, told.unavailable],
  ["cuts the connection before it looks", does.cut, told.unavailable],
  ["cuts the connection after it has looked", does.paysAndIsCut, told.unavailable],
  ["breaks off in its answer", does.paysAndBreaksOff, told.unavailable],
];

let network, hostile, rpc;
const wallets = [];

before(async () => {
  hostile = await startHostile(() => network.facilitator.url);
  rpc = await startHostileRpc(() => network.chain.url);
  network = await startNetwork({ facilitatorUrl: hostile.url, vars: { RPC_URLS: JSON.stringify({ [NETWORK]: rpc.url }) } });
  // All before the first payment: both are transactions of the relayer.
  const owners = payers.slice(0, SETTLE.length);
  for (const owner of owners) wallets.push(await fundedWallet(network, owner, { deployed: true }));
});
after(async () => {
  await network?.stop();
  await hostile?.stop();
  await rpc?.stop();
});

/** From the first request to settle on, the chain does not answer about this payment: no alarm finds out too early. */
function hides({ payment }, [first, ...others]) {
  const begins = async (asked) => {
    rpc.misbehave(rpcFaults.isDown, payment.payload.authorization.nonce);
    await first(asked);
  };
  return [begins, ...others];
}

describe("settle and verify", { concurrency: 14 }, () => {
  for (const [row, [fault, behaviours, isTold, requests, end]] of SETTLE.entries()) {
    const version = 1 + (row % 2);
    for (const kind of ["key", "contract wallet"]) {
      test(`settle of a ${kind}'s payment: the facilitator ${fault}`, async () => {
        const payer = kind === "key" ? payers[row] : wallets[row];
        const one = await startCase(network, payer, version);
        const isUnknown = isTold === told.unknown;
        hostile.script(one.payment, "/settle", ...(isUnknown ? hides(one, behaviours) : behaviours));
        const answer = await one.pay();
        isTold(answer);
        if (answer.status === 409) await assertIsHeld(one);
        rpc.behaves(one.payment.payload.authorization.nonce);
        await endsWell(one, end);
        const asked = hostile.asked(one.payment, "/settle");
        if (requests === "1 or 2") assert.ok([1, 2].includes(asked));
        else assert.equal(asked, requests + (end?.paid === false ? 1 : 0), "requests to settle");
        assert.equal(hostile.asked(one.second, "/settle"), 0, "a second payment is never settled");
      });
    }
  }

  for (const [row, [fault, behaviour, isTold]] of VERIFY.entries()) {
    test(`verify: the facilitator ${fault}`, async () => {
      const one = await startCase(network, wallets[row], 1 + (row % 2));
      hostile.script(one.payment, "/verify", behaviour);
      isTold(await one.pay());
      const paid = isTold === told.ticket;
      assert.equal(hostile.asked(one.payment, "/settle"), paid ? 1 : 0, "settled only if it is vouched for");
      await endsWell(one, { paid });
      assert.equal(hostile.asked(one.payment, "/settle"), 1);
    });
  }

  test("verify: the facilitator vouches for a signature that the wallet does not accept", async () => {
    const wallet = { ...wallets[0], signTypedData: wallets[1].signTypedData };
    const one = await startCase(network, wallet);
    hostile.script(one.payment, "/verify", does.isValid);
    told.refused(/^invalid_exact_evm_signature$/)(await one.pay());
    await endsWell(one, { paid: false, reusable: false });
  });
});
