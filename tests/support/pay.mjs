// Paying over plain HTTP, step by step, so that tests can change every step. Payments are made and
// signed by the official packages.
import { x402Client } from "@x402/core/client";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { privateKeyToAccount } from "viem/accounts";
import { CHAIN_ID, USDC } from "../../dev/chain/accounts.mjs";

export function encode(payment) {
  return Buffer.from(JSON.stringify(payment)).toString("base64");
}

/** Calls a tool over plain HTTP; `payment` may be an object, or the text of a header. */
export async function callTool(network, door, tool, args, payment, more = {}) {
  const headers = { "content-type": "application/json", ...more };
  if (payment !== undefined) {
    const name = payment.x402Version === 1 ? "x-payment" : "payment-signature";
    headers[name] = typeof payment === "string" ? payment : encode(payment);
  }
  const path = `/x402/users/${door.scope}/tools/${tool}`;
  const body = JSON.stringify(args);
  const answer = await network.worker.fetch(path, { method: "POST", headers, body });
  const challenge = answer.headers.get("payment-required");
  return {
    status: answer.status,
    body: await answer.json(),
    challenge: challenge && JSON.parse(Buffer.from(challenge, "base64")),
  };
}

export const rsvp = (network, door, event, payment) =>
  callTool(network, door, "rsvpToEvent", { eventId: event.id }, payment);

/**
 * What the official client makes of the challenge for a seat, in version 1 or 2. `payer` is an
 * account with its key, or a wallet that signs by itself.
 */
export async function payFor(network, door, event, payer, version = 2) {
  const { body, challenge } = await rsvp(network, door, event);
  const signer = payer.privateKey ? privateKeyToAccount(payer.privateKey) : payer;
  const client = registerExactEvmScheme(new x402Client(), { signer });
  return client.createPaymentPayload(version === 1 ? body : challenge);
}

/** The payment with a changed authorization, signed anew by `payer`, or by `signer` in its name. */
export async function resign(payment, payer, changes, { signer = payer, domain = {} } = {}) {
  const { authorization } = payment.payload;
  const message = { ...authorization, ...changes };
  const types = {
    TransferWithAuthorization: [
      { name: "from", type: "address" },
      { name: "to", type: "address" },
      { name: "value", type: "uint256" },
      { name: "validAfter", type: "uint256" },
      { name: "validBefore", type: "uint256" },
      { name: "nonce", type: "bytes32" },
    ],
  };
  const signature = await privateKeyToAccount(signer.privateKey).signTypedData({
    domain: { name: "USDC", version: "2", chainId: CHAIN_ID, verifyingContract: USDC, ...domain },
    types,
    primaryType: "TransferWithAuthorization",
    message,
  });
  return { ...payment, payload: { ...payment.payload, signature, authorization: message } };
}
