// Everything that a payment needs, on this machine: chain, reference facilitator, Worker, host.
import { randomBytes } from "node:crypto";
import { privateKeyToAccount } from "viem/accounts";
import { NETWORK, host as hostAccount } from "../../dev/chain/accounts.mjs";
import { startChain } from "../../dev/chain/chain.mjs";
import { freePort } from "../../dev/lib/ports.mjs";
import { startFacilitator } from "../../dev/chain/facilitator.mjs";
import { signInMessage } from "../../dev/sample-host.mjs";
import { startWorker } from "./worker.mjs";

/** Starts all of it. `facilitatorUrl` puts another facilitator in the place of the reference one. */
export async function startNetwork({ facilitatorUrl, vars = {}, secrets = {} } = {}) {
  const chain = await startChain();
  const facilitator = await startFacilitator({ rpcUrl: chain.url });
  const publicUrl = vars.PUBLIC_URL ?? `http://localhost:${await freePort()}`;
  const worker = await startWorker({
    vars: {
      FACILITATOR_URL: facilitatorUrl ?? facilitator.url,
      RPC_URLS: JSON.stringify({ [NETWORK]: chain.url }),
      PUBLIC_URL: publicUrl,
      NETWORKS: NETWORK,
      ...vars,
    },
    secrets: { MASTER_KEY: randomBytes(32).toString("hex"), ...secrets },
  });
  const stop = async () => {
    await worker.stop();
    await facilitator.stop();
    await chain.stop();
  };
  return { chain, facilitator, worker, publicUrl, stop };
}

/** Signs a wallet in; gives the session token, user id and scope. */
export async function signIn(network, account = hostAccount) {
  const { nonce } = await post(network, "/api/auth/nonce", {}).then((answer) => answer.json());
  const message = signInMessage(network.publicUrl, account.address, nonce);
  const signature = await privateKeyToAccount(account.privateKey).signMessage({ message });
  const answer = await post(network, "/api/auth/siwe", { message, signature });
  return { status: answer.status, message, signature, ...(await answer.json()) };
}

/** A registered host. */
export async function openServer(network, account = hostAccount) {
  const session = await signIn(network, account);
  const body = { userId: session.userId, walletAddress: account.address };
  const answer = await post(network, "/api/users/mcp", body, session.token);
  const registered = await answer.json();
  return {
    ...session,
    registered,
    payTo: account.address,
    // The harness gives the Worker a port of its own; the server's path is the same.
    mcpUrl: `${network.worker.url}/mcp/users/${session.scope}`,
    toolUrl: (tool) => `${network.worker.url}/x402/users/${session.scope}/tools/${tool}`,
  };
}

/** An event at $0.05 with 50 seats, unless `changes` say otherwise. */
export async function createEvent(network, server, changes = {}) {
  const event = {
    title: "Rust meetup \u{1F980}",
    startsAt: "2030-03-01T18:30:00Z",
    capacity: 50,
    price: "0.05",
    ...changes,
  };
  const answer = await post(network, "/api/users/events", event, server.token);
  if (answer.status !== 201) throw new Error(`no event: ${await answer.text()}`);
  return answer.json();
}

/** The event as its host sees it now. */
export async function findEvent(network, { token }, { id }) {
  const { events } = await get(network, "/api/users/events", token).then((answer) => answer.json());
  return events.find((event) => event.id === id);
}

/** Changes what strangers may do at a server. */
export async function setLimits(network, server, limits) {
  const answer = await patch(network, "/api/users/me", { limits }, server.token);
  if (answer.status !== 200) throw new Error(`no limits: ${await answer.text()}`);
  return (await answer.json()).limits;
}

export const post = (...asked) => send("POST", ...asked);
export const patch = (...asked) => send("PATCH", ...asked);

function send(method, network, path, body, token) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  return network.worker.fetch(path, { method, headers, body: JSON.stringify(body) });
}

export async function get(network, path, token) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  return network.worker.fetch(path, { headers });
}

/**
 * Waits until `check` gives something; for what the Worker does by alarm. The limit only ends a test that has failed, so
 * it is long enough for a machine with much else to do.
 */
export async function until(check, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`nothing after ${seconds} s: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
