// Two facilitators on one chain, the reference one and ours, asked in the same way. Each has a relayer of
// its own, so that neither disturbs the nonces of the other.
import { randomBytes } from "node:crypto";
import { NETWORK, otherRelayer, relayer } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { startFacilitator } from "../../dev/chain/facilitator.mjs";
import { startHostileRpc } from "./hostile-rpc.mjs";
import { factories, installWallets } from "./smart-wallets.mjs";
import { startWorker } from "./worker.mjs";

/**
 * Starts them. `rpcUrl(chain)` puts another endpoint between the chain and our facilitator. Both deploy
 * wallets of all factories that tests have. `upto`: the reference one settles that scheme, too.
 */
export async function startFacilitators({ rpcUrl = ({ url }) => url, vars = {}, upto = false } = {}) {
  const chain = await startChain();
  await installWallets(chain);
  const theirs = await startFacilitator({ rpcUrl: chain.url, upto, factories: factories.map(({ address }) => address) });
  const stopOthers = async () => {
    await theirs.stop();
    await chain.stop();
  };
  // On failure the caller gets no handle, so everything that runs is stopped here.
  const worker = await startOurs(rpcUrl(chain), vars).catch(async (error) => {
    await stopOthers();
    throw error;
  });
  const stop = async () => {
    await worker.stop();
    await stopOthers();
  };
  const reference = { name: "reference", url: theirs.url, relayer: relayer.address };
  const ours = { name: "ours", url: `${worker.url}/facilitator`, relayer: otherRelayer.address };
  return { chain, worker, reference, ours, stop };
}

/**
 * A deployment that settles by itself, for its own servers and for others, with a scripted endpoint (`rpc`) between it
 * and the chain. Use it wherever a `network` is wanted; it has `rpc` and `ours` as well. `settings` are what the Worker
 * was started with.
 */
export async function startOwnNetwork({ vars = {}, secrets = {} } = {}) {
  const chain = await startChain();
  await installWallets(chain);
  const rpc = await startHostileRpc(() => chain.url);
  const stopOthers = async () => {
    await rpc.stop();
    await chain.stop();
  };
  const settings = await ourSettings(rpc.url, vars, secrets);
  const worker = await startWorker(settings).catch(async (error) => {
    await stopOthers();
    throw error;
  });
  const stop = async () => {
    await worker.stop();
    await stopOthers();
  };
  const ours = { name: "ours", url: `${worker.url}/facilitator`, relayer: otherRelayer.address };
  return { chain, rpc, worker, publicUrl: settings.vars.PUBLIC_URL, settings, ours, stop };
}

const startOurs = async (rpcUrl, vars) => startWorker(await ourSettings(rpcUrl, vars));

async function ourSettings(rpcUrl, vars, secrets) {
  return {
    vars: {
      FACILITATOR_URL: "self",
      FACILITATOR_API: "open",
      WALLET_FACTORIES: factories.map(({ address, selector }) => `${address}:${selector}`).join(","),
      RPC_URLS: JSON.stringify({ [NETWORK]: rpcUrl }),
      PUBLIC_URL: `http://localhost:${await freePort()}`,
      NETWORKS: NETWORK,
      ...vars,
    },
    secrets: { MASTER_KEY: randomBytes(32).toString("hex"), RELAYER_PRIVATE_KEY: otherRelayer.privateKey, ...secrets },
  };
}

/** Asks a facilitator; `body` is a payment with its requirements, or any text. */
export async function ask({ url }, path, body, more = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "content-type": "application/json", ...more };
  const answer = await fetch(`${url}/${path}`, { method: "POST", headers, body: text });
  const said = { status: answer.status, type: answer.headers.get("content-type"), body: await answer.json() };
  return answer.headers.has("retry-after") ? { ...said, retryAfter: Number(answer.headers.get("retry-after")) } : said;
}

/** What `POST /verify` and `POST /settle` take. */
export const request = (payment, requirements) => ({
  x402Version: payment.x402Version,
  paymentPayload: payment,
  paymentRequirements: requirements,
});

/**
 * A payment that another x402 server has settled at `facilitator`, by the kit's key or by a wallet that
 * `make` makes; `settle(headers)` and `verify(headers)` ask for it.
 */
export async function serverPayment(facilitator, kit, make) {
  const payer = make ? await kit.wallet(make) : kit.payer;
  const { payment, requirements } = await kit.pays(payer);
  const body = request(payment, requirements);
  return {
    kit,
    payer,
    payment,
    body,
    nonce: payment.payload.authorization.nonce,
    settle: (headers) => ask(facilitator, "settle", body, headers),
    verify: (headers) => ask(facilitator, "verify", body, headers),
  };
}

/** The transactions that were signed for the payment, whether they left or not. */
export const signedFor = ({ rpc }, { nonce }) => [...rpc.sent].filter((raw) => raw.includes(nonce.slice(2)));
