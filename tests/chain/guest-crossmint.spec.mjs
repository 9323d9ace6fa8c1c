// A guest session that pays with a wallet at Crossmint, of which there is only a strict stand-in here.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { createEvent } from "../support/network.mjs";
import { startCrossmint } from "../support/crossmint.mjs";
import { readyGuest, startStage } from "../support/stage.mjs";
import { askForSeat } from "../support/guests.mjs";

const { apiKey } = JSON.parse(readFileSync(new URL("../vectors/crossmint.json", import.meta.url)));
// The Worker has to know Crossmint's address before there is a chain.
const chain = {};
let crossmint, stage;

before(async () => {
  crossmint = await startCrossmint(chain, { apiKey });
  stage = await startStage({ vars: { CROSSMINT_URL: crossmint.url }, secrets: { CROSSMINT_API_KEY: apiKey } });
  Object.assign(chain, stage.network.chain);
});
after(async () => {
  await stage?.stop();
  await crossmint?.stop();
});

test("a wallet at Crossmint pays before it is on the chain, and afterwards", async () => {
  const guest = await readyGuest(stage, { wallet: "crossmint", policy: { askAbove: "1" } });
  for (const left of [950_000n, 900_000n]) {
    const event = await createEvent(stage.network, stage.server);
    askForSeat(guest, event, event.id);
    const receipt = await guest.next("payment_receipt");
    assert.equal(receipt.payer, guest.address);
    await guest.next("tool_result", ({ callId }) => callId === event.id);
    assert.equal(await stage.network.chain.balance(guest.address), left);
  }
  assert.equal(guest.messages.filter(({ type }) => type === "wallet_deployed").length, 1);
  assert.ok(!JSON.stringify(guest.messages).includes(apiKey));
  const logs = JSON.stringify(await stage.network.worker.logs());
  assert.ok(!logs.includes(apiKey), "the key is in no log");
});
