// A time that is typed, in words: the field itself shows it as the language of the browser has it. Pure.
import { eventDate, clockIn, fromNow } from "../../../parts";
import { toMoment } from "./zones";

/** "Sat 12 Dec 2026, 18:30, Berlin time · in 3 weeks" of a wall-clock time in `zone`; null while it is none. `now` in milliseconds. */
export function momentHint(wall: string, zone: string, now: number): string | null {
  const meaning = toMoment(wall, zone);
  if (meaning.kind !== "once" && meaning.kind !== "twice") return null;
  const { utc } = meaning;
  const words = `${eventDate(utc, zone)}, ${clockIn(utc, zone)} · ${fromNow(Date.parse(utc), now)}`;
  if (meaning.kind === "once") return words;
  return `${words}. The clocks are set back over this time, so it comes twice: the first one is used`;
}
