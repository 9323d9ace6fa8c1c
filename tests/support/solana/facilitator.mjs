// Somebody else's facilitator for Solana (@x402/core and @x402/svm) behind HTTP, for x402 versions 1 and 2, which can
// be told to behave as badly as real ones do.
import { x402Facilitator } from "@x402/core/facilitator";
import { SettlementCache, toFacilitatorSvmSigner } from "@x402/svm";
import { ExactSvmScheme } from "@x402/svm/exact/facilitator";
import { ExactSvmSchemeV1 } from "@x402/svm/exact/v1/facilitator";
import { bodyOf } from "../body.mjs";
import { behaviours } from "../hostile.mjs";
import { serve } from "../serve.mjs";
import { signerOf, SOLANA, SOLANA_V1 } from "./tokens.mjs";

/** What it may do instead of answering: what any facilitator may do, and some more. */
export const solanaFaults = {
  ...behaviours,
  refusesBecause: (errorReason) => async ({ answer }) => answer(200, { success: false, errorReason, transaction: "", network: SOLANA }),
  limits: async ({ answer }) => answer(429, { error: "too many requests" }),
  redirects: (location, status = 307) => async ({ response }) => response.writeHead(status, { location }).end(),
  /** `/supported` of somebody who settles on another chain too. */
  alsoSettlesOn: (network) => async ({ answer, forward }) => {
    const { kinds, ...rest } = await (await forward()).json();
    answer(200, { ...rest, kinds: [...kinds, { x402Version: 2, scheme: "exact", network }] });
  },
  /** `/supported` of somebody who knows other chains only. */
  lacksSolana: async ({ answer }) => answer(200, { kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:84532" }], extensions: [], signers: {} }),
};

/**
 * Starts it on `chain`. `name` is what its key is made from. `misbehave(what, {path, times})` has requests for `/settle`,
 * or another path, answered by one of `solanaFaults`, for so many times; `behaves()` ends that. `counts` says how often
 * each path was asked, `seen` what for.
 */
export async function startSolanaFacilitator(chain, { name = "facilitator" } = {}) {
  const key = await signerOf(name);
  chain.giveSol(key.address);
  const facilitator = facilitatorOf(key, chain.rpcUrl);
  const counts = { supported: 0, verify: 0, settle: 0 };
  const seen = [];
  let faults = [];
  const server = await serve(async (request, response) => {
    const text = await bodyOf(request).catch(() => undefined);
    if (text === undefined) return;
    const path = request.url.split("?")[0];
    const forward = () => answerTo(facilitator, request.method, path, text);
    const answer = (status, value) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof value === "string" ? value : JSON.stringify(value));
    };
    if (Object.hasOwn(counts, path.slice(1))) counts[path.slice(1)] += 1;
    seen.push({ path, body: text });
    const fault = faults.find((one) => one.path === path && one.times > 0);
    if (fault) fault.times -= 1;
    const behave = fault?.what ?? behaviours.passesOn;
    await behave({ answer, forward, response, request }).catch(() => request.socket.destroy());
  });
  return {
    url: server.origin,
    feePayer: key.address,
    counts,
    seen,
    misbehave: (what, { path = "/settle", times = Infinity } = {}) => faults.push({ what, path, times }),
    behaves: () => (faults = []),
    stop: server.stop,
  };
}

function facilitatorOf(key, rpcUrl) {
  const signer = toFacilitatorSvmSigner(key, { defaultRpcUrl: rpcUrl });
  const cache = new SettlementCache();
  return new x402Facilitator()
    .register(SOLANA, new ExactSvmScheme(signer, cache))
    .registerV1(SOLANA_V1, new ExactSvmSchemeV1(signer, cache));
}

async function answerTo(facilitator, method, path, text) {
  if (method === "GET" && path === "/supported") return Response.json(facilitator.getSupported());
  if (method !== "POST" || !["/verify", "/settle"].includes(path)) return Response.json({ error: "not found" }, { status: 404 });
  try {
    const { paymentPayload, paymentRequirements } = JSON.parse(text);
    const ask = path === "/verify" ? "verify" : "settle";
    return Response.json(await facilitator[ask](paymentPayload, paymentRequirements));
  } catch (error) {
    return Response.json({ error: String(error?.message ?? error) }, { status: 500 });
  }
}
