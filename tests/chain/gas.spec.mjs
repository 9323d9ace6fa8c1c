// Attacks on the relayer's gas, on a real chain: wallets that lie to simulations, payments that are not worth
// their gas, and what an operator sees of that.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { encodeDeployData, encodeFunctionData, isAddressEqual } from "viem";
import { compile } from "../../dev/chain/genesis.mjs";
import { assertBooksAreClean } from "../support/audit.mjs";
import { ask, request, signedFor, startOwnNetwork } from "../support/facilitators.mjs";
import { rpcFaults } from "../support/hostile-rpc.mjs";
import { createEvent, findEvent, get, openServer } from "../support/network.mjs";
import { payFor, rsvp } from "../support/pay.mjs";
import { payerKit } from "../support/payer-kit.mjs";
import { payTerms, terms } from "../support/terms.mjs";
import { accountsOf, miniWallet, send } from "../support/wallets.mjs";

const { abi, evm } = compile([fileURLToPath(new URL("../support/contracts/LyingWallet.sol", import.meta.url))])[
  "LyingWallet.sol"
].LyingWallet;
let network, server;
let made = 0;

before(async () => {
  network = await startOwnNetwork();
  server = await openServer(network);
});
afterEach(() => network.rpc.recovers());
after(() => network?.stop());

const newKit = () => payerKit(network.chain, `gas ${(made += 1)}`, 2, network.ours);

/** A contract with money that accepts every signature, until it does not. */
async function liar(kit, { readsPrice }) {
  const data = encodeDeployData({ abi, bytecode: `0x${evm.bytecode.object}`, args: [readsPrice] });
  const { contractAddress: address } = await send(network.chain, { data });
  await kit.fund(address);
  const turn = (on) => send(network.chain, { to: address, data: encodeFunctionData({ abi, functionName: "turn", args: [on] }) });
  return { address, signTypedData: async () => `0x${"01".repeat(66)}`, turn };
}

/** What the relayer has paid for: transactions, those of them that a block has refused, and gas. */
async function spent() {
  const { client } = network.chain;
  const all = { sent: 0, reverted: 0, gas: 0n };
  for (let number = await client.getBlockNumber({ cacheTime: 0 }); number > 0n; number -= 1n) {
    const { transactions } = await client.getBlock({ blockNumber: number, includeTransactions: true });
    for (const { from, hash } of transactions) {
      if (!isAddressEqual(from, network.ours.relayer)) continue;
      const { status, gasUsed } = await client.getTransactionReceipt({ hash });
      all.sent += 1;
      all.gas += gasUsed;
      if (status !== "success") all.reverted += 1;
    }
  }
  return all;
}

const seatsLeft = async (event) => (await findEvent(network, server, event)).seatsLeft;

/** A payer with a key and one with an honest contract wallet buy without delay. */
async function othersBuy(event) {
  for (const make of [undefined, miniWallet]) {
    const kit = await newKit();
    const payer = make ? await kit.wallet(make, { deployed: true }) : kit.payer;
    const began = Date.now();
    const bought = await rsvp(network, server, event, await payFor(network, server, event, payer, 2));
    assert.equal(bought.status, 200, JSON.stringify(bought.body));
    assert.ok(Date.now() - began < 5000, "at once");
  }
}

describe("a contract wallet that lies", () => {
  test("about the price of gas: nothing is sent, its seats are free, and others buy at once", async () => {
    const wallet = await liar(await newKit(), { readsPrice: true });
    const first = await spent();
    for (let attack = 0; attack < 3; attack += 1) {
      const event = await createEvent(network, server, { capacity: 1 });
      const answer = await rsvp(network, server, event, await payFor(network, server, event, wallet, 2));
      assert.equal(answer.status, 402, JSON.stringify(answer.body));
      assert.match(answer.body.error, /simulation_failed/);
      assert.ok(answer.challenge.accepts.length > 0, "surely no money moved, so payment is asked for again");
      assert.equal(await seatsLeft(event), 1);
    }
    assert.deepEqual(await spent(), first);
    await othersBuy(await createEvent(network, server, { capacity: 2 }));
    await assertBooksAreClean(network.worker, server.scope);
  });

  test("after the simulation: one transaction is refused, its seat is free at once, and only it waits", async () => {
    const wallet = await liar(await newKit(), { readsPrice: false });
    const first = await spent();
    for (let attack = 0; attack < 3; attack += 1) {
      const event = await createEvent(network, server, { capacity: 1 });
      const payment = await payFor(network, server, event, wallet, 2);
      const { nonce } = payment.payload.authorization;
      await wallet.turn(false);
      const turned = rpcFaults.forMethod("eth_sendRawTransaction", async ({ answer, pass }) => {
        await wallet.turn(true);
        answer(200, await pass());
      });
      network.rpc.misbehave(turned, nonce);
      const answer = await rsvp(network, server, event, payment);
      network.rpc.behaves(nonce);
      if (attack === 0) {
        assert.equal(answer.status, 402, JSON.stringify(answer.body));
        assert.match(answer.body.error, /transaction_failed/);
        const again = await rsvp(network, server, event, payment);
        assert.notEqual(again.status, 200);
        assert.equal(signedFor(network, { nonce }).length, 1, "a payment is tried once");
      } else {
        assert.equal(answer.status, 503, JSON.stringify(answer.body));
        assert.equal(answer.body.moneyMoved, "no");
        assert.match(answer.body.detail, /another wallet can pay now/);
        assert.ok(answer.retryAfter > 500 && answer.retryAfter <= 600, answer.retryAfter);
        assert.equal(signedFor(network, { nonce }).length, 0);
      }
      assert.equal(await seatsLeft(event), 1, "the seat is free");
    }
    const last = await spent();
    console.log(`three payments of a liar: ${last.reverted - first.reverted} refused, ${last.gas - first.gas} gas`);
    assert.deepEqual([last.sent - first.sent, last.reverted - first.reverted], [1, 1]);
    assert.ok(last.gas - first.gas < 200_000n, `${last.gas - first.gas} gas`);
    await othersBuy(await createEvent(network, server, { capacity: 2 }));
    await assertBooksAreClean(network.worker, server.scope);
  });
});

