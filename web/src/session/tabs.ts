// What the tabs of this browser tell each other: who has answered, who has signed, what was said.
import { isObject, textOf } from "./read";

export type Told =
  | { type: "said"; session: string; id: string; at: number; text: string }
  | { type: "answered"; session: string; id: string; yes: boolean }
  | { type: "signed"; session: string; id: string };

/** Somebody has signed out in another tab, or another session has begun because somebody has signed in or out. */
export type Change = "signed-out" | "new-session";

const LATE_MILLIS = 500;

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("events-concierge");

export function tellTabs(told: Told): void {
  channel?.postMessage(told);
}

export function tellChange(change: Change): void {
  channel?.postMessage({ type: "change", change });
}

export function onChange(listener: (change: Change) => void): void {
  channel?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const change = textOf(data, "change");
    if (change === "signed-out" || change === "new-session") listener(change);
  });
}

export function onTold(listener: (told: Told) => void): void {
  channel?.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const told = read(data);
    if (told !== null) listener(told);
  });
}

/**
 * Runs `action` in one tab at a time. `isNeeded` is asked when it is this tab's turn, because another one
 * may have done it meanwhile.
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
    // A tab that comes late finds it taken, and by its turn has heard what this one told.
    await new Promise((resolve) => setTimeout(resolve, LATE_MILLIS));
    return true;
  });
  if (isFree) return;
  await navigator.locks.request(name, async () => {
    // What the other tab told is on its way.
    await new Promise((resolve) => setTimeout(resolve, LATE_MILLIS));
    if (isNeeded()) await action();
  });
}

function read(data: unknown): Told | null {
  const session = textOf(data, "session");
  const id = textOf(data, "id");
  if (!isObject(data) || session === undefined || id === undefined) return null;
  const { type, text, at, yes } = data;
  if (type === "said" && typeof text === "string" && typeof at === "number")
    return { type, session, id, at, text };
  if (type === "answered" && typeof yes === "boolean") return { type, session, id, yes };
  return type === "signed" ? { type, session, id } : null;
}
