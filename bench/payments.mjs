// Payments that are signed beforehand, by a wallet of its own each, with the official client.
import { rsvp, sign } from "../tests/support/pay.mjs";
import { accountsOf } from "../tests/support/wallets.mjs";
import { call, LEGACY, SEAT_AT_PEER } from "./scenarios.mjs";

/** `count` payments for a seat at one of our events, from wallets derived from `name`. */
export async function forOurs(network, { server, event }, name, count) {
  return signAll(await rsvp(network, server, event), name, count);
}

/** The same for the peer, whose challenge comes in `_meta`. */
export async function forPeer(url, name, count) {
  const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", ...LEGACY };
  const answer = await fetch(`${url}/mcp`, { method: "POST", headers, body: JSON.stringify(call("tools/call", SEAT_AT_PEER)) });
  const text = await answer.text();
  const { result } = JSON.parse(text.replace(/^[^{]*data: /s, ""));
  const challenge = result._meta["x402/error"];
  return signAll({ body: challenge, challenge: { x402Version: 2, ...challenge } }, name, count);
}

async function signAll(challenge, name, count) {
  const payments = [];
  for (const account of accountsOf(name, count)) payments.push(await sign(challenge, account));
  return payments;
}
