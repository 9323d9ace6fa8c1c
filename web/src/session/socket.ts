// One WebSocket to the guest agent, which comes back by itself.
import type { In } from "../api/types";
import type { Credentials } from "./place";

export type Link = "connecting" | "open" | "away";

export type SocketEvents = {
  /** Asked before each attempt, because another tab may have begun a session. */
  credentials: () => Credentials | null;
  onLink: (link: Link) => void;
  onText: (text: string) => void;
  /** The server is there, and does not let this session in. */
  onRefused: () => void;
};

const PING_EVERY = 20_000;
const PONG_WITHIN = 8_000;
const OPEN_WITHIN = 10_000;
const PAUSE_MIN = 500;
const PAUSE_MAX = 10_000;
/** Attempts that fail in a row, with a server that answers, before a session is given up. */
const REFUSALS = 2;

/** Keeps a socket open until the page ends. */
export class AgentSocket {
  readonly #events: SocketEvents;
  #socket: WebSocket | null = null;
  #pause = PAUSE_MIN;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #pong: ReturnType<typeof setTimeout> | undefined;

  constructor(events: SocketEvents) {
    this.#events = events;
  }

  start(): void {
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && this.#hurry(),
    );
    this.#open();
  }

  /** Whether it went out; false while the server is away. */
  send(message: In): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Knocks anew, for example as somebody who has signed in meanwhile. */
  reconnect(): void {
    this.#leave();
    this.#failures = 0;
    this.#open();
  }

  /** Says and hears nothing until it is told to knock again. */
  rest(): void {
    this.#leave();
    this.#events.onLink("connecting");
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const credentials = this.#events.credentials();
    const socket = new WebSocket(addressOf(credentials));
    this.#socket = socket;
    const late = setTimeout(() => socket.close(), OPEN_WITHIN);
    let wasOpen = false;
    socket.addEventListener("open", () => {
      clearTimeout(late);
      wasOpen = true;
      this.#failures = 0;
      this.#pause = PAUSE_MIN;
      this.#events.onLink("open");
      this.#ping = setInterval(() => this.#heartbeat(), PING_EVERY);
    });
    socket.addEventListener("message", ({ data }) => {
      if (data === "pong") clearTimeout(this.#pong);
      else if (typeof data === "string" && socket === this.#socket) this.#events.onText(data);
    });
    socket.addEventListener("close", () => {
      clearTimeout(late);
      if (socket !== this.#socket) return;
      this.#leave();
      this.#events.onLink("away");
      void this.#again(wasOpen, credentials);
    });
  }

  async #again(wasOpen: boolean, credentials: Credentials | null): Promise<void> {
    if (!wasOpen) this.#failures += 1;
    this.#retry = setTimeout(() => this.#open(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, PAUSE_MAX);
    if (credentials === null || this.#failures < REFUSALS) return;
    if (!(await isRefused(credentials)) || this.#socket !== null) return;
    this.#failures = 0;
    this.#events.onRefused();
    this.#hurry();
  }

  #hurry(): void {
    if (this.#retry === undefined) return;
    this.#pause = PAUSE_MIN;
    this.#open();
  }

  // Half-open connections tell nobody that they are dead.
  #heartbeat(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send("ping");
    clearTimeout(this.#pong);
    this.#pong = setTimeout(() => {
      const dead = this.#socket;
      if (dead === null) return;
      this.#leave();
      dead.close();
      this.#events.onLink("away");
      void this.#again(true, null);
    }, PONG_WITHIN);
  }

  #leave(): void {
    clearInterval(this.#ping);
    clearTimeout(this.#pong);
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null && socket.readyState <= WebSocket.OPEN) socket.close();
  }
}

function addressOf(credentials: Credentials | null): string {
  const query = new URLSearchParams({ raw: "1", ...inAddress(credentials) });
  return `${location.origin.replace(/^http/, "ws")}/agent?${query.toString()}`;
}

function inAddress(credentials: Credentials | null): Record<string, string> {
  return credentials === null ? {} : { session: credentials.session, token: credentials.token };
}

// A browser does not tell why a socket was not let in. The same address without an upgrade tells at least
// whether the server is there; a gateway's own error pages (502 to 504) do not count as an answer of it.
async function isRefused(credentials: Credentials): Promise<boolean> {
  const query = new URLSearchParams(inAddress(credentials));
  try {
    const { status } = await fetch(`/agent?${query.toString()}`, { cache: "no-store" });
    return status < 500 && status !== 429;
  } catch {
    return false;
  }
}
