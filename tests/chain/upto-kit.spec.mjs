// x402's `upto` scheme at two facilitators, the reference one (@x402/evm) and ours, and the contracts by themselves, which
// refuse what they are there to refuse. The client is the official one. Where ours says something else, the case says why.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { uptoPermit2WitnessTypes, x402UptoPermit2ProxyABI } from "@x402/evm";
import { decodePaymentResponseHeader, wrapFetchWithPayment } from "@x402/fetch";
import { hashDomain, isAddressEqual, keccak256, parseAbi, parseEventLogs, toHex, zeroAddress } from "viem";
import { CHAIN_ID, NETWORK, otherRelayer, PERMIT2, relayer, UPTO_PROXY } from "../../dev/chain/accounts.mjs";
import { usdcAbi } from "../../dev/chain/chain.mjs";
import { startFacilitators } from "../support/facilitators.mjs";
import { changeSignature, tamper } from "../support/forgery.mjs";
import { startShop } from "../support/shop.mjs";
import * as upto from "../support/upto.mjs";
import { miniWallet } from "../support/wallets.mjs";

const { MOST } = upto;
const PART = 4_000n;
let all, chain;
let made = 0;

before(async () => {
  all = await startFacilitators({ upto: true });
  ({ chain } = all);
});
after(() => all?.stop());

const kitAt = (name, options) => upto.uptoKit(chain, `upto ${(made += 1)}`, all[name], options);
const newKit = (options) => kitAt("reference", options);

async function assertRefused({ kit, one, amount, verify, settle = verify }) {
  if (verify) {
    const { body } = await kit.verifies(one);
    assert.deepEqual([body.isValid, body.invalidReason], [false, verify]);
  }
  const before = await kit.received();
  const { body } = await kit.settles(one, amount);
  assert.deepEqual([body.success, body.errorReason, body.transaction], [false, settle, ""]);
  assert.equal(await kit.received(), before, "no money has moved");
}

describe("the contracts", () => {
  const read = (address, signature) => {
    const abi = parseAbi([`function ${signature}`]);
    return chain.client.readContract({ address, abi, functionName: abi[0].name });
  };

  test("Permit2 hashes the domain of this chain", async () => {
    const fields = { name: "string", chainId: "uint256", verifyingContract: "address" };
    const types = { EIP712Domain: Object.entries(fields).map(([name, type]) => ({ name, type })) };
    const domain = { name: "Permit2", chainId: CHAIN_ID, verifyingContract: PERMIT2 };
    assert.equal(await read(PERMIT2, "DOMAIN_SEPARATOR() view returns (bytes32)"), hashDomain({ domain, types }));
  });

  test("the proxy names Permit2 and the types that the official client signs", async () => {
    const { TokenPermissions, Witness } = uptoPermit2WitnessTypes;
    const spell = (name, members) => `${name}(${members.map(({ type, name: member }) => `${type} ${member}`).join(",")})`;
    const witness = spell("Witness", Witness);
    assert.equal(await read(UPTO_PROXY, "PERMIT2() view returns (address)"), PERMIT2);
    assert.equal(await read(UPTO_PROXY, "WITNESS_TYPEHASH() view returns (bytes32)"), keccak256(toHex(witness)));
    const rest = `Witness witness)${spell("TokenPermissions", TokenPermissions)}${witness}`;
    assert.equal(await read(UPTO_PROXY, "WITNESS_TYPE_STRING() view returns (string)"), rest);
  });

  test("the proxy moves what the named facilitator says, and nothing for anybody else", async () => {
    const kit = await newKit();
    const { payment } = await kit.pays();
    assert.equal(await upto.askProxy(chain, payment, PART, otherRelayer.address), "UnauthorizedFacilitator");
    await assert.rejects(upto.settleAtProxy(chain, payment, PART, kit.stranger), /reverted/);
    assert.deepEqual([await kit.received(), await kit.isUsed({ payment })], [0n, false]);
    assert.equal(await upto.askProxy(chain, payment, PART, relayer.address), "settled");
    await upto.settleAtProxy(chain, payment, PART, relayer);
    assert.equal(await kit.received(), PART);
    assert.equal(await upto.askProxy(chain, payment, PART, relayer.address), "InvalidNonce");
  });

  test("the proxy moves nothing of a payer who has not approved Permit2", async () => {
    const kit = await newKit({ approved: false });
    const { payment } = await kit.pays();
    assert.equal(await upto.askProxy(chain, payment, PART, relayer.address), "TRANSFER_FROM_FAILED");
  });

  const asked = async (changes, { amount = PART, sender = relayer.address, signer } = {}) => {
    const kit = await newKit();
    const { payment } = await kit.pays();
    const changed = await upto.resignUpto(payment, kit.payer, changes, { signer: signer?.(kit) });
    return upto.askProxy(chain, changed, amount, sender);
  };
  const over = { deadline: "1" };
  const refusals = {
    "more than is permitted": [{}, { amount: MOST + 1n }, "AmountExceedsPermitted"],
    "a payment to nobody": [{ witness: { to: zeroAddress } }, {}, "InvalidDestination"],
    "a payment by nobody": [{ from: zeroAddress }, {}, "InvalidOwner"],
    "a payment before its time": [upto.forgeries["a time that has not come"](), {}, "PaymentTooEarly"],
    "a payment after its deadline": [over, {}, "SignatureExpired"],
    "a signature for another spender": [{ spender: otherRelayer.address }, {}, "InvalidSigner"],
    "a signature of somebody else": [{}, { signer: ({ stranger }) => stranger }, "InvalidSigner"],
  };
  for (const [name, [changes, options, refusal]] of Object.entries(refusals)) {
    test(`refused by the contracts: ${name}`, async () => assert.equal(await asked(changes, options), refusal));
  }

  test("what was signed cannot be changed, and a cancelled nonce is of no use", async () => {
    const kit = await newKit();
    const { payment } = await kit.pays();
    for (const changes of [{ witness: { to: kit.stranger.address } }, { permitted: { amount: String(2n * MOST) } }]) {
      const altered = upto.alterUpto(payment, changes);
      assert.equal(await upto.askProxy(chain, altered, PART, relayer.address), "InvalidSigner");
    }
    const named = upto.alterUpto(payment, { witness: { facilitator: otherRelayer.address } });
    assert.equal(await upto.askProxy(chain, named, PART, otherRelayer.address), "InvalidSigner");
    await upto.cancelPermit(chain, kit.payer, payment);
    assert.equal(await upto.askProxy(chain, payment, PART, relayer.address), "InvalidNonce");
  });
});

