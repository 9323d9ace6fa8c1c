// Values by day for the charts: zero for days without one. Pure.

export type Day = { day: string; value: bigint };

/** The last `count` days up to `today` (UTC, `YYYY-MM-DD`), with the known values. */
export function daysUntil(today: string, count: number, known: ReadonlyMap<string, bigint>): Day[] {
  const end = Date.parse(`${today}T00:00:00Z`);
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(end - (count - 1 - index) * 86_400_000).toISOString().slice(0, 10);
    return { day, value: known.get(day) ?? 0n };
  });
}

export function total(days: readonly Day[]): bigint {
  return days.reduce((sum, { value }) => sum + value, 0n);
}

/** The largest value, at least zero. */
export function largest(values: Iterable<bigint>): bigint {
  let most = 0n;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** The share of `max` in thousandths, for drawing. A value above zero stays visible. */
export function permille(value: bigint, max: bigint): number {
  if (value <= 0n || max <= 0n) return 0;
  return Math.max(15, Number((value * 1000n) / max));
}

/** A day such as `2027-03-01` in the language of the browser. */
export function dayText(day: string): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(at)) return day;
  return new Intl.DateTimeFormat(undefined, {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  }).format(at);
}
