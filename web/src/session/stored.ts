// What this browser keeps of guest sessions.
import { isObject, parseJson, textOf } from "../base/object";
import { readStored, removeStored, writeStored } from "../base/storage";
import { containsSecret, isSecretTool } from "./secrets";
import type { Entry } from "./state";

/** `userId`: the owner of the session, if the session belongs to a signed-in user. */
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
  writeStored(SESSION, JSON.stringify(credentials));
}

export function forgetCredentials(): void {
  removeStored(SESSION);
}

/** Sets a user's session aside, to resume it when the user signs in again. The token alone opens nothing. */
export function setCredentialsAside(): void {
  const credentials = storedCredentials();
  if (credentials?.userId !== undefined) writeStored(BEFORE, JSON.stringify(credentials));
  forgetCredentials();
}

/** Resumes the session of this user that was set aside, if there is one. */
export function takeCredentialsOf(userId: string): void {
  const before = readCredentials(BEFORE);
  removeStored(BEFORE);
  if (before !== null && before.userId === userId) storeCredentials(before);
  else forgetCredentials();
}

/** Removes everything of the current user from this browser: sessions, and the transcript of this tab. */
export function forgetUser(): void {
  forgetCredentials();
  removeStored(BEFORE);
  removeStored(TRANSCRIPT, "sessionStorage");
}

/** The transcript that this tab showed before the page was loaded again. */
export function storedTranscript(session: string): readonly Entry[] {
  const value = parseJson(readStored(TRANSCRIPT, "sessionStorage"));
  if (textOf(value, "session") !== session || !isObject(value)) return [];
  const entries: unknown = value["entries"];
  return Array.isArray(entries) ? entries.map(upgraded).filter(isEntry) : [];
}

/** Stores the transcript without any of the `secrets`, in whatever entry they are repeated. */
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
  writeStored(TRANSCRIPT, text, "sessionStorage");
}

const LEFT_OUT = "(not kept: there was a secret in it)";

// A secret may come in any shape, and a later message may repeat it.
function withoutSecrets(entry: Entry, secrets: readonly string[]): Entry {
  if (
    entry.kind === "result" &&
    (isSecretTool(entry.tool) || containsSecret(secrets, JSON.stringify(entry.result)))
  ) {
    return { ...entry, result: LEFT_OUT };
  }
  if (entry.kind === "secret" && containsSecret(secrets, JSON.stringify(entry.secret))) {
    return { ...entry, secret: { ...entry.secret, name: LEFT_OUT, description: "" } };
  }
  const hasText = entry.kind === "you" || entry.kind === "agent" || entry.kind === "notice";
  return hasText && containsSecret(secrets, entry.text) ? { ...entry, text: LEFT_OUT } : entry;
}

// Earlier versions of the page called a server "door".
function upgraded(entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  if (entry["kind"] === "door") return { ...entry, kind: "connected" };
  if (!("door" in entry)) return entry;
  const { door, ...rest } = entry;
  return { ...rest, mcpUrl: door };
}

/** The texts that an entry of each kind has. */
const TEXTS: Record<Entry["kind"], readonly string[]> = {
  you: ["text"],
  agent: ["text"],
  notice: ["tone", "text"],
  connected: ["server", "mcpUrl"],
  result: ["tool"],
  secret: ["tool"],
  failure: ["tool", "text", "code", "moneyMoved"],
  receipt: [],
  wallet: [],
  deployed: ["address"],
};

// The page wrote the entry itself, maybe in an earlier version: the members that are shown are checked.
function isEntry(value: unknown): value is Entry {
  if (!isObject(value) || typeof value["id"] !== "string" || typeof value["at"] !== "number") return false;
  const { kind } = value;
  if (!isKind(kind)) return false;
  if (kind === "secret") return textOf(value["secret"], "name") !== undefined;
  if (kind === "receipt") return textOf(value["receipt"], "txHash") !== undefined;
  if (kind === "wallet") return textOf(value["wallet"], "guestAddress") !== undefined;
  return TEXTS[kind].every((key) => typeof value[key] === "string");
}

function isKind(kind: unknown): kind is Entry["kind"] {
  return typeof kind === "string" && Object.hasOwn(TEXTS, kind);
}

function readCredentials(key: string): Credentials | null {
  return credentialsOf(parseJson(readStored(key)));
}

/** The credentials that `value` is, or null if it is something else. */
export function credentialsOf(value: unknown): Credentials | null {
  const session = textOf(value, "session");
  const token = textOf(value, "token");
  if (session === undefined || token === undefined) return null;
  return { session, token, userId: textOf(value, "userId") };
}
