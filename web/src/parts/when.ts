// Times of events as people write them.

/**
 * "Sat 12 Dec, 18:30", in the event's time zone; the year only when it is another one than `now` is in, and the zone
 * only when the clock there shows another time than here.
 */
export function eventTime(startsAt: string, timeZone?: string, now = new Date()): string | null {
  const start = new Date(startsAt);
  if (Number.isNaN(start.getTime())) return null;
  const there = parts(start, timeZone);
  const here = parts(start, undefined);
  const isSame = there.day === here.day && there.hour === here.hour && there.minute === here.minute;
  const zone = isSame ? "" : ` (${zoneWords(timeZone)})`;
  return `${eventDay(startsAt, timeZone, now)}, ${there.hour}:${there.minute}${zone}`;
}

/** "Sat 12 Dec", in the time zone of the event or, without one, here; the year only when it is another one than `now` is in. */
export function eventDay(at: string, timeZone?: string, now = new Date()): string | null {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return null;
  const { weekday, day, month, year } = parts(date, timeZone);
  return `${weekday} ${day} ${month}${year === parts(now, timeZone).year ? "" : ` ${year}`}`;
}

/** "Sat 12 Dec 2026", in the time zone. */
export function eventDate(at: string, timeZone: string): string {
  const { weekday, day, month, year } = parts(new Date(at), timeZone);
  return `${weekday} ${day} ${month} ${year}`;
}

/** "18:30, Berlin time". */
export function clockIn(at: string, timeZone: string): string {
  const { hour, minute } = parts(new Date(at), timeZone);
  return `${hour}:${minute}, ${zoneWords(timeZone)}`;
}

/** From start to end in words: "Sat 12 Dec, 18:30 – 21:00 (Berlin time)", with the day of the end if it is another one. */
export function eventPeriod(start: string, end: string | undefined, timeZone: string): string | null {
  const from = eventTime(start, timeZone);
  if (from === null || end === undefined || !(Date.parse(end) > Date.parse(start))) return from;
  const [day, last] = [eventDay(start, timeZone), eventDay(end, timeZone)];
  const { hour, minute } = parts(new Date(end), timeZone);
  const until = `${day === last ? "" : `${last}, `}${hour}:${minute}`;
  const zone = from.indexOf(" (");
  return zone === -1 ? `${from} – ${until}` : `${from.slice(0, zone)} – ${until}${from.slice(zone)}`;
}

/** How long a unit is, milliseconds, and until how many of it it is used. */
const UNITS = [
  ["minute", 60_000, 60],
  ["hour", 3_600_000, 24],
  ["day", 86_400_000, 14],
  ["week", 604_800_000, 9],
  ["month", 2_629_746_000, 24],
  ["year", 31_556_952_000, Infinity],
] as const;

/** "in 3 weeks", "tomorrow" or "2 hours ago", of moments in milliseconds. */
export function fromNow(at: number, now: number): string {
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const [unit, length] = UNITS.find(([, size, most]) => Math.abs(at - now) < size * most) ?? UNITS[5];
  return words.format(Math.round((at - now) / length), unit);
}

/** "18:04" on the clock here, or "18:04:21". */
export function clock(at: string, hasSeconds = false): string {
  const { hour, minute, second } = parts(new Date(at), undefined);
  return hasSeconds ? `${hour}:${minute}:${second}` : `${hour}:${minute}`;
}

/** "Berlin time" of `Europe/Berlin`. */
function zoneWords(timeZone: string | undefined): string {
  const city = timeZone?.split("/").at(-1)?.replaceAll("_", " ");
  // The words stay together where the line breaks.
  return city === undefined || city === "UTC" ? "UTC" : `${city} time`.replaceAll(" ", "\u00a0");
}

type Parts = Record<"weekday" | "day" | "month" | "year" | "hour" | "minute" | "second", string>;

function parts(at: Date, timeZone: string | undefined): Parts {
  const found: Parts = { weekday: "", day: "", month: "", year: "", hour: "", minute: "", second: "" };
  for (const { type, value } of formatter(timeZone).formatToParts(at)) {
    if (type in found) found[type as keyof Parts] = value;
  }
  return found;
}

const OPTIONS = {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
} as const;

function formatter(timeZone: string | undefined): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", timeZone === undefined ? OPTIONS : { ...OPTIONS, timeZone });
  } catch {
    // The browser does not know the time zone.
    return new Intl.DateTimeFormat("en-US", { ...OPTIONS, timeZone: "UTC" });
  }
}
