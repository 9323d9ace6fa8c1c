// The guest session of this tab: one store, one socket, and what the page can do with them.
import { useSyncExternalStore } from "react";
import { isSameAddress } from "../base/address";
import { toHex } from "../base/hex";
import { Observable } from "../base/observable";
import type { In, Kind } from "../api/types";
import { doingOf } from "../purchase/words";
import { Rejected, foundWallets, isTypedData } from "../wallet";
import {
  forgetUser,
  setCredentialsAside,
  storeCredentials,
  storeTranscript,
  storedCredentials,
  storedTranscript,
  takeCredentialsOf,
} from "./stored";
import { readMessage } from "./read";
import { reduce } from "./reduce";
import { setSigner, signerFor } from "./signer";
import { AgentSocket } from "./socket";
import { EMPTY, type Action, type Message, type SessionState, type SignRequest } from "./state";
import { forgetTickets, rememberBought, rememberTicket } from "./tickets";
import { forgetWire, storeWire, storedWire } from "./wire";
import { onChange, onTabMessage, oneTabAtATime, tellChange, tellTabs } from "./tabs";

/** What `select` takes of the session; the component renders again only when that changes. */
export function useSession<T>(select: (state: SessionState) => T): T {
  return useSyncExternalStore(store.subscribe, () => select(store.value));
}

/** Sends a text to the agent. Whether it was sent. */
export function say(text: string): boolean {
  if (!send({ type: "chat", text })) return false;
  const id = newId();
  const at = Date.now();
  dispatch({ type: "entry", entry: { id, at, kind: "you", text } });
  dispatch({ type: "running", running: { id, what: "chat", title: "Thinking", tool: "", since: at } });
  if (store.value.session !== null) tellTabs({ type: "said", session: store.value.session, id, at, text });
  return true;
}

/** Calls a tool of the connected server. Returns the id of the call, or null if it was not sent. */
export function callTool(
  tool: string,
  args: Record<string, unknown>,
  from: "chat" | "panel" | "buy",
): string | null {
  const callId = `${from}-${newId()}`;
  if (!send({ type: "call_tool", tool, arguments: args, callId })) return null;
  dispatch({
    type: "running",
    running: { id: callId, what: "call", title: doingOf(tool), tool, since: Date.now() },
  });
  return callId;
}

/** Connects to a server. Only after a click: the URL may come from anybody. */
export function connectServer(url: string): boolean {
  if (!send({ type: "connect_mcp", url })) return false;
  const connecting = {
    id: newId(),
    what: "connect",
    title: "Connecting to the server",
    tool: "",
    since: Date.now(),
  } as const;
  dispatch({ type: "running", running: connecting });
  return true;
}

export function disconnectServer(): boolean {
  return send({ type: "disconnect_mcp" });
}

/** Answers a question about a payment. */
export function answer(confirmationId: string, yes: boolean): boolean {
  if (!send({ type: yes ? "confirm" : "cancel", confirmationId })) return false;
  dispatch({ type: "answered", id: confirmationId, yes, at: Date.now() });
  if (store.value.session !== null)
    tellTabs({ type: "answered", session: store.value.session, id: confirmationId, yes });
  return true;
}

/** Pays with this wallet from now on. */
export function payWith(kind: Kind, address?: string): boolean {
  return send({ type: "use_wallet", kind, ...(address === undefined ? {} : { address }) });
}

/** Reads again what the wallet that pays holds. */
export function readBalance(): void {
  const { wallet } = store.value;
  if (wallet === null) return;
  // Choosing the same wallet again makes the Guest look at it.
  if (!payWith(wallet.kind, wallet.kind === "browser" ? wallet.guestAddress : undefined)) return;
  dispatch({ type: "balance", read: "asked" });
  clearTimeout(reading);
  reading = setTimeout(() => {
    if (store.value.balanceRead === "asked") dispatch({ type: "balance", read: "done" });
  }, BALANCE_MILLIS);
}

/** Asks for the wallets that the deployment keeps for this session. */
export function showCustody(): boolean {
  return send({ type: "show_custody" });
}

/** What to send out of a kept wallet. */
export type Sending = { from: string; network: string; to: string; amount: string };

/** Sends money out of a kept wallet. Whether the request was sent; the same `requestId` is carried out once. */
export function withdraw(sending: Sending, requestId: string): boolean {
  // A session without an owner has nothing but its token to prove that its owner asks.
  const token = store.value.userId === null ? storedCredentials()?.token : undefined;
  return send({ type: "withdraw", requestId, ...sending, ...(token === undefined ? {} : { token }) });
}

