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
  const year = there.year === parts(now, timeZone).year ? "" : ` ${there.year}`;
  const isSame = there.day === here.day && there.hour === here.hour && there.minute === here.minute;
  const zone = isSame ? "" : ` (${zoneWords(timeZone)})`;
  return `${there.weekday} ${there.day} ${there.month}${year}, ${there.hour}:${there.minute}${zone}`;
}

/** "Berlin time" of `Europe/Berlin`. */
function zoneWords(timeZone: string | undefined): string {
  const city = timeZone?.split("/").at(-1)?.replaceAll("_", " ");
  return city === undefined || city === "UTC" ? "UTC" : `${city} time`;
}

type Parts = Record<"weekday" | "day" | "month" | "year" | "hour" | "minute", string>;

function parts(at: Date, timeZone: string | undefined): Parts {
  const found: Parts = { weekday: "", day: "", month: "", year: "", hour: "", minute: "" };
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
