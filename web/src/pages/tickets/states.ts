// The state of what was bought, in a word with its tone.
import type { Bought } from "./api";

export type Chip = { word: string; tone: "ok" | "info" | "warn" | "bad" | "plain" };

const CHIPS: Record<string, Chip> = {
  on_its_way: { word: "Paid, on its way", tone: "info" },
  valid: { word: "Valid", tone: "ok" },
  used: { word: "You were there", tone: "plain" },
  over: { word: "Over", tone: "plain" },
  cancelled: { word: "Cancelled", tone: "bad" },
  given_away: { word: "Given to somebody", tone: "plain" },
  taken_back: { word: "Not charged", tone: "plain" },
  open: { word: "Open", tone: "info" },
  resolved: { word: "Resolved", tone: "ok" },
  waiting: { word: "Waits for the host", tone: "warn" },
  rejected: { word: "Rejected", tone: "bad" },
  done: { word: "Done", tone: "plain" },
};

export function chipOf(state: string): Chip {
  return (Object.hasOwn(CHIPS, state) ? CHIPS[state] : undefined) ?? { word: "Bought", tone: "plain" };
}

export type Groups = {
  next: Bought | null;
  later: readonly Bought[];
  secrets: readonly Bought[];
  desk: readonly Bought[];
  past: readonly Bought[];
};

/** The seats to come in the order of their start; everything else newest first. */
export function grouped(items: readonly Bought[], now: number): Groups {
  const seats = items.filter(({ kind }) => kind === "seat");
  const isToCome = ({ startsAt, endsAt, state }: Bought) =>
    state === "valid" || state === "on_its_way" ? end(startsAt, endsAt) > now : false;
  const [next, ...later] = seats.filter(isToCome).toSorted((one, other) => start(one) - start(other));
  return {
    next: next ?? null,
    later,
    secrets: items.filter(({ kind }) => kind === "secret"),
    desk: items.filter(({ kind }) => kind === "desk" || kind === "other"),
    past: seats.filter((seat) => !isToCome(seat)),
  };
}

function start({ startsAt }: Bought): number {
  return startsAt === null ? Infinity : Date.parse(startsAt);
}

function end(startsAt: string | null, endsAt: string | null): number {
  const moment = Date.parse(endsAt ?? startsAt ?? "");
  return Number.isNaN(moment) ? Infinity : moment;
}

const DAY_MILLIS = 86_400_000;
/** Nobody counts more days. */
const DAYS_MAX = 99;

/** "today", "tomorrow", "in 14 days"; empty where the date says more. */
export function untilWords(startsAt: string | null, now: number): string {
  const moment = Date.parse(startsAt ?? "");
  if (Number.isNaN(moment)) return "";
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const days = Math.floor((moment - midnight) / DAY_MILLIS);
  if (days <= 0) return "today";
  if (days > DAYS_MAX) return "";
  return days === 1 ? "tomorrow" : `in ${days} days`;
}
