// A host with events, made through the same public routes as any other: signs in with a test key, registers
// and puts events on sale unless some are on sale already.
import { createSiweMessage } from "viem/siwe";
import { privateKeyToAccount } from "viem/accounts";
import { CHAIN_ID, host } from "./chain/accounts.mjs";
import { Failure } from "./lib/process.mjs";

const EVENTS = [
  { title: "Rust meetup", price: "0.05", capacity: 50, location: "Betahaus, Berlin", days: 14 },
  { title: "Wasm workshop", price: "0.25", capacity: 12, location: "Online", days: 21 },
  { title: "Agents and money: an open evening", price: "0.01", capacity: 0, days: 30 },
];

export async function sampleHost(url) {
  const session = await signIn(url);
  const body = { userId: session.userId, walletAddress: host.address };
  const registered = await call(url, "POST", "/api/users/mcp", body, session.token);
  const { events } = await call(url, "GET", "/api/users/events", undefined, session.token);
  let onSale = events.filter(({ status }) => status === "scheduled");
  if (onSale.length === 0) {
    onSale = [];
    for (const event of EVENTS) onSale.push(await call(url, "POST", "/api/users/events", toEvent(event), session.token));
  }
  return {
    userId: session.userId,
    scope: registered.urlSafeId,
    mcpUrl: registered.mcpUrl,
    walletAddress: registered.walletAddress,
    token: session.token,
    eventIds: onSale.map(({ id }) => id),
  };
}

/** What a wallet signs to sign in at the deployment at `url` (EIP-4361). */
export function signInMessage(url, address, nonce) {
  return createSiweMessage({
    address,
    chainId: CHAIN_ID,
    domain: new URL(url).host,
    uri: url,
    nonce,
    version: "1",
    statement: "Sign in to Events Concierge",
  });
}

async function signIn(url) {
  const { nonce } = await call(url, "POST", "/api/auth/nonce", {});
  const message = signInMessage(url, host.address, nonce);
  const signature = await privateKeyToAccount(host.privateKey).signMessage({ message });
  return call(url, "POST", "/api/auth/siwe", { message, signature });
}

function toEvent({ days, ...event }) {
  const start = new Date(Date.now() + days * 86_400_000);
  start.setUTCHours(17, 30, 0, 0);
  return {
    ...event,
    description: "A sample event on your own machine.",
    startsAt: start.toISOString(),
    endsAt: new Date(start.getTime() + 3 * 3_600_000).toISOString(),
    timeZone: "Europe/Berlin",
  };
}

async function call(url, method, path, body, token) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Failure(`${method} ${path} answers ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
