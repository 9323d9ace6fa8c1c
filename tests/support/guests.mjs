// Guest sessions on a Worker that is facilitator, server and guest in one, and what tests ask of them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { FACTORY, FACTORY_CREATE, otherRelayer } from "../../dev/chain/accounts.mjs";
import { openGuest } from "../../dev/lib/guest.mjs";
import { bodyOf } from "./body.mjs";
import { startNetwork } from "./network.mjs";

const FUNDS = 10_000_000n;

/** A deployment that settles by itself and has smart wallets for its guests. */
export function startGuests({ vars = {}, secrets = {} } = {}) {
  const own = { FACILITATOR_API: "open", WALLET_FACTORIES: `${FACTORY}:${FACTORY_CREATE}`, SMART_WALLET_FACTORY: FACTORY };
  return startNetwork({
    facilitatorUrl: "self",
    vars: { ...own, ...vars },
    secrets: { RELAYER_PRIVATE_KEY: otherRelayer.privateKey, ...secrets },
  });
}

export const agentUrl = ({ worker }, query = "") => `${worker.url.replace(/^http/, "ws")}/agent${query}`;

/** A new session, or that of another's `welcome`. */
export function openSession(network, { resume, ...options } = {}) {
  const query = resume ? `?session=${resume.session}&token=${resume.token}` : "";
  return openGuest(agentUrl(network, query), options);
}

/** A key with money. */
export async function richKey({ chain }) {
  const account = privateKeyToAccount(generatePrivateKey());
  await chain.mint(account.address, FUNDS);
  return account;
}

/** A session at `url` that pays with a key; it signs by itself unless `signs` is false. */
export async function openBuyer(network, url, { account, signs = true, policy, headers } = {}) {
  account ??= await richKey(network);
  const guest = await openSession(network, { account: signs ? account : undefined, headers });
  guest.account = account;
  guest.send({ type: "use_wallet", kind: "browser", address: account.address });
  await guest.next("wallet_info");
  await guest.next("policy");
  if (policy) {
    guest.send({ type: "set_policy", ...policy });
    await guest.next("policy");
  }
  guest.send({ type: "connect_mcp", url });
  await guest.next("mcp_connected");
  return guest;
}

/** Asks for a seat, without waiting for what comes of it. */
export const askForSeat = (guest, event, callId) =>
  guest.send({ type: "call_tool", tool: "rsvpToEvent", arguments: { eventId: event.id }, ...(callId && { callId }) });

/** Says yes to the next question; gives it back. */
export async function sayYes(guest) {
  const asked = await guest.next("payment_required");
  guest.send({ type: "confirm", confirmationId: asked.confirmationId });
  return asked;
}

/** Asks for a seat and says yes; the result and the receipt. */
export async function buySeat(guest, event) {
  askForSeat(guest, event);
  const asked = await sayYes(guest);
  return { asked, result: await guest.next("tool_result"), receipt: await guest.next("payment_receipt") };
}

/** What a wallet makes of `sign_request`. */
export function signatureOf(account, { typedData }) {
  const { EIP712Domain: _, ...types } = typedData.types;
  return account.signTypedData({ ...typedData, types });
}

/** Answers `sign_request`. */
export async function answerWith(guest, account, asked) {
  guest.send({ type: "signature", requestId: asked.requestId, signature: await signatureOf(account, asked) });
}

export const ticketOf = ({ result }) => {
  assert.match(result.structuredContent.ticketUrl, /^http/);
  return result.structuredContent.ticketUrl;
};

/** Transfers of a wallet to another. */
export async function transfers({ chain }, from, to) {
  const moved = await chain.transfers(to);
  return moved.filter(({ args }) => args.from.toLowerCase() === from.toLowerCase());
}

/** What a session has on paper of its payments. */
export const purchasesOf = (network, { welcome }) =>
  network.worker.guestSql(welcome.session, "SELECT * FROM purchases ORDER BY created_at, rowid");

/** Requests a WebSocket; the status (101 when it opens) and the body of the answer. */
export async function requestSocket({ worker }, query = "", headers = {}) {
  const { hostname, port } = new URL(worker.url);
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": Buffer.from("0123456789abcdef").toString("base64"),
  };
  const asking = request({ hostname, port, path: `/agent${query}`, headers: { ...upgrade, ...headers } });
  asking.end();
  const [[kind, answer, socket]] = [await Promise.race([
    once(asking, "response").then(([response]) => ["response", response]),
    once(asking, "upgrade").then(([response, opened]) => ["upgrade", response, opened]),
  ])];
  if (kind === "upgrade") {
    socket.destroy();
    return { status: answer.statusCode };
  }
  return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(await bodyOf(answer)) };
}
