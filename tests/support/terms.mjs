// What a shop asks for, and what the official client pays for it; without any shop.
import { NETWORK, USDC } from "../../dev/chain/accounts.mjs";
import { sign } from "./pay.mjs";

export const PRICE = 10_000n;
const RESOURCE = { url: "http://127.0.0.1:9/paid", description: "a thing", mimeType: "application/json" };

/** Payment requirements of x402 version 1 or 2. */
export function terms(version, payTo, changes = {}) {
  const common = { scheme: "exact", asset: USDC, payTo, maxTimeoutSeconds: 300, extra: { name: "USDC", version: "2" } };
  if (version === 2) return { ...common, network: NETWORK, amount: String(PRICE), ...changes };
  const { url: resource, ...more } = RESOURCE;
  const old = { network: "base-sepolia", maxAmountRequired: String(PRICE), resource, ...more };
  return { ...common, ...old, ...changes };
}

/** The challenge that asks for them. */
export function challengeOf(version, requirements) {
  const challenge = { x402Version: version, error: "payment required", accepts: [requirements] };
  return version === 2 ? { ...challenge, resource: RESOURCE } : challenge;
}

/** What the official client makes of them. `payer` has a private key, or is a wallet that signs. */
export function payTerms(version, requirements, payer) {
  const challenge = challengeOf(version, requirements);
  return sign({ body: challenge, challenge }, payer, version);
}
