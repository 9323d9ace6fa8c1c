// Values by day for the charts: zero for days without one. Pure.
import { toDollars } from "../../../base/amounts";
import { moneyText } from "../../../parts";

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

/** The share in whole percent. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.round((part * 100) / whole)}%`;
}

/** How much more or less was kept than in as many days before: "+ $0.05, up 50% on the 30 days before". */
export function changeText(now: bigint, before: bigint, days: number): string {
  const than = `the ${days} days before`;
  if (now === before) return `as much as in ${than}`;
  const isMore = now > before;
  const difference = moneyText(toDollars(isMore ? now - before : before - now));
  if (before === 0n) return `nothing in ${than}`;
  const share = percent(Number(isMore ? now - before : before - now), Number(before));
  return `${isMore ? "+" : "−"} ${difference}, ${isMore ? "up" : "down"} ${share} on ${than}`;
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