/** Requests the payments of the session as CSV; `save` gets the text. */
export function exportCsv(save: (text: string) => void): boolean {
  if (!send({ type: "export_csv" })) return false;
  saveCsv = save;
  return true;
}

export function setPolicy(changes: Record<string, unknown>): boolean {
  return send({ type: "set_policy", ...changes });
}

/**
 * The user has signed in. A session never changes its owner, so a new session begins, or the user's earlier
 * session goes on. The transcript stays if nobody was signed in before.
 */
export function signedIn(userId: string): void {
  if (store.value.userId !== userId) {
    if (store.value.userId !== null) forgetUser();
    takeCredentialsOf(userId);
    isChanging = true;
    dispatch({ type: "new-session", keeps: store.value.userId === null });
    if (store.value.transcript.length > 0) {
      note("info", "You have signed in, so your own session goes on. Choose a server and a wallet for it.");
    }
  }
  socket.reconnect();
}

/** The user has signed out: nothing of the user stays in this browser. */
export function signedOut(): void {
  tellChange({ change: "signed-out" });
  forget();
  isChanging = true;
  socket.reconnect();
}

export function clearLog(): void {
  dispatch({ type: "clear-log" });
}

/** Asks the wallet again for a signature. */
export function signNow(signRequest: SignRequest): Promise<void> {
  return sign(signRequest);
}

/** The session now, outside a component. */
export function currentSession(): SessionState {
  return store.value;
}

const HANDLED_MILLIS = 3000;
/** How long the chain has for a balance: it is asked at several endpoints, each for ten seconds at most. */
const BALANCE_MILLIS = 25_000;
/** How long this tab waits for another tab to begin the next session, before it begins one itself. */
const OTHER_TAB_MILLIS = 3000;

const store = new Observable(EMPTY);
/** When other tabs have signed or declined, by payment. */
const handledAt = new Map<string, number>();
let lastKey = 0;
let keeping: ReturnType<typeof setTimeout> | undefined;
let reading: ReturnType<typeof setTimeout> | undefined;
let waiting: ReturnType<typeof setTimeout> | undefined;
/** This tab begins another session after a sign-in or sign-out. */
let isChanging = false;
/** Set while this tab waits for the CSV: every tab of the session gets it, and only one has asked. */
let saveCsv: ((text: string) => void) | undefined;

const socket = new AgentSocket({
  credentials: storedCredentials,
  onLink: (link) => dispatch({ type: "link", link }),
  onText: receive,
  onRefused: () => {
    setCredentialsAside();
    dispatch({ type: "new-session", keeps: false });
    note(
      "warn",
      "Your earlier session has ended, or you are not signed in any more. A new session has begun: choose a server and a wallet again.",
    );
  },
});

/** Starts the session; called once when the page loads. */
export function startSession(): void {
  // Wallets announce themselves on request, and a pending signature may need one at once.
  foundWallets();
  const credentials = storedCredentials();
  if (credentials !== null) {
    const { session } = credentials;
    restore(session);
  }
  onTabMessage(({ session, ...message }) => {
    if (session !== store.value.session) return;
    if (message.type === "signed" || (message.type === "answered" && !message.yes))
      handledAt.set(message.id, Date.now());
    if (message.type === "signed") dispatch({ type: "signed", id: message.id });
    else if (message.type === "answered") dispatch({ ...message, at: Date.now() });
    else
      dispatch({ type: "entry", entry: { id: message.id, at: message.at, kind: "you", text: message.text } });
  });
  onChange((change) => {
    clearTimeout(waiting);
    if (change.change === "signed-out") {
      forget();
      socket.pause();
      waiting = setTimeout(() => socket.reconnect(), OTHER_TAB_MILLIS);
    } else if (change.credentials.session !== store.value.session) {
      storeCredentials(change.credentials);
      dispatch({ type: "new-session", keeps: store.value.userId === null });
      socket.reconnect();
    }
  });
  window.addEventListener("pagehide", keep);
  socket.start();
}

/** Shows again what this tab has kept of the session. */
function restore(session: string): void {
  const wire = storedWire(session);
  const keys = [...wire.log, ...wire.exchanges].map(({ key }) => key);
  lastKey = Math.max(lastKey, ...keys);
  dispatch({ type: "restored", session, transcript: storedTranscript(session), ...wire });
}

