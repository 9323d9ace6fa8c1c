import { test } from "node:test";
import assert from "node:assert";
import { startNetwork, openDoor, createEvent, get } from "../support/network.mjs";
test("smoke", async () => {
  const n = await startNetwork();
  try {
    console.log(await (await get(n, "/health")).text());
    const d = await openDoor(n);
    console.log(d);
    const e = await createEvent(n, d);
    console.log(e, await n.chain.balance(d.payTo));
    const r = await n.worker.fetch(`/x402/users/${d.scope}/tools/rsvpToEvent`, {method:"POST", body: JSON.stringify({eventId:e.id}), headers:{"content-type":"application/json"}});
    console.log(r.status, await r.text());
    console.log(await n.worker.logs());
  } finally { await n.stop(); }
});