describe("the open API settles nothing that is not worth its gas", () => {
  async function refuses(kit, payer, { amount, payTo }, expected) {
    const requirements = terms(2, payTo ?? kit.payTo, { amount: String(amount) });
    const body = request(await payTerms(2, requirements, payer), requirements);
    for (const [path, reason] of [["verify", "invalidReason"], ["settle", "errorReason"]]) {
      const said = await ask(network.ours, path, body);
      assert.deepEqual([said.status, said.body[reason]], [200, expected], JSON.stringify(said.body));
      if (expected === "value_below_gas_cost") assert.match(JSON.stringify(said.body), /at least \$0\.\d+/);
    }
  }

  test("nothing, from an empty key to itself", async () => {
    const [kit, first] = [await newKit(), await spent()];
    await refuses(kit, kit.stranger, { amount: 0, payTo: kit.stranger.address }, "invalid_exact_evm_payload_self_payment");
    await refuses(kit, kit.stranger, { amount: 0 }, "invalid_exact_evm_payload_zero_value");
    await refuses(kit, kit.payer, { amount: 1, payTo: kit.payer.address }, "invalid_exact_evm_payload_self_payment");
    assert.deepEqual(await spent(), first);
  });

  test("five wallets for $0.000001, or for half a cent: none is made", async () => {
    const [kit, first] = [await newKit(), await spent()];
    for (const owner of accountsOf("gas wallets", 5)) {
      const wallet = await miniWallet(network.chain, owner);
      await kit.fund(wallet.address);
      for (const amount of [1, 5000]) await refuses(kit, wallet, { amount }, "value_below_gas_cost");
      assert.equal(await network.chain.client.getCode({ address: wallet.address }), undefined);
    }
    await refuses(kit, kit.payer, { amount: 1 }, "value_below_gas_cost");
    assert.deepEqual(await spent(), first);
  });
});

test("a price of $0.000001 is refused, and the smallest is named", async () => {
  const refused = await createEvent(network, server, { price: "0.000001" }).catch(({ message }) => message);
  assert.match(refused, /price: must be at least \$0\.001/);
  await createEvent(network, server, { price: "0.001" });
});

// The last one: it settles with a budget that others have had no part in.
test("a budget that is used up stops its owner, says when to come again, and closes nothing", async () => {
  // A transfer costs about a cent here.
  const vars = { ...network.settings.vars, GAS_COIN_USD: '{"eip155:84532":"60"}', GAS_BUDGETS: "host=0.06 payer=1 caller=1 total=50" };
  await network.worker.restart({ vars });
  const event = await createEvent(network, server);
  const buys = async (at, of) => rsvp(network, at, of, await payFor(network, at, of, (await newKit()).payer, 2));
  let answer;
  for (let sale = 0; sale < 20 && (answer?.status ?? 200) === 200; sale += 1) answer = await buys(server, event);
  assert.equal(answer.status, 503, JSON.stringify(answer.body));
  assert.equal(answer.body.moneyMoved, "no");
  assert.match(answer.body.detail, /used up its gas budget of today/);
  assert.ok(answer.retryAfter > 0 && answer.retryAfter <= 86_400);
  const { relayers: [{ gasBudgets }] } = await get(network, "/health").then((said) => said.json());
  assert.deepEqual([gasBudgets.hostsRefused, gasBudgets.payersRefused, gasBudgets.limitUsd], [1, 0, "50.00"]);
  assert.ok(Number(gasBudgets.spentUsd) > 0);
  const [owner] = accountsOf("gas other host", 1);
  const other = await openServer(network, owner);
  const bought = await buys(other, await createEvent(network, other));
  assert.equal(bought.status, 200, JSON.stringify(bought.body));
});
