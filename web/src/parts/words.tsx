// Small pieces of text: money, time, badges, notices and empty lists.
import type { ReactNode } from "react";
import { toAtomic } from "../base/amounts";
import { clock, eventDay, eventTime } from "./when";

/** The message with a capital letter. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Dollars of a decimal text: "$0.05". */
export function Money({ dollars }: { dollars: string }) {
  return <span className="money">{moneyText(dollars)}</span>;
}

/** Dollars as text: at least two digits of cents, and no digit lost. */
export function moneyText(dollars: string): string {
  const plain = dollars.trim().replace(/^\$/, "");
  if (!/^\d+(\.\d+)?$/.test(plain)) return dollars;
  const [whole = "0", fraction = ""] = plain.split(".");
  const cents = fraction.replace(/0+$/, "").padEnd(2, "0");
  return `$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents}`;
}

/** The price of something: "$0.05", or "Free". */
export function priceText(dollars: string): string {
  return /^0+(\.0+)?$/.test(dollars.trim()) ? "Free" : moneyText(dollars);
}

/** The prices of several: "$0.05 to $0.20", or the one that they all have. Empty if none can be read. */
export function pricesText(dollars: readonly string[]): string {
  const [only, ...others] = dollars;
  if (only !== undefined && others.length === 0) return priceText(only);
  const ends = lowAndHigh(dollars);
  if (ends === null) return "";
  const [low, high] = ends.map(priceText);
  return low === high ? `${low}` : `${low} to ${high}`;
}

/** The same in less room: "from $0.05", or "from $0" if one is free. */
export function fromText(dollars: readonly string[]): string {
  return pricesText(dollars)
    .replace(/^Free to .+$/, "from $$0")
    .replace(/^(\$.+) to .+$/, "from $1");
}

function lowAndHigh(dollars: readonly string[]): [string, string] | null {
  const known = dollars.flatMap((text) => {
    const atomic = toAtomic(text);
    return atomic === null ? [] : [{ text, atomic }];
  });
  const sorted = known.toSorted((one, other) => Number(one.atomic - other.atomic));
  const [low, high] = [sorted.at(0), sorted.at(-1)];
  return low === undefined || high === undefined ? null : [low.text, high.text];
}

type TimeProps = {
  /** ISO 8601, or milliseconds since 1970. */
  at: string | number;
  show?: "date" | "time" | "both";
  /** Instead of the browser's time zone. */
  timeZone?: string | undefined;
};

/** A moment in the time zone of the browser, or in `timeZone`. */
export function Time({ at, show = "both", timeZone }: TimeProps) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{String(at)}</span>;
  return <time dateTime={date.toISOString()}>{timeText(date, show, timeZone)}</time>;
}

/** A moment as text: "Mon 30 Nov, 18:04", "Mon 30 Nov", or "18:04:21". */
export function timeText(date: Date, show: "date" | "time" | "both" = "both", timeZone?: string): string {
  const at = date.toISOString();
  if (show === "time") return clock(at, true);
  return (show === "date" ? eventDay(at, timeZone) : eventTime(at, timeZone)) ?? at;
}

/** A status in one or two words. */
export function Badge({
  children,
  tone = "plain",
}: {
  children: ReactNode;
  tone?: "plain" | "ok" | "warn" | "bad" | "info";
}) {
  return <span className={`badge badge-${tone}`}>{children}</span>;
}

type NoticeProps = {
  children: ReactNode;
  kind?: "info" | "ok" | "warn" | "error";
  /** Buttons beside the text. */
  actions?: ReactNode;
};

/** A message. Screen readers interrupt for errors only. */
export function Notice({ children, kind = "info", actions }: NoticeProps) {
  return (
    <div className={`notice notice-${kind}`} role={kind === "error" ? "alert" : "status"}>
      <div className="notice-text">{children}</div>
      {actions !== undefined && <div className="row">{actions}</div>}
    </div>
  );
}

/** An empty list, and what to do about it; or, with `isPage`, a page without anything else. */
export function Empty({
  title,
  children,
  isPage = false,
}: {
  title: string;
  children?: ReactNode;
  isPage?: boolean;
}) {
  return (
    <div className="empty">
      {isPage ? <h1 className="empty-title">{title}</h1> : <p className="empty-title">{title}</p>}
      {children}
    </div>
  );
}
