// Wall-clock times in IANA time zones, to and from moments, with Intl alone.

/** The moment of a wall-clock time in a zone. */
export type Meaning =
  | { kind: "once"; utc: string }
  /** The clocks are set back over this time, so it comes twice; `utc` is the first. */
  | { kind: "twice"; utc: string }
  /** The clocks are set forward over this time, so it never comes. */
  | { kind: "never" }
  | { kind: "unreadable" };

/** The moment of a wall-clock time such as `2027-03-01T18:30` in `zone`. */
export function toMoment(wall: string, zone: string): Meaning {
  const asUtc = wallAsUtc(wall);
  if (asUtc === null || !isZone(zone)) return { kind: "unreadable" };
  // The offset is one of those a day around the time. A right offset leads back to the same wall-clock time.
  const offsets = new Set([-DAY, 0, DAY].map((shift) => offsetAt(asUtc + shift, zone)));
  const fits = [...offsets].map((offset) => asUtc - offset).filter((at) => at + offsetAt(at, zone) === asUtc);
  if (fits.length === 0) return { kind: "never" };
  return { kind: fits.length === 1 ? "once" : "twice", utc: toRfc3339(Math.min(...fits)) };
}

/** The wall-clock time in `zone` at a moment, for a `datetime-local` input; "" if one of them is invalid. */
export function toWall(moment: string, zone: string): string {
  const at = Date.parse(moment);
  if (Number.isNaN(at) || !isZone(zone)) return "";
  return new Date(at + offsetAt(at, zone)).toISOString().slice(0, 16);
}

/** Whether the browser knows the zone. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The time zone of the browser. */
export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Cities that were renamed. Some browsers list only the former names, though they know both. */
const RENAMED = [
  "America/Nuuk",
  "Asia/Ho_Chi_Minh",
  "Asia/Kathmandu",
  "Asia/Kolkata",
  "Asia/Yangon",
  "Atlantic/Faroe",
  "Europe/Kyiv",
  "Pacific/Chuuk",
  "Pacific/Kanton",
  "Pacific/Pohnpei",
];

/** All zones that the browser knows. */
export function allZones(): string[] {
  const known = RENAMED.filter(isZone);
  return [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone"), ...known])];
}

const DAY = 86_400_000;

/** The wall-clock time read as UTC, in milliseconds; null if there is no such day or hour. */
function wallAsUtc(wall: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(wall)) return null;
  const at = Date.parse(`${wall}Z`);
  // Some engines read 30 February as a day in March, so the result must print as the same text.
  if (Number.isNaN(at) || toRfc3339(at).slice(0, wall.length) !== wall) return null;
  return at;
}

/** The offset of the zone from UTC at a moment, in milliseconds. */
function offsetAt(at: number, zone: string): number {
  const whole = Math.floor(at / 1000) * 1000;
  const parts = new Map<string, number>(
    clockOf(zone)
      .formatToParts(whole)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: string) => parts.get(name) ?? 0;
  return (
    Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) -
    whole
  );
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known) return known;
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "gregory",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  clocks.set(zone, clock);
  return clock;
}

function toRfc3339(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}
