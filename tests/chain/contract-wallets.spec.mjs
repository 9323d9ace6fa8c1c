// Payments signed by contracts: the facilitator is asked first, because only the chain knows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { payers } from "../../dev/chain/accounts.mjs";
import { createEvent, openServer, startNetwork } from "../support/network.mjs";
import { payFor, rsvp } from "../support/pay.mjs";
import { fundedWallet } from "../support/wallets.mjs";

let network, server;

before(async () => {
  network = await startNetwork();
  server = await openServer(network);
});
after(() => network?.stop());

for (const version of [1, 2]) {
  test(`version ${version}: a smart wallet pays before and after it is on the chain`, async () => {
    const wallet = await fundedWallet(network, payers[version]);
    for (const standard of ["ERC-6492", "ERC-1271"]) {
      const event = await createEvent(network, server);
      const { verify } = network.facilitator.stats;
      const { status, body } = await rsvp(network, server, event, await payFor(network, server, event, wallet, version));
      assert.equal(status, 200, `${standard}: ${JSON.stringify(body)}`);
      assert.equal(body.rsvp.payer, wallet.address);
      assert.equal(network.facilitator.stats.verify, verify + 1);
      assert.ok(await network.chain.client.getCode({ address: wallet.address }));
    }
  });
}

test("a signature that the wallet does not accept is refused before any settlement", async () => {
  const wallet = await fundedWallet(network, payers[3], { tampers: true });
  const event = await createEvent(network, server);
  const { settle } = network.facilitator.stats;
  const refused = await rsvp(network, server, event, await payFor(network, server, event, wallet));
  assert.equal(refused.status, 402);
  assert.match(refused.body.error, /invalid|simulation/);
  assert.equal(network.facilitator.stats.settle, settle);
  assert.equal(await network.chain.client.getCode({ address: wallet.address }), undefined);
});
