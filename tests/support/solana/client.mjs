// Payers on Solana, with the official clients of x402: over HTTP in both versions, and over MCP.
import { x402Client } from "@x402/core/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { ExactSvmScheme } from "@x402/svm/exact/client";
import { ExactSvmSchemeV1 } from "@x402/svm/exact/v1/client";
import { signerOf, SOLANA, SOLANA_V1 } from "./tokens.mjs";

const MONEY = 1_000_000n;

/**
 * Somebody with `usdc` atomic units, the same wallet for the same name. `client` makes payments of challenges in both
 * versions, `pays(challenge)` does it at once, and `fetch` pays by itself.
 */
export async function solanaPayer(chain, { name = "payer", usdc = MONEY } = {}) {
  const signer = await signerOf(name);
  if (usdc > 0n) await chain.fund(signer.address, usdc);
  const client = new x402Client()
    .register(SOLANA, new ExactSvmScheme(signer, { rpcUrl: chain.rpcUrl }))
    .registerV1(SOLANA_V1, new ExactSvmSchemeV1(signer, { rpcUrl: chain.rpcUrl }));
  return {
    address: signer.address,
    signer,
    client,
    pays: (challenge) => client.createPaymentPayload(challenge),
    fetch: wrapFetchWithPayment(fetch, client),
  };
}

/** Only what version 1 sees of an answer: its body. For `wrapFetchWithPayment` of a server that speaks both. */
export async function fetchOfVersion1(input, init) {
  const answer = await fetch(input, init);
  if (answer.status !== 402) return answer;
  const headers = new Headers(answer.headers);
  headers.delete("payment-required");
  return new Response(answer.body, { status: answer.status, headers });
}

/**
 * Calls a paid tool as the specification's MCP transport says, through any MCP client: asks, pays what is asked, asks
 * again. `{challenge, payment, result}`.
 */
export async function payOverMcp(mcp, payer, call) {
  const challenge = await mcp.callTool(call);
  if (!challenge.isError) throw new Error("the tool asks for no payment");
  const payment = await payer.pays(challenge.structuredContent);
  const result = await mcp.callTool({ ...call, _meta: { "x402/payment": payment } });
  return { challenge: challenge.structuredContent, payment, result };
}