for (const name of ["reference", "ours"]) {
  describe(`the facilitator: ${name}`, () => {
    test("offers the scheme, and names who settles", async () => {
      const { kinds } = await fetch(`${all[name].url}/supported`).then((answer) => answer.json());
      const offered = kinds.filter(({ scheme }) => scheme === "upto");
      const [{ extra, ...kind }, ...more] = offered;
      assert.deepEqual([kind, more], [{ x402Version: 2, scheme: "upto", network: NETWORK }, []]);
      assert.equal(extra.facilitatorAddress, all[name].relayer);
    });

    test("settles less than the payer permitted, once", async () => {
      const kit = await kitAt(name);
      const one = await kit.pays();
      const had = await chain.balance(kit.payer.address);
      const { body: verified } = await kit.verifies(one);
      assert.deepEqual([verified.isValid, verified.payer], [true, kit.payer.address]);
      assert.deepEqual([await kit.received(), await kit.isUsed(one)], [0n, false]);
      const { body: settled } = await kit.settles(one, PART);
      assert.deepEqual([settled.success, settled.amount, settled.payer], [true, String(PART), kit.payer.address]);
      await assertMoved(settled.transaction, kit, PART);
      assert.deepEqual([await kit.received(), await chain.balance(kit.payer.address)], [PART, had - PART]);
      assert.equal(await kit.isUsed(one), true);
      if (name === "ours") {
        // Who asks again gets the same answer; for anybody else, and for another amount, the nonce is used.
        assert.deepEqual((await kit.settles(one, PART)).body, settled);
        await assertRefused({ kit, one, amount: PART - 1n, verify: "permit2_invalid_nonce" });
      } else {
        await assertRefused({ kit, one, amount: PART, verify: "permit2_simulation_failed" });
      }
      assert.equal((await kit.settles(await kit.pays())).body.success, true);
      assert.equal(await kit.received(), PART + MOST);
    });

    test("settles nothing without a transaction", async () => {
      const kit = await kitAt(name);
      const one = await kit.pays();
      const { relayer: address } = all[name];
      const nonce = await chain.client.getTransactionCount({ address });
      const { body } = await kit.settles(one, 0n);
      assert.deepEqual([body.success, body.amount, body.transaction], [true, "0", ""]);
      assert.equal(await chain.client.getTransactionCount({ address }), nonce);
      assert.deepEqual([await kit.received(), await kit.isUsed(one)], [0n, false]);
    });

    test("refuses more than the payer permitted", async () => {
      const kit = await kitAt(name);
      const one = await kit.pays();
      const settle = "invalid_upto_evm_payload_settlement_exceeds_amount";
      await assertRefused({ kit, one, amount: MOST + 1n, settle });
      assert.equal(await kit.isUsed(one), false);
    });

    test("wants an approval, and money", async () => {
      const kit = await kitAt(name, { approved: false });
      const one = await kit.pays();
      await assertRefused({ kit, one, verify: "permit2_allowance_required" });
      await kit.approve(kit.payer, MOST - 1n);
      await assertRefused({ kit, one, verify: "permit2_allowance_required" });
      await kit.approve(kit.payer, MOST);
      assert.equal((await kit.settles(one)).body.success, true);
      const poor = await kit.pays(kit.stranger);
      await kit.approve(kit.stranger);
      await assertRefused({ kit, one: poor, verify: "permit2_insufficient_balance" });
    });

    const reasons = {
      "another payee": "invalid_permit2_recipient_mismatch",
      "another facilitator": "upto_facilitator_mismatch",
      "another spender": "invalid_permit2_spender",
      "another token": "permit2_token_mismatch",
      "less than is asked for": "permit2_amount_mismatch",
      "more than is asked for": "permit2_amount_mismatch",
      "a deadline that is over": "permit2_deadline_expired",
      "a time that has not come": "permit2_not_yet_valid",
    };
    for (const [forgery, changes] of Object.entries(upto.forgeries)) {
      test(`refuses ${forgery}, with the old signature and with a new one`, async () => {
        const kit = await kitAt(name);
        const { payment, requirements } = await kit.pays();
        const altered = upto.alterUpto(payment, changes(kit));
        const anew = await upto.resignUpto(payment, kit.payer, changes(kit));
        for (const forged of [altered, anew]) {
          const { body } = await kit.verifies({ payment: forged, requirements });
          assert.deepEqual([body.isValid, body.invalidReason], [false, reasons[forgery]]);
        }
      });
    }

    test("refuses a signature that is damaged or of somebody else", async () => {
      const kit = await kitAt(name);
      const one = await kit.pays();
      const verify = "invalid_permit2_signature";
      await assertRefused({ kit, one: changeSignature(one, tamper), verify });
      const payment = await upto.resignUpto(one.payment, kit.payer, {}, { signer: kit.stranger });
      await assertRefused({ kit, one: { ...one, payment }, verify });
      const elsewhere = await upto.resignUpto(one.payment, kit.payer, {}, { domain: { chainId: 1 } });
      await assertRefused({ kit, one: { ...one, payment: elsewhere }, verify });
    });

    test("settles for a wallet that is a contract", async () => {
      const kit = await kitAt(name);
      const wallet = await kit.wallet(miniWallet, { deployed: true });
      await kit.approve(wallet);
      const one = await kit.pays(wallet);
      assert.equal((await kit.verifies(one)).body.isValid, true);
      assert.equal((await kit.settles(one, PART)).body.success, true);
      assert.equal(await kit.received(), PART);
    });

    test("settles what @x402/fetch pays at a shop that takes part of its price", async () => {
      const kit = await kitAt(name);
      const sold = { payTo: kit.payTo, price: "$0.01", scheme: "upto", settled: "30%" };
      const shop = await startShop({ facilitatorUrl: all[name].url, ...sold });
      try {
        const answer = await wrapFetchWithPayment(fetch, upto.uptoClient(kit.payer))(shop.url);
        assert.deepEqual([answer.status, await answer.json()], [200, { thing: "here" }]);
        const receipt = decodePaymentResponseHeader(answer.headers.get("payment-response"));
        assert.deepEqual([receipt.success, receipt.amount], [true, "3000"]);
        assert.equal(await kit.received(), 3_000n);
      } finally {
        await shop.stop();
      }
    });
  });
}

/** The transaction has moved `value` from the kit's payer to its payee, through the proxy. */
async function assertMoved(hash, { payer, payTo }, value) {
  const { status, to, logs } = await chain.client.getTransactionReceipt({ hash });
  assert.equal(status, "success");
  assert.ok(isAddressEqual(to, UPTO_PROXY));
  const moved = parseEventLogs({ abi: usdcAbi, eventName: "Transfer", logs }).map(({ args }) => args);
  assert.deepEqual(moved, [{ from: payer.address, to: payTo, value }]);
  const settled = parseEventLogs({ abi: x402UptoPermit2ProxyABI, eventName: "Settled", logs });
  assert.deepEqual(settled.map(({ address }) => isAddressEqual(address, UPTO_PROXY)), [true]);
}
