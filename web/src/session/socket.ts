// The WebSocket to the Guest, which reconnects by itself.
import type { In } from "../api/types";
import type { Credentials } from "./stored";

export type Link = "connecting" | "open" | "away";

export type SocketEvents = {
  /** Read before each attempt, because another tab may have begun a session. */
  credentials: () => Credentials | null;
  onLink: (link: Link) => void;
  onText: (text: string) => void;
  /** The deployment answers, and refuses this session. */
  onRefused: () => void;
};

const PING_EVERY = 20_000;
const PONG_WITHIN = 8_000;
const OPEN_WITHIN = 10_000;
const DELAY_MIN = 500;
const DELAY_MAX = 10_000;
/** Attempts that fail in a row, while the deployment answers, before a session is given up. */
const REFUSALS = 2;

/** Keeps a socket open as long as the page is open. */
export class AgentSocket {
  readonly #events: SocketEvents;
  #socket: WebSocket | null = null;
  #delay = DELAY_MIN;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #pong: ReturnType<typeof setTimeout> | undefined;

  constructor(events: SocketEvents) {
    this.#events = events;
  }

  start(): void {
    window.addEventListener("online", () => this.#retryNow());
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && this.#retryNow(),
    );
    this.#open();
  }

  /** Whether the message was sent; false without a connection. */
  send(message: In): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Opens a new socket at once, for example after a sign-in. */
  reconnect(): void {
    this.#close();
    this.#failures = 0;
    this.#open();
  }

  /** Stays closed until `reconnect`. */
  pause(): void {
    this.#close();
    this.#events.onLink("connecting");
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const credentials = this.#events.credentials();
    const socket = new WebSocket(urlOf(credentials));
    this.#socket = socket;
    // A slow deployment refuses nobody, so an attempt that takes too long counts as one that was open.
    let mayBeRefused = true;
    const late = setTimeout(() => {
      mayBeRefused = false;
      socket.close();
    }, OPEN_WITHIN);
    socket.addEventListener("open", () => {
      clearTimeout(late);
      mayBeRefused = false;
      this.#failures = 0;
      this.#delay = DELAY_MIN;
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
      this.#close();
      this.#events.onLink("away");
      void this.#retryLater(mayBeRefused ? credentials : null);
    });
  }

  /** `credentials`: those that may have been refused. */
  async #retryLater(credentials: Credentials | null): Promise<void> {
    this.#retry = setTimeout(() => this.#open(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, DELAY_MAX);
    if (credentials === null) return;
    // Attempts fail while the deployment restarts, too; these end no session.
    this.#failures = (await isAnswering()) ? this.#failures + 1 : 0;
    if (this.#failures < REFUSALS || this.#socket !== null) return;
    if (!(await isRefused(credentials)) || this.#socket !== null) return;
    this.#failures = 0;
    this.#events.onRefused();
    this.#retryNow();
  }

  #retryNow(): void {
    if (this.#retry === undefined) return;
    this.#delay = DELAY_MIN;
    this.#open();
  }

  // The browser does not report a half-open connection.
  #heartbeat(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send("ping");
    clearTimeout(this.#pong);
    this.#pong = setTimeout(() => {
      const dead = this.#socket;
      if (dead === null) return;
      this.#close();
      dead.close();
      this.#events.onLink("away");
      void this.#retryLater(null);
    }, PONG_WITHIN);
  }

  #close(): void {
    clearInterval(this.#ping);
    clearTimeout(this.#pong);
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null && socket.readyState <= WebSocket.OPEN) socket.close();
  }
}

function urlOf(credentials: Credentials | null): string {
  const query = new URLSearchParams({ raw: "1", ...queryOf(credentials) });
  return `${location.origin.replace(/^http/, "ws")}/agent?${query.toString()}`;
}

function queryOf(credentials: Credentials | null): Record<string, string> {
  return credentials === null ? {} : { session: credentials.session, token: credentials.token };
}

async function isAnswering(): Promise<boolean> {
  try {
    return (await fetch("/api/settings", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

// The browser does not tell why an upgrade failed. A plain request to the same path shows whether the Worker
// answers; the error pages of a gateway (502 to 504) do not count.
async function isRefused(credentials: Credentials): Promise<boolean> {
  const query = new URLSearchParams(queryOf(credentials));
  try {
    const { status } = await fetch(`/agent?${query.toString()}`, { cache: "no-store" });
    return status < 500 && status !== 429;
  } catch {
    return false;
  }
}
