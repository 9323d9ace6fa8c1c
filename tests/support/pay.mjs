// Paying over plain HTTP, step by step, so that tests can change every step. Payments are made and
// signed by the official packages.
import assert from "node:assert/strict";
import { x402Client } from "@x402/core/client";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { createSIWxPayload, encodeSIWxHeader } from "@x402/extensions/sign-in-with-x";
import { privateKeyToAccount } from "viem/accounts";
import { CHAIN_ID, USDC } from "../../dev/chain/accounts.mjs";

// What an error's code would be over plain HTTP, where a test has to tell; every other one is a 409.
const MCP_STATUS = { proof_needed: 401, rate_limited: 429, internal_error: 500, payment_unavailable: 503 };

export function encode(payment) {
  return Buffer.from(JSON.stringify(payment)).toString("base64");
}

/** Calls a tool over plain HTTP; `payment` may be an object, or the text of a header. */
export async function callTool(network, server, tool, args, payment, more = {}) {
  const headers = { "content-type": "application/json", ...more };
  if (payment !== undefined) {
    const name = payment.x402Version === 1 ? "x-payment" : "payment-signature";
    headers[name] = typeof payment === "string" ? payment : encode(payment);
  }
  const path = `/x402/users/${server.scope}/tools/${tool}`;
  const body = JSON.stringify(args);
  const answer = await network.worker.fetch(path, { method: "POST", headers, body });
  const decoded = (text) => text && JSON.parse(Buffer.from(text, "base64"));
  return {
    status: answer.status,
    body: await answer.json(),
    challenge: decoded(answer.headers.get("payment-required")),
    receipt: decoded(answer.headers.get("payment-response") ?? answer.headers.get("x-payment-response")),
    retryAfter: answer.headers.get("retry-after"),
  };
}

/** Calls a tool as an MCP client does; the answer looks like that of `callTool`, with a status as over HTTP. */
export async function callMcp(network, server, tool, args, payment) {
  const params = { name: tool, arguments: args };
  if (payment) params._meta = { "x402/payment": payment };
  const answer = await network.worker.fetch(new URL(server.mcpUrl).pathname, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2025-06-18",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  });
  const body = await answer.json();
  const retryAfter = answer.headers.get("retry-after");
  if (answer.status !== 200) return { status: answer.status, body, retryAfter };
  const { isError, structuredContent: value, _meta } = body.result;
  const error = value?.error;
  if (!isError) return { status: 200, value, receipt: _meta?.["x402/payment-response"] };
  if (value?.accepts) return { status: 402, value, challenge: value };
  return { status: MCP_STATUS[error?.code] ?? 409, value, moneyMoved: error?.moneyMoved, retryAfter, body };
}

/** The header with which `payer` proves itself, made of what an answer offers to sign. */
export async function proofFor({ body, value, challenge }, payer) {
  const { extensions } = challenge ?? value ?? body;
  const { info, supportedChains } = extensions["sign-in-with-x"];
  const signer = payer.signMessage ? payer : privateKeyToAccount(payer.privateKey);
  return encodeSIWxHeader(await createSIWxPayload({ ...info, ...supportedChains[0] }, signer, info.uri));
}

/**
 * Repeats a paid call, as a payer does whose answer was lost: with the same payment, and with the wallet's sign-in
 * where the payment alone proves nothing (version 1 echoes nothing).
 */
export async function askAgain(network, server, tool, args, payment, payer, way = callTool) {
  const answer = await way(network, server, tool, args, payment);
  if (answer.status !== 401) return answer;
  assert.equal(payment.x402Version, 1, JSON.stringify(answer));
  return callTool(network, server, tool, args, payment, { "sign-in-with-x": await proofFor(answer, payer) });
}

export const rsvpAgain = (network, server, event, payment, payer) =>
  askAgain(network, server, "rsvpToEvent", { eventId: event.id }, payment, payer);

export const rsvp = (network, server, event, payment) =>
  callTool(network, server, "rsvpToEvent", { eventId: event.id }, payment);

/**
 * What the official client makes of the challenge for a seat, in version 1 or 2. `payer` is an
 * account with its key, or a wallet that signs by itself.
 */
export async function payFor(network, server, event, payer, version = 2) {
  return sign(await rsvp(network, server, event), payer, version);
}

/** The same for a challenge that is there already. `payer` has a private key, or is a wallet that signs. */
export function sign({ body, challenge }, payer, version = 2) {
  return payingClient(payer).createPaymentPayload(version === 1 ? body : challenge);
}

/** The official client of a payer. */
export function payingClient(payer) {
  const signer = payer.signTypedData ? payer : privateKeyToAccount(payer.privateKey);
  return registerExactEvmScheme(new x402Client(), { signer });
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
