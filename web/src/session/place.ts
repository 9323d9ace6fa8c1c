// What this browser remembers of sessions. Storage may be full or forbidden; the page works without.
import { isObject, textOf } from "./read";
import { holdsOne, isSecretTool } from "./secrets";
import type { Entry } from "./state";

export type Credentials = { session: string; token: string };

const SESSION = "events-concierge.session";
const TRANSCRIPT = "events-concierge.transcript";
/** The longest transcript that is kept for a reload. */
const TRANSCRIPT_CHARS_MAX = 1_500_000;

/** The session that all tabs of this browser share. */
export function storedCredentials(): Credentials | null {
  const value = readJson(() => localStorage.getItem(SESSION));
  const session = textOf(value, "session");
  const token = textOf(value, "token");
  return session !== undefined && token !== undefined ? { session, token } : null;
}

export function storeCredentials(credentials: Credentials): void {
  write(() => localStorage.setItem(SESSION, JSON.stringify(credentials)));
}

export function forgetCredentials(): void {
  write(() => localStorage.removeItem(SESSION));
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
