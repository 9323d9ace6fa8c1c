// Messages between the tabs of this browser: questions answered, requests signed, texts written.
import { isObject, textOf } from "../base/object";
import { credentialsOf, type Credentials } from "./stored";

export type TabMessage =
  | { type: "said"; session: string; id: string; at: number; text: string }
  | { type: "answered"; session: string; id: string; yes: boolean }
  | { type: "signed"; session: string; id: string };

/**
 * Another tab has signed out, or has begun another session after a sign-in or sign-out. The message carries the
 * credentials, because what another tab has stored may show later than its message.
 */
export type Change = { change: "signed-out" } | { change: "new-session"; credentials: Credentials };

const LATE_MILLIS = 500;

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("events-concierge");

export function tellTabs(message: TabMessage): void {
  channel?.postMessage(message);
}

export function tellChange(change: Change): void {
  channel?.postMessage({ type: "change", ...change });
}

export function onChange(listener: (change: Change) => void): void {
  channel?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const change = textOf(data, "change");
    const credentials = isObject(data) ? credentialsOf(data["credentials"]) : null;
    if (change === "signed-out") listener({ change });
    else if (change === "new-session" && credentials !== null) listener({ change, credentials });
  });
}

export function onTabMessage(listener: (message: TabMessage) => void): void {
  channel?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const message = read(data);
    if (message !== null) listener(message);
  });
}

/**
 * Runs `action` in one tab at a time. A tab that has waited checks `isNeeded` first, because another tab may
 * have done the work.
 */
export async function oneTabAtATime(
  name: string,
  isNeeded: () => boolean,
  action: () => Promise<void>,
): Promise<void> {
  if (navigator.locks === undefined) return action();
  const isFree = await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock === null) return false;
    await action();
    // A tab that comes late waits for the lock, and gets the message of this tab before its turn.
    await new Promise((resolve) => setTimeout(resolve, LATE_MILLIS));
    return true;
  });
  if (isFree) return;
  await navigator.locks.request(name, async () => {
    // The message of the other tab may still be on its way.
    await new Promise((resolve) => setTimeout(resolve, LATE_MILLIS));
    if (isNeeded()) await action();
  });
}

function read(data: unknown): TabMessage | null {
  const session = textOf(data, "session");
  const id = textOf(data, "id");
  if (!isObject(data) || session === undefined || id === undefined) return null;
  const { type, text, at, yes } = data;
  if (type === "said" && typeof text === "string" && typeof at === "number")
    return { type, session, id, at, text };
  if (type === "answered" && typeof yes === "boolean") return { type, session, id, yes };
  return type === "signed" ? { type, session, id } : null;
}
