// The session of this tab: one store, one socket, and what the page can do with them.
import { useSyncExternalStore } from "react";
import type { In, Kind } from "../api/types";
import { Rejected, foundWallets, isTypedData } from "../wallet";
import { hold, isSame, walletFor } from "./keys";
import {
  forgetPerson,
  setCredentialsAside,
  storeCredentials,
  storeTranscript,
  storedCredentials,
  storedTranscript,
  takeCredentialsOf,
} from "./place";
import { readMessage } from "./read";
import { reduce } from "./reduce";
import { AgentSocket } from "./socket";
import { EMPTY, type Happening, type SessionState, type SignRequest } from "./state";
import { onChange, onTold, oneTabAtATime, tellChange, tellTabs } from "./tabs";

/** The session, or what `select` takes of it: the component is drawn anew only when that changes. */
export function useSession<T>(select: (state: SessionState) => T): T {
  return useSyncExternalStore(subscribe, () => select(state));
}

/** Says something to the agent. Whether it went out. */
export function say(text: string): boolean {
  if (!send({ type: "chat", text })) return false;
  const id = newId();
  const at = Date.now();
  happen({ type: "entry", entry: { id, at, kind: "you", text } });
  happen({ type: "running", running: { id, what: "chat", title: "Thinking", tool: "", since: at } });
  if (state.session !== null) tellTabs({ type: "said", session: state.session, id, at, text });
  return true;
}

/** Calls a tool of the door; the id under which its answer comes, or null if it did not go out. */
export function callTool(tool: string, args: Record<string, unknown>, from: "chat" | "panel"): string | null {
  const callId = `${from}-${newId()}`;
  if (!send({ type: "call_tool", tool, arguments: args, callId })) return null;
  happen({
    type: "running",
    running: { id: callId, what: "call", title: `Calling ${tool}`, tool, since: Date.now() },
  });
  return callId;
}

/** Connects to a door. Only ever after a click: an address may come from a stranger. */
export function connectDoor(url: string): boolean {
  if (!send({ type: "connect_mcp", url })) return false;
  const connecting = {
    id: newId(),
    what: "connect",
    title: "Connecting to the door",
    tool: "",
    since: Date.now(),
  } as const;
  happen({ type: "running", running: connecting });
  return true;
}

export function leaveDoor(): boolean {
  return send({ type: "disconnect_mcp" });
}

/** The answer to a question about a payment. */
export function answer(confirmationId: string, yes: boolean): boolean {
  if (!send({ type: yes ? "confirm" : "cancel", confirmationId })) return false;
  happen({ type: "answered", id: confirmationId, yes, at: Date.now() });
  if (state.session !== null) tellTabs({ type: "answered", session: state.session, id: confirmationId, yes });
  return true;
}

/** Pays with this wallet from now on. */
export function payWith(kind: Kind, address?: string): boolean {
  return send({ type: "use_wallet", kind, ...(address === undefined ? {} : { address }) });
}

/** Asks for the payments of the session as a file for spreadsheets; `save` gets it. */
export function exportCsv(save: (text: string) => void): boolean {
  if (!send({ type: "export_csv" })) return false;
  saveCsv = save;
  return true;
}

export function setPolicy(changes: Record<string, unknown>): boolean {
  return send({ type: "set_policy", ...changes });
}

/**
 * Somebody has signed in here. A session never changes its owner, so another one begins, or theirs of before
 * goes on. What was shown stays if nobody had signed in: it is the same person.
 */
export function signedIn(userId: string): void {
  if (state.userId !== userId) {
    if (state.userId !== null) forgetPerson();
    takeCredentialsOf(userId);
    isChanging = true;
    happen({ type: "new-session", keeps: state.userId === null });
    if (state.transcript.length > 0) {
      note(
        "info",
        "You have signed in, so a session of your own goes on. Choose a door and a wallet for it.",
      );
    }
  }
  socket.reconnect();
}

/** Whoever had signed in has signed out: nothing of theirs stays in this browser. */
export function signedOut(): void {
  tellChange("signed-out");
  forget();
  isChanging = true;
  socket.reconnect();
}

export function clearLog(): void {
  happen({ type: "clear-log" });
}

/** Asks the wallet again for a signature that still waits. */
export function signNow(signRequest: SignRequest): Promise<void> {
  return sign(signRequest);
}

/** What the session is now, for what is no component. */
export function currentSession(): SessionState {
  return state;
}

const DEALT_WITH_MILLIS = 3000;
/** Another tab begins the next session; if it does not, this one does. */
const OTHER_TAB_MILLIS = 3000;

const listeners = new Set<() => void>();
/** When other tabs have signed or declined. */
const dealtWith = new Map<string, number>();
let state: SessionState = EMPTY;
let lastKey = 0;
let keeping: ReturnType<typeof setTimeout> | undefined;
let waiting: ReturnType<typeof setTimeout> | undefined;
/** This tab begins another session because of who has signed in or out. */
let isChanging = false;
/** This tab waits for a file. Others of the session hear it, too, and have not asked. */
let saveCsv: ((text: string) => void) | undefined;

