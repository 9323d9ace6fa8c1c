// What a host does next. Pure: from what is known now to at most three steps, the most urgent first.
import type { DraftView, OwnEvent } from "../../../api/types";

const HOUR_MILLIS = 3_600_000;
/** From when on an event is at the door, before its start. */
const SOON_MILLIS = 24 * HOUR_MILLIS;
/** From when on few sold seats are worth a word. */
const SELL_MILLIS = 21 * 24 * HOUR_MILLIS;
const STEPS_MAX = 3;

export type Step =
  | { kind: "drafts"; count: number; oldest: DraftView }
  | { kind: "refunds"; owed: Owed }
  | { kind: "today"; event: OwnEvent }
  | { kind: "nearlyFull"; event: OwnEvent }
  | { kind: "first" }
  | { kind: "share"; event: OwnEvent; days: number };

/** What is owed to guests who get their money back. */
export type Owed = { dollars: string; count: number };

/** `drafts` wait for the host, oldest first. `now` in milliseconds since 1970. */
export function nextSteps(
  events: readonly OwnEvent[],
  drafts: readonly DraftView[],
  owed: Owed,
  now: number,
): Step[] {
  const coming = events.filter(({ status }) => status === "scheduled").toSorted(byStart);
  const steps: Step[] = [];
  for (const event of coming) {
    if (startOf(event) - now < SOON_MILLIS && event.rsvpCount > 0) steps.push({ kind: "today", event });
  }
  if (owed.count > 0) steps.push({ kind: "refunds", owed });
  const [oldest] = drafts;
  if (oldest) steps.push({ kind: "drafts", count: drafts.length, oldest });
  for (const event of coming) if (isNearlyFull(event)) steps.push({ kind: "nearlyFull", event });
  for (const event of coming) {
    const away = startOf(event) - now;
    const sells = event.seatsLeft === null ? event.rsvpCount === 0 : event.rsvpCount < event.capacity / 2;
    if (away >= SOON_MILLIS && away < SELL_MILLIS && sells)
      steps.push({ kind: "share", event, days: Math.ceil(away / (24 * HOUR_MILLIS)) });
  }
  if (coming.length === 0) steps.push({ kind: "first" });
  return steps.slice(0, STEPS_MAX);
}

/** At most a tenth of the seats is left. */
function isNearlyFull({ seatsLeft, capacity }: OwnEvent): boolean {
  return seatsLeft !== null && capacity > 0 && seatsLeft * 10 <= capacity;
}

function startOf({ startsAt }: OwnEvent): number {
  return Date.parse(startsAt);
}

function byStart(a: OwnEvent, b: OwnEvent): number {
  return startOf(a) - startOf(b);
}
