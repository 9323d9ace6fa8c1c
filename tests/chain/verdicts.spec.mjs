// Two facilitators judge the same payments: the reference one (@x402/core, @x402/evm) and ours. Where they
// say different things, the case says why ours is right.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { wrapFetchWithPayment } from "@x402/fetch";
import { getAddress, isAddressEqual, parseAbi, parseEventLogs } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { USDC } from "../../dev/chain/accounts.mjs";
import { usdcAbi } from "../../dev/chain/chain.mjs";
import { ask, request, startFacilitators } from "../support/facilitators.mjs";
import { payingClient } from "../support/pay.mjs";
import { payerKit } from "../support/payer-kit.mjs";
import { startShop } from "../support/shop.mjs";
import { safeWallet } from "../support/smart-wallets.mjs";
import { PRICE } from "../support/terms.mjs";
import { cases } from "./verdicts.cases.mjs";

const CODE = /^[a-z0-9_]+$/;
const balanceAbi = parseAbi(["function balanceOf(address) view returns (uint256)"]);
const table = [];
let all;

before(async () => {
  all = await startFacilitators();
});
after(async () => {
  await all?.stop();
  print();
});

/** A verdict in one word. */
function inOneWord({ status, body }) {
  if (status !== 200) return `HTTP ${status}`;
  if (body.isValid === true) return "valid";
  if (body.success === true) return "paid";
  const reason = body.invalidReason ?? body.errorReason;
  if (body.transaction) return `${reason}, and sent a transaction`;
  return CODE.test(reason) ? reason : "(text of a library)";
}

/** Asks one facilitator about a fresh payment, and compares what it claims with the chain. */
async function judge(facilitator, { name, version, makes }) {
  const kit = await payerKit(all.chain, `${name} ${version} ${facilitator.name}`, version, facilitator);
  const { payment, requirements, body, already = 0n, token = USDC, bystander } = await makes(kit);
  const payer = payment.payload.authorization.from;
  const look = async () => ({
    received: await balance(token, kit.payTo),
    money: await balance(token, payer),
    code: await all.chain.client.getCode({ address: payer }),
  });
  const first = await look();
  assert.equal(first.received, already);
  const verified = await ask(facilitator, "verify", body ?? request(payment, requirements));
  assert.deepEqual(await look(), first, "a question moves nothing");
  const settled = await ask(facilitator, "settle", body ?? request(payment, requirements));
  const last = await look();
  if (settled.body.success === true) {
    assert.equal(last.received, PRICE, "what was paid has arrived, once");
    assert.equal(first.money - last.money, PRICE - already);
    await assertMoved(settled.body, token, { payer, payTo: kit.payTo, network: requirements.network });
  } else {
    assert.deepEqual(last, first, "where nothing was paid, nothing has moved and no wallet was made");
  }
  for (const { status, type, body: said } of [verified, settled]) {
    if (status === 400) assert.match(type, /^application\/problem\+json/);
    if (!body && said.payer) assert.ok(isAddressEqual(said.payer, payer), "it names the payer");
  }
  const made = bystander && (await all.chain.client.getCode({ address: bystander }));
  return { verify: inOneWord(verified), settle: inOneWord(settled) + (made ? ", and made a stranger's wallet" : "") };
}

const balance = (address, of) =>
  all.chain.client.readContract({ address, abi: balanceAbi, functionName: "balanceOf", args: [of] });

/** The transaction that it names has moved the money. */
async function assertMoved(said, token, { payer, payTo, network }) {
  assert.equal(said.network, network);
  assert.ok(isAddressEqual(said.payer, payer));
  const { status, logs } = await all.chain.client.getTransactionReceipt({ hash: said.transaction });
  assert.equal(status, "success");
  const moved = parseEventLogs({ abi: usdcAbi, eventName: "Transfer", logs });
  assert.deepEqual(
    moved.map(({ address, args }) => [getAddress(address), args.from, args.to, args.value]),
    [[getAddress(token), getAddress(payer), payTo, PRICE]],
  );
}

describe("a payment", () => {
  for (const one of cases) {
    test(`${one.name}, version ${one.version}`, async () => {
      const said = { reference: await judge(all.reference, one), ours: await judge(all.ours, one) };
      table.push({ ...one, said });
      assert.deepEqual(said.reference, one.reference, "the reference facilitator");
      assert.deepEqual(said.ours, one.ours, "ours");
      const differ = JSON.stringify(one.reference) !== JSON.stringify(one.ours);
      assert.equal(one.why !== undefined, differ, "a difference is explained, and nothing else is");
    });
  }
});

for (const name of ["reference", "ours"]) {
  test(`a shop that runs the official packages is paid through the facilitator: ${name}`, async () => {
    const kit = await payerKit(all.chain, `shop ${name}`, 2, all[name]);
    const shop = await startShop({ facilitatorUrl: all[name].url, payTo: kit.payTo, price: "$0.01" });
    try {
      const { kinds, signers } = await shop.client.getSupported();
      const served = kinds.map(({ x402Version, scheme, network }) => `${x402Version} ${scheme} ${network}`);
      for (const kind of ["1 exact base-sepolia", "2 exact eip155:84532"]) assert.ok(served.includes(kind), kind);
      assert.deepEqual(signers["eip155:*"], [all[name].relayer]);
      const wallet = await kit.wallet(safeWallet);
      for (const payer of [privateKeyToAccount(kit.payer.privateKey), wallet, wallet]) await buys(shop, payer, kit);
      assert.equal(await all.chain.balance(kit.payTo), 3n * PRICE);
    } finally {
      await shop.stop();
    }
  });
}

/** Pays with the official client, and shows the official client of facilitators that it cannot be paid with again. */
async function buys(shop, signer, { chain }) {
  const sent = [];
  const watched = (input, init) => {
    sent.push(new Headers(init?.headers ?? input.headers).get("payment-signature"));
    return fetch(input, init);
  };
  const had = await chain.balance(signer.address);
  const client = payingClient(signer);
  const answer = await wrapFetchWithPayment(watched, client)(shop.url);
  assert.equal(answer.status, 200, await answer.clone().text());
  const settlement = JSON.parse(Buffer.from(answer.headers.get("payment-response"), "base64"));
  assert.equal(settlement.success, true);
  assert.equal(await chain.balance(signer.address), had - PRICE);
  const payment = JSON.parse(Buffer.from(sent.at(-1), "base64"));
  const again = await shop.client.verify(payment, payment.accepted);
  assert.equal(again.isValid, false);
  assert.equal(again.invalidReason, "invalid_exact_evm_nonce_already_used");
}

function print() {
  const both = ({ verify, settle }) => (verify === settle ? verify : `${verify} / ${settle}`);
  const rows = table.map(({ name, version, said, why = "" }) => [
    `${name}, v${version}`,
    both(said.reference),
    both(said.ours),
    why,
  ]);
  console.log("\ncase | reference: verify / settle | ours | why they differ");
  for (const row of rows) console.log(row.join(" | "));
}
