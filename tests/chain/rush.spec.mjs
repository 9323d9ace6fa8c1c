// Fifty payers at once through our facilitator: one relayer sends for all of them, and a payment that is
// bad, or that fails on the chain, is nobody else's trouble.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { parseTransaction } from "viem";
import { ask, request, startFacilitators } from "../support/facilitators.mjs";
import { changeSignature, tamper } from "../support/forgery.mjs";
import { startHostileRpc } from "../support/hostile-rpc.mjs";
import { resign } from "../support/pay.mjs";
import { payerKit } from "../support/payer-kit.mjs";
import { safeWallet } from "../support/smart-wallets.mjs";
import { PRICE } from "../support/terms.mjs";
import { cancel } from "../support/usdc.mjs";
import { miniWallet } from "../support/wallets.mjs";

const PAYERS = 50;
// More than half of what a payer has.
const DEAR = 600_000n;
const sent = new Set();
let all, rpc;
let made = 0;

before(async () => {
  rpc = await startHostileRpc(() => all.chain.url);
  rpc.misbehave(async ({ answer, pass, calls }) => {
    for (const { method, params } of calls) if (method === "eth_sendRawTransaction") sent.add(params[0]);
    answer(200, await pass());
  }, "eth_sendRawTransaction");
  all = await startFacilitators({ rpcUrl: () => rpc.url });
});
after(async () => {
  await all?.stop();
  await rpc?.stop();
});

const MINING = {
  "a block for each transaction": async ({ test: chain }) => chain.setAutomine(true),
  "a block each second": async ({ test: chain }) => {
    await chain.setAutomine(false);
    await chain.setIntervalMining({ interval: 1 });
  },
};

const newKit = () => {
  made += 1;
  return payerKit(all.chain, `rush ${made}`, 1 + (made % 2), all.ours);
};

/** A payment that has to succeed: mostly of a key, now and then of a wallet that has to be made. */
async function good(index) {
  const kit = await newKit();
  const make = { 3: miniWallet, 7: safeWallet }[index % 10];
  const payer = make ? await kit.wallet(make) : kit.payer;
  return { ...(await kit.pays(payer)), kit, payer, worth: PRICE };
}

const BAD = [
  (kit) => kit.pays(kit.stranger),
  async (kit) => changeSignature(await kit.pays(kit.payer), tamper),
  async (kit) => changeSignature(await kit.pays(await kit.wallet(safeWallet)), tamper),
  async (kit) => {
    const one = await kit.pays(kit.payer);
    await cancel(kit, one.payment);
    return one;
  },
  async (kit) => {
    const one = await kit.pays(kit.payer);
    return { ...one, payment: await resign(one.payment, kit.payer, { validBefore: "1" }) };
  },
];

async function bad(index) {
  const kit = await newKit();
  return { ...(await BAD[index % BAD.length](kit)), kit, payer: kit.payer, worth: 0n };
}

/** Two payments of a payer with money for one of them. */
async function twoOfOne() {
  const kit = await newKit();
  const asked = kit.version === 1 ? { maxAmountRequired: String(DEAR) } : { amount: String(DEAR) };
  return Promise.all([kit.pays(kit.payer, asked), kit.pays(kit.payer, asked)]);
}

const settle = ({ payment, requirements }) => ask(all.ours, "settle", request(payment, requirements));

async function settleAll(payments, t) {
  const started = performance.now();
  const answers = await Promise.all(payments.map(settle));
  t.diagnostic(`${payments.length} settlements in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  for (const { status, body } of answers) assert.equal(status, 200, JSON.stringify(body));
  return answers.map(({ body }) => body);
}

/** Good ones have moved their money once, bad ones nothing. */
async function assertMoved(payments, answers) {
  for (const [index, { kit, payer, worth }] of payments.entries()) {
    const { success, transaction, errorReason } = answers[index];
    assert.equal(success, worth > 0n, errorReason);
    const transfers = await all.chain.transfers(kit.payTo);
    assert.deepEqual(
      transfers.map(({ args, transactionHash }) => [args.from, args.value, transactionHash]),
      success ? [[payer.address, PRICE, transaction]] : [],
    );
  }
}

/** Every transaction that was sent is on the chain, there is no gap, and nothing waits. */
async function assertNothingIsStuck() {
  const address = all.ours.relayer;
  const count = (blockTag) => all.chain.client.getTransactionCount({ address, blockTag });
  const nonces = [...sent].map((raw) => parseTransaction(raw).nonce ?? 0).sort((a, b) => a - b);
  assert.deepEqual(nonces, Array.from(nonces.keys()), "each nonce is used for one transaction, and none is left out");
  assert.deepEqual([await count("latest"), await count("pending")], [nonces.length, nonces.length]);
  const one = await good(0);
  await assertMoved([one], [(await settle(one)).body]);
}

for (const [mining, start] of Object.entries(MINING)) {
  describe(mining, () => {
    // What is prepared needs no waiting for blocks.
    beforeEach(() => all.chain.test.setAutomine(true));

    test(`${PAYERS} payers at once: all of them pay`, async (t) => {
      const payments = [];
      for (let index = 0; index < PAYERS; index += 1) payments.push(await good(index));
      await start(all.chain);
      await assertMoved(payments, await settleAll(payments, t));
      await assertNothingIsStuck();
    });

    test(`${PAYERS} at once, and a third of them are bad: the good ones pay, the bad ones move nothing`, async (t) => {
      const payments = [];
      for (let index = 0; index < PAYERS; index += 1) payments.push(await (index % 3 === 2 ? bad : good)(index));
      await start(all.chain);
      await assertMoved(payments, await settleAll(payments, t));
      await assertNothingIsStuck();
    });

    test("two payments of one who can pay one, ten times, among good ones: one of each two is paid", async (t) => {
      const [pairs, others] = [[], []];
      for (let index = 0; index < 10; index += 1) {
        pairs.push(await twoOfOne());
        others.push(await good(index));
      }
      await start(all.chain);
      const answers = await settleAll([...pairs.flat(), ...others], t);
      for (const [index] of pairs.entries()) {
        const two = answers.slice(2 * index, 2 * index + 2).map(({ success }) => success);
        assert.deepEqual(two.sort(), [false, true]);
      }
      await assertMoved(others, answers.slice(20));
      await assertNothingIsStuck();
    });
  });
}
