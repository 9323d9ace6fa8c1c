// Payments signed by contracts: the facilitator is asked first, because only the chain knows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { x402Client } from "@x402/core/client";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { concat, encodeAbiParameters, encodeFunctionData, hashTypedData, parseAbi, zeroHash } from "viem";
import { sign } from "viem/accounts";
import { FACTORY, payers } from "../../dev/chain/accounts.mjs";
import { createEvent, openDoor, startNetwork } from "../support/network.mjs";
import { rsvp } from "../support/pay.mjs";

const MAGIC = "0x6492649264926492649264926492649264926492649264926492649264926492";
const factoryAbi = parseAbi([
  "function addressOf(address owner, bytes32 salt) view returns (address)",
  "function create(address owner, bytes32 salt) returns (address)",
]);
let network, door;

before(async () => {
  network = await startNetwork();
  door = await openDoor(network);
});
after(() => network?.stop());

/** A wallet of our factory: wraps its signature (ERC-6492) until it is on the chain. */
async function miniWallet(owner, { tampers = false } = {}) {
  const args = [owner.address, zeroHash];
  const address = await network.chain.client.readContract({ address: FACTORY, abi: factoryAbi, functionName: "addressOf", args });
  await network.chain.mint(address, 1_000_000n);
  return {
    address,
    async signTypedData(typedData) {
      const hash = tampers ? zeroHash : hashTypedData(typedData);
      const signature = concat(["0x01", await sign({ hash, privateKey: owner.privateKey, to: "hex" })]);
      if (await network.chain.client.getCode({ address })) return signature;
      const data = encodeFunctionData({ abi: factoryAbi, functionName: "create", args });
      const types = [{ type: "address" }, { type: "bytes" }, { type: "bytes" }];
      return concat([encodeAbiParameters(types, [FACTORY, data, signature]), MAGIC]);
    },
  };
}

async function pay(wallet, event, version) {
  const { body, challenge } = await rsvp(network, door, event);
  const client = registerExactEvmScheme(new x402Client(), { signer: wallet });
  return client.createPaymentPayload(version === 1 ? body : challenge);
}

for (const version of [1, 2]) {
  test(`version ${version}: a smart wallet pays before and after it is on the chain`, async () => {
    const wallet = await miniWallet(payers[version]);
    for (const standard of ["ERC-6492", "ERC-1271"]) {
      const event = await createEvent(network, door);
      const { verify } = network.facilitator.stats;
      const { status, body } = await rsvp(network, door, event, await pay(wallet, event, version));
      assert.equal(status, 200, `${standard}: ${JSON.stringify(body)}`);
      assert.equal(body.rsvp.payer, wallet.address);
      assert.equal(network.facilitator.stats.verify, verify + 1);
      assert.ok(await network.chain.client.getCode({ address: wallet.address }));
    }
  });
}

test("a signature that the wallet does not accept is refused before any settlement", async () => {
  const wallet = await miniWallet(payers[3], { tampers: true });
  const event = await createEvent(network, door);
  const { settle } = network.facilitator.stats;
  const refused = await rsvp(network, door, event, await pay(wallet, event, 2));
  assert.equal(refused.status, 402);
  assert.match(refused.body.error, /invalid|simulation/);
  assert.equal(network.facilitator.stats.settle, settle);
  assert.equal(await network.chain.client.getCode({ address: wallet.address }), undefined);
});
