// Two facilitators on one chain, the reference one and ours, asked in the same way. Each has a relayer of
// its own, so that neither disturbs the nonces of the other.
import { randomBytes } from "node:crypto";
import { NETWORK, otherRelayer, relayer } from "../../dev/chain/accounts.mjs";
import { freePort, startChain } from "../../dev/chain/chain.mjs";
import { startFacilitator } from "../../dev/chain/facilitator.mjs";
import { factories, installWallets } from "./smart-wallets.mjs";
import { startWorker } from "./worker.mjs";

/**
 * Starts them. `rpcUrl(chain)` puts another endpoint between the chain and our facilitator. Both deploy
 * wallets of all factories that tests have.
 */
export async function startFacilitators({ rpcUrl = ({ url }) => url, vars = {} } = {}) {
  const chain = await startChain();
  await installWallets(chain);
  const theirs = await startFacilitator({ rpcUrl: chain.url, factories: factories.map(({ address }) => address) });
  const stopOthers = async () => {
    await theirs.stop();
    await chain.stop();
  };
  // Whoever waits for this gets no handle to stop what runs already.
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

async function startOurs(rpcUrl, vars) {
  return startWorker({
    vars: {
      FACILITATOR_URL: "self",
      FACILITATOR_API: "open",
      WALLET_FACTORIES: factories.map(({ address, selector }) => `${address}:${selector}`).join(","),
      RPC_URLS: JSON.stringify({ [NETWORK]: rpcUrl }),
      PUBLIC_URL: `http://localhost:${await freePort()}`,
      NETWORKS: NETWORK,
      ...vars,
    },
    secrets: { MASTER_KEY: randomBytes(32).toString("hex"), RELAYER_PRIVATE_KEY: otherRelayer.privateKey },
  });
}

/** Asks a facilitator; `body` is a payment with its requirements, or any text. */
export async function ask({ url }, path, body) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/${path}`, { method: "POST", headers, body: text });
  return { status: answer.status, type: answer.headers.get("content-type"), body: await answer.json() };
}

/** What `POST /verify` and `POST /settle` take. */
export const request = (payment, requirements) => ({
  x402Version: payment.x402Version,
  paymentPayload: payment,
  paymentRequirements: requirements,
});