const socket = new AgentSocket({
  credentials: storedCredentials,
  onLink: (link) => happen({ type: "link", link }),
  onText: hear,
  onRefused: () => {
    setCredentialsAside();
    happen({ type: "new-session", keeps: false });
    note(
      "warn",
      "Your earlier session cannot go on: it has ended, or you are not signed in any more. So a new one has begun. Choose a door and a wallet again.",
    );
  },
});

/** Begins once, when the page does. */
export function startSession(): void {
  // They announce themselves when they are asked, and may be needed at once for what was under way.
  foundWallets();
  const credentials = storedCredentials();
  if (credentials !== null) {
    const { session } = credentials;
    happen({ type: "restored", session, transcript: storedTranscript(session) });
  }
  onTold(({ session, ...told }) => {
    if (session !== state.session) return;
    if (told.type === "signed" || (told.type === "answered" && !told.yes)) dealtWith.set(told.id, Date.now());
    if (told.type === "signed") happen({ type: "signed", id: told.id });
    else if (told.type === "answered") happen({ ...told, at: Date.now() });
    else happen({ type: "entry", entry: { id: told.id, at: told.at, kind: "you", text: told.text } });
  });
  onChange((change) => {
    clearTimeout(waiting);
    if (change === "signed-out") {
      forget();
      socket.rest();
      waiting = setTimeout(() => socket.reconnect(), OTHER_TAB_MILLIS);
    } else if (storedCredentials()?.session !== state.session) {
      happen({ type: "new-session", keeps: state.userId === null });
      socket.reconnect();
    }
  });
  window.addEventListener("pagehide", keep);
  socket.start();
}

function hear(text: string): void {
  const message = readMessage(text);
  if (message === null) return;
  lastKey += 1;
  const isNew = message.type === "welcome" && message.session !== state.session;
  happen({ type: "heard", message, at: Date.now(), key: lastKey });
  if (message.type === "welcome") {
    const { session, token, userId } = message;
    if (token !== undefined) storeCredentials({ session, token, userId });
    if (isChanging) tellChange("new-session");
    isChanging = false;
  }
  if (isNew && state.transcript.length === 0) {
    happen({ type: "restored", session: message.session, transcript: storedTranscript(message.session) });
  }
  if (message.type === "sign_request") askWallet(message);
  if (message.type === "csv") {
    saveCsv?.(message.text);
    saveCsv = undefined;
  }
}

// The request may come to this tab later than the news that another one has dealt with it. Much later it is a
// new one: what was signed has been lost on its way.
function askWallet(signRequest: SignRequest): void {
  const { requestId: id } = signRequest;
  const at = dealtWith.get(id) ?? 0;
  if (Date.now() - at < DEALT_WITH_MILLIS) happen({ type: "signed", id });
  else void sign(signRequest);
}

// Signs with the wallet of this browser, if this tab can reach it. Two tabs do not ask the person twice.
async function sign(signRequest: SignRequest): Promise<void> {
  const { requestId: id, address, typedData } = signRequest;
  const isNeeded = () => state.signRequests.some(({ requestId }) => requestId === id);
  await oneTabAtATime(`events-concierge.sign.${id}`, isNeeded, async () => {
    try {
      const wallet = await walletFor(address);
      // Another browser's wallet; the chat says whose signature is waited for.
      if (wallet === null) return;
      if (!isTypedData(typedData) || !isSame(wallet.address, address))
        throw new Error("there is nothing to sign");
      const signature = await wallet.signTypedData(typedData);
      if (!isNeeded()) return;
      if (!send({ type: "signature", requestId: id, signature })) {
        throw new Error("The server cannot be reached. The wallet is asked again when it is back.");
      }
      happen({ type: "signed", id });
      if (state.session !== null) tellTabs({ type: "signed", session: state.session, id });
    } catch (error) {
      if (error instanceof Rejected) answer(id, false);
      else note("error", `The wallet did not sign: ${error instanceof Error ? error.message : "it failed"}`);
    }
  });
}

function forget(): void {
  hold(null);
  forgetPerson();
  happen({ type: "new-session", keeps: false });
}

function note(tone: "info" | "warn" | "error", text: string): void {
  happen({ type: "entry", entry: { id: newId(), at: Date.now(), kind: "notice", tone, text } });
}

function send(message: In): boolean {
  return socket.send(message);
}

function happen(happening: Happening): void {
  const before = state;
  state = reduce(state, happening);
  if (state === before) return;
  if (state.transcript !== before.transcript) {
    clearTimeout(keeping);
    keeping = setTimeout(keep, 300);
  }
  for (const listener of listeners) listener();
}

function keep(): void {
  if (state.session !== null) {
    storeTranscript(state.session, state.transcript, Object.values(state.secrets));
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
