// What servers of this deployment sell, read from them directly: without a session, and free.
import { ApiError, request } from "../api/http";
import { isObject, textOf } from "../base/object";
import type { EventView, SecretView } from "../api/types";

/** Whether a guest is asked for something. */
export type Asks = "notAsked" | "optional" | "required";

export type EventOffer = {
  kind: "event";
  event: EventView;
  asks: { name: Asks; email: Asks };
};

export type Host = {
  scope: string;
  /** As the host calls itself; null if it has no name. */
  name: string | null;
  /** The wallet that is paid (EIP-55). */
  payTo: string | null;
};

const LIMIT_MILLIS = 15_000;
/** Pages of 100 secrets that are looked through. */
const SECRET_PAGES_MAX = 20;
type SecretsPage = { secrets: SecretView[]; nextCursor?: string };

/** The scope in the URL of a server of this deployment; null for every other URL. */
export function scopeOf(mcpUrl: string): string | null {
  if (!URL.canParse(mcpUrl)) return null;
  const { origin, pathname } = new URL(mcpUrl);
  if (origin !== location.origin) return null;
  return /^\/mcp\/users\/([0-9A-Za-z_-]{1,80})\/?$/.exec(pathname)?.[1] ?? null;
}

/** The server URL of a host of this deployment. */
export function serverUrl(scope: string): string {
  return `${location.origin}/mcp/users/${scope}`;
}

/** The page of a host. */
export function hostPage(scope: string): string {
  return `/e/${encodeURIComponent(scope)}`;
}

/** The page of an event. */
export function eventPage(scope: string, eventId: string): string {
  return `/e/${encodeURIComponent(scope)}/${encodeURIComponent(eventId)}`;
}

/** Reads an event. Throws `ApiError`. */
export async function readEvent(scope: string, eventId: string): Promise<EventOffer> {
  const { event } = await inTime(request<{ event: EventView }>("POST", tool(scope, "getEvent"), { eventId }));
  return { kind: "event", event, asks: { name: asks(event, "askName"), email: asks(event, "askEmail") } };
}

/**
 * What a seat costs with these arguments of a purchase, in the smallest unit; 0 if nothing is paid. The server is asked for it as by
 * a buyer who has not paid. It keeps nothing of such a call, so what guests must say is filled in. Throws `ApiError`.
 */
export async function readSeatPrice(
  scope: string,
  { event, asks: asked }: EventOffer,
  more: Readonly<Record<string, string>>,
): Promise<bigint> {
  const answers = event.questions.flatMap(({ text, choices, required }) =>
    required ? [{ question: text, answer: choices[0] ?? "-" }] : [],
  );
  const filledIn = {
    ...(asked.name === "required" ? { name: "-" } : {}),
    ...(asked.email === "required" ? { email: "price@example.org" } : {}),
    ...(answers.length > 0 ? { answers } : {}),
  };
  const wanted = { eventId: event.id, ...filledIn, ...more };
  try {
    await inTime(request<unknown>("POST", tool(scope, "rsvpToEvent"), wanted));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return 0n;
    const price = error.status === 402 ? priceOf(error.answer) : null;
    if (price === null) throw error;
    return price;
  }
  throw new Error("The host's server has not named its price. Try again.");
}

/** The price in a challenge (x402 version 1). */
function priceOf(challenge: unknown): bigint | null {
  const accepts = isObject(challenge) ? challenge["accepts"] : null;
  const amount = Array.isArray(accepts) ? textOf(accepts[0], "maxAmountRequired") : undefined;
  return amount !== undefined && /^\d{1,20}$/.test(amount) ? BigInt(amount) : null;
}

/** Reads a secret that is for sale; undefined if the host's list has none with this id. */
export async function readSecret(scope: string, id: string): Promise<SecretView | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < SECRET_PAGES_MAX; page += 1) {
    const asked = { limit: 100, ...(cursor === undefined ? {} : { cursor }) };
    const answer = await inTime(request<SecretsPage>("POST", tool(scope, "listSecrets"), asked));
    const found = answer.secrets.find((secret) => secret.id === id);
    if (found !== undefined || answer.nextCursor === undefined) return found;
    cursor = answer.nextCursor;
  }
  return undefined;
}

/** Reads a host's name and wallet. Throws `ApiError`. */
export async function readHost(scope: string): Promise<Host> {
  const path = `/mcp/users/${encodeURIComponent(scope)}/manifest`;
  const manifest = await inTime(request<Record<string, unknown>>("GET", path));
  const name = textOf(manifest["host"], "displayName") || null;
  return { scope, name, payTo: textOf(manifest, "payTo") ?? null };
}

// A host may ask for the guest's name and address, or not. Without a word about it both may be given.
function asks(event: EventView, key: string): Asks {
  const word = textOf(event, key);
  return word === "notAsked" || word === "required" ? word : "optional";
}

/** Where a tool of a server of this deployment is called over plain HTTP. */
export function toolUrl(mcpUrl: string, name: string): string {
  return tool(scopeOf(mcpUrl) ?? "", name);
}

function tool(scope: string, name: string): string {
  return `/x402/users/${encodeURIComponent(scope)}/tools/${name}`;
}

/** The answer, or an error when it takes too long. */
export function inTime<T>(
  answer: Promise<T>,
  millis = LIMIT_MILLIS,
  late = "There is no answer yet. Try again.",
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(late)), millis);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
