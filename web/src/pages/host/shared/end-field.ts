// An optional end in the future, as a form field in the time zone of the browser. Pure.
import { ownZone, toMoment, toWall } from "./zones";

/** The end as a `datetime-local` input has it. */
export function endText(moment: string | undefined): string {
  return moment === undefined ? "" : toWall(moment, ownZone());
}

/** The end (null: none), or what is wrong with the text. */
export function readEnd(text: string, now: number): { at: string | null } | { fault: string } {
  if (text.trim() === "") return { at: null };
  const meaning = toMoment(text, ownZone());
  if (meaning.kind === "unreadable") return { fault: "Must be a date and a time" };
  if (meaning.kind === "never") return { fault: "The clocks are set forward over this time: choose another" };
  return Date.parse(meaning.utc) > now ? { at: meaning.utc } : { fault: "Must be in the future" };
}

export function endHint(whenEmpty = "never"): string {
  return `Leave it empty for ${whenEmpty}. In your own time zone (${ownZone()})`;
}
