// What this browser remembers of sessions. Storage may be full or forbidden; the page works without.
import { isObject, textOf } from "./read";
import { holdsOne, isSecretTool } from "./secrets";
import type { Entry } from "./state";

/** `userId`: whose the session is, if somebody has signed in. */
export type Credentials = { session: string; token: string; userId?: string | undefined };

const SESSION = "events-concierge.session";
const BEFORE = "events-concierge.session.before";
const TRANSCRIPT = "events-concierge.transcript";
/** The longest transcript that is kept for a reload. */
const TRANSCRIPT_CHARS_MAX = 1_500_000;

/** The session that all tabs of this browser share. */
export function storedCredentials(): Credentials | null {
  return readCredentials(SESSION);
}

export function storeCredentials(credentials: Credentials): void {
  write(() => localStorage.setItem(SESSION, JSON.stringify(credentials)));
}

export function forgetCredentials(): void {
  write(() => localStorage.removeItem(SESSION));
}

/** A session whose owner is not signed in any more goes on when they sign in again. The token alone opens nothing. */
export function setCredentialsAside(): void {
  const credentials = storedCredentials();
  if (credentials?.userId !== undefined) {
    write(() => localStorage.setItem(BEFORE, JSON.stringify(credentials)));
  }
  forgetCredentials();
}

/** Goes on with the session of this user that was set aside, or with none. */
export function takeCredentialsOf(userId: string): void {
  const before = readCredentials(BEFORE);
  write(() => localStorage.removeItem(BEFORE));
  if (before !== null && before.userId === userId) storeCredentials(before);
  else forgetCredentials();
}

/** Forgets what a person leaves behind in this browser: their sessions, and what this tab showed of them. */
export function forgetPerson(): void {
  forgetCredentials();
  write(() => localStorage.removeItem(BEFORE));
  write(() => sessionStorage.removeItem(TRANSCRIPT));
}

/** What this tab showed of the session before it was loaded anew. */
export function storedTranscript(session: string): readonly Entry[] {
  const value = readJson(() => sessionStorage.getItem(TRANSCRIPT));
  if (textOf(value, "session") !== session || !isObject(value)) return [];
  const entries: unknown = value["entries"];
  return Array.isArray(entries) ? entries.filter(isEntry) : [];
}

/** `secrets` are values that must not be kept, whoever repeats them. */
export function storeTranscript(
  session: string,
  entries: readonly Entry[],
  secrets: readonly string[],
): void {
  let kept = entries.map((entry) => withoutSecrets(entry, secrets));
  let text = JSON.stringify({ session, entries: kept });
  while (text.length > TRANSCRIPT_CHARS_MAX && kept.length > 0) {
    kept = kept.slice(Math.ceil(kept.length / 2));
    text = JSON.stringify({ session, entries: kept });
  }
  write(() => sessionStorage.setItem(TRANSCRIPT, text));
}

const LEFT_OUT = "(not kept: there was a secret in it)";

// A secret may come in a form that nobody expects, and be said again in words.
function withoutSecrets(entry: Entry, secrets: readonly string[]): Entry {
  if (
    entry.kind === "result" &&
    (isSecretTool(entry.tool) || holdsOne(secrets, JSON.stringify(entry.result)))
  ) {
    return { ...entry, result: LEFT_OUT };
  }
  if (entry.kind === "secret" && holdsOne(secrets, JSON.stringify(entry.secret))) {
    return { ...entry, secret: { ...entry.secret, name: LEFT_OUT, description: "" } };
  }
  const hasText = entry.kind === "you" || entry.kind === "agent" || entry.kind === "notice";
  return hasText && holdsOne(secrets, entry.text) ? { ...entry, text: LEFT_OUT } : entry;
}

// We wrote it ourselves, perhaps in an older version: what every entry has is looked at.
function isEntry(value: unknown): value is Entry {
  if (!isObject(value) || typeof value["id"] !== "string" || typeof value["at"] !== "number") return false;
  const texts: Record<string, readonly string[]> = {
    you: ["text"],
    agent: ["text"],
    notice: ["tone", "text"],
    door: ["server", "mcpUrl"],
    result: ["tool"],
    secret: ["tool"],
    failure: ["tool", "text", "code", "moneyMoved"],
    receipt: [],
    wallet: [],
    deployed: ["address"],
  };
  const wanted =
    typeof value["kind"] === "string" && Object.hasOwn(texts, value["kind"])
      ? texts[value["kind"]]
      : undefined;
  if (wanted === undefined) return false;
  if (value["kind"] === "secret") return textOf(value["secret"], "name") !== undefined;
  if (value["kind"] === "receipt") return textOf(value["receipt"], "txHash") !== undefined;
  if (value["kind"] === "wallet") return textOf(value["wallet"], "guestAddress") !== undefined;
  return wanted.every((key) => typeof value[key] === "string");
}

function readCredentials(place: string): Credentials | null {
  const value = readJson(() => localStorage.getItem(place));
  const session = textOf(value, "session");
  const token = textOf(value, "token");
  if (session === undefined || token === undefined) return null;
  return { session, token, userId: textOf(value, "userId") };
}

function readJson(read: () => string | null): unknown {
  try {
    return JSON.parse(read() ?? "null");
  } catch {
    return null;
  }
}

function write(action: () => void): void {
  try {
    action();
  } catch {
    // Not kept then; nothing depends on it.
  }
}
