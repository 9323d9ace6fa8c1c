// A moment in the future that may be left empty, as a field of a form in the reader's own time zone. Pure.
import { ownZone, toMoment, toWall } from "./zones";

/** As `datetime-local` inputs have it. */
export function wallOf(moment: string | undefined): string {
  return moment === undefined ? "" : toWall(moment, ownZone());
}

/** The moment that is meant (null: none), or what is wrong with it. */
export function readEnd(wall: string, now: number): { at: string | null } | { fault: string } {
  if (wall.trim() === "") return { at: null };
  const meant = toMoment(wall, ownZone());
  if (meant.kind === "unreadable") return { fault: "Must be a date and a time" };
  if (meant.kind === "never") return { fault: "The clocks are set forward over this time: choose another" };
  return Date.parse(meant.utc) > now ? { at: meant.utc } : { fault: "Must be in the future" };
}

/** Of what time zone such a field speaks. */
export function endHint(whenEmpty = "never"): string {
  return `Leave it empty for ${whenEmpty}. In your own time (${ownZone()})`;
}
