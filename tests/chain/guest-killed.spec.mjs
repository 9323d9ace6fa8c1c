// kill -9 between a guest's signature and the server's answer: after the restart the same payment goes on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { openGuest } from "../../dev/lib/guest.mjs";
import { askForSeat, sayYes, ticketOf } from "../support/guests.mjs";
import { behaviours } from "../support/hostile.mjs";
import { startKillable } from "../support/killable.mjs";
import { until } from "../support/network.mjs";

let worker;

before(async () => {
  worker = await startKillable();
});
after(() => worker?.stop());

const address = (query = "") => `${worker.url.replace(/^http/, "ws")}/agent${query}`;

async function buyer() {
  const account = privateKeyToAccount(generatePrivateKey());
  await worker.chain.mint(account.address, 1_000_000n);
  const guest = await openGuest(address(), { account });
  guest.send({ type: "use_wallet", kind: "browser", address: account.address });
  await guest.next("wallet_info");
  guest.send({ type: "connect_mcp", url: worker.host.mcpUrl });
  await guest.next("mcp_connected");
  return { guest, account };
}

const noncesOf = (from) =>
  worker.hostile.seen.filter(({ path }) => path === "/settle").map(({ body }) => body.paymentPayload.payload.authorization)
    .filter((authorization) => authorization.from === from).map(({ nonce }) => nonce);

for (const [what, dies] of [["before the money moved", behaviours.neverAnswers], ["after the money moved", behaviours.paysAndNeverAnswers]]) {
  test(`killed between signature and answer, ${what}: one payment, one transfer, the ticket arrives`, async () => {
    const { guest, account } = await buyer();
    worker.hostile.rule = ({ path }) => (path === "/settle" ? dies : undefined);
    askForSeat(guest, { id: worker.host.eventIds[0] }, "killed");
    await sayYes(guest);
    const asked = await guest.next("sign_request");
    await until(() => noncesOf(account.address).length > 0);
    const sent = async () => (await worker.chain.transfers(worker.host.walletAddress)).filter(({ args }) => args.from === account.address);
    if (dies === behaviours.paysAndNeverAnswers) await until(async () => (await sent()).length === 1);
    worker.kill();
    worker.hostile.rule = undefined;
    await worker.down();
    await worker.up();
    const { session, token } = guest.welcome;
    const again = await openGuest(address(`?session=${session}&token=${token}`), { account, seconds: 120 });
    const result = await again.next("tool_result");
    ticketOf(result);
    assert.equal(result.callId, "killed");
    await again.next("payment_receipt");
    assert.equal(again.messages.filter(({ type }) => type === "sign_request").length, 0, "nothing is signed a second time");
    assert.deepEqual([...new Set(noncesOf(account.address))], [asked.typedData.message.nonce]);
    assert.equal((await sent()).length, 1);
    again.close();
  });
}
