// What it means that somebody has bought a seat: on the chain, at the host's and in KV.
import assert from "node:assert/strict";
import { get, until } from "./network.mjs";

/** What a seat of `createEvent` costs, in millionths of a dollar. */
export const PRICE = 50_000n;

/**
 * Runs `pay`, which gives the hash of its transaction, and checks that it bought exactly one seat for the payer, at the
 * price of the event, and nothing else. `place` is `{network, server, event}`.
 */
export async function buysASeat({ network, server, event }, payer, pay) {
  const earned = await network.chain.balance(server.payTo);
  const had = await network.chain.balance(payer.address);
  const transaction = await pay();
  assert.equal(await network.chain.balance(server.payTo), earned + PRICE);
  assert.equal(await network.chain.balance(payer.address), had - PRICE);
  const receipt = await network.chain.client.getTransactionReceipt({ hash: transaction });
  assert.equal(receipt.status, "success");
  const { rsvps } = await get(network, `/api/users/events/${event.id}/rsvps`, server.token).then((answer) => answer.json());
  assert.equal(rsvps.filter(({ wallet }) => wallet === payer.address).length, 1);
  const key = `${server.scope}:rsvps:${event.id}:${payer.address}`;
  const record = JSON.parse(await until(() => network.worker.kv.get(key)));
  assert.equal(record.txHash, transaction);
}