function receive(text: string): void {
  const message = readMessage(text);
  if (message === null) return;
  lastKey += 1;
  const isNew = message.type === "welcome" && message.session !== store.value.session;
  dispatch({ type: "received", message, at: Date.now(), key: lastKey });
  if (message.type === "welcome") {
    const { session, token, userId } = message;
    const given = token === undefined ? null : { session, token, userId };
    if (given !== null) storeCredentials(given);
    const credentials = given ?? storedCredentials();
    if (isChanging && credentials !== null) tellChange({ change: "new-session", credentials });
    isChanging = false;
  }
  if (isNew && store.value.transcript.length === 0) {
    restore(message.session);
  }
  if (message.type === "sign_request") askWallet(message);
  if (message.type === "sign_message") void signMessage(message);
  if (message.type === "tool_result") rememberTicket(message.result);
  if (message.type === "chat" && message.cards?.kind === "bought")
    rememberBought(message.cards.bought, store.value.payments);
  if (message.type === "csv") {
    saveCsv?.(message.text);
    saveCsv = undefined;
  }
}

// The request may reach this tab after another tab has handled it. A request that comes much later is a new
// one: the signature was lost on its way.
function askWallet(signRequest: SignRequest): void {
  const { requestId: id } = signRequest;
  const at = handledAt.get(id) ?? 0;
  if (Date.now() - at < HANDLED_MILLIS) dispatch({ type: "signed", id });
  else void sign(signRequest);
}

// Signs with the browser wallet, if this tab can reach it. Only one tab at a time asks the wallet.
async function sign(signRequest: SignRequest): Promise<void> {
  const { requestId: id, address, typedData } = signRequest;
  const isNeeded = () => store.value.signRequests.some(({ requestId }) => requestId === id);
  await oneTabAtATime(`events-concierge.sign.${id}`, isNeeded, async () => {
    try {
      const wallet = await signerFor(address);
      // The wallet is in another browser; the chat shows which signature is missing.
      if (wallet === null) return;
      if (!isTypedData(typedData) || !isSameAddress(wallet.address, address))
        throw new Error("there is nothing to sign");
      const signature = await wallet.signTypedData(typedData);
      if (!isNeeded()) return;
      if (!send({ type: "signature", requestId: id, signature })) {
        throw new Error("The connection was lost. The wallet is asked again after reconnecting.");
      }
      dispatch({ type: "signed", id });
      if (store.value.session !== null) tellTabs({ type: "signed", session: store.value.session, id });
    } catch (error) {
      if (error instanceof Rejected) answer(id, false);
      else note("error", `The wallet did not sign: ${error instanceof Error ? error.message : "it failed"}`);
    }
  });
}

// Proves the wallet to a server, which then shows again what it has sold to it. Only one tab at a time asks the wallet.
async function signMessage({ requestId: id, address, message }: Message<"sign_message">): Promise<void> {
  await oneTabAtATime(
    `events-concierge.sign.${id}`,
    () => !handledAt.has(id),
    async () => {
      try {
        const wallet = await signerFor(address);
        if (wallet === null || !isSameAddress(wallet.address, address)) return;
        const signature = await wallet.signMessage(message);
        if (!send({ type: "signature", requestId: id, signature }))
          throw new Error("the connection was lost");
        handledAt.set(id, Date.now());
        if (store.value.session !== null) tellTabs({ type: "signed", session: store.value.session, id });
      } catch (error) {
        handledAt.set(id, Date.now());
        if (error instanceof Rejected) send({ type: "cancel", confirmationId: id });
        else
          note("error", `The wallet did not sign: ${error instanceof Error ? error.message : "it failed"}`);
      }
    },
  );
}

function forget(): void {
  setSigner(null);
  forgetUser();
  forgetTickets();
  forgetWire();
  dispatch({ type: "new-session", keeps: false });
}

function note(tone: "info" | "warn" | "error", text: string): void {
  dispatch({ type: "entry", entry: { id: newId(), at: Date.now(), kind: "notice", tone, text } });
}

function send(message: In): boolean {
  return socket.send(message);
}

function dispatch(action: Action): void {
  const before = store.value;
  const after = reduce(before, action);
  const isChanged =
    after.transcript !== before.transcript ||
    after.log !== before.log ||
    after.exchanges !== before.exchanges;
  if (isChanged) {
    clearTimeout(keeping);
    keeping = setTimeout(keep, 300);
  }
  store.set(after);
}

function keep(): void {
  const { session, transcript, log, exchanges, secrets } = store.value;
  if (session === null) return;
  const values = Object.values(secrets);
  storeTranscript(session, transcript, values);
  storeWire(session, { log, exchanges }, values);
}

function newId(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(8)));
}
