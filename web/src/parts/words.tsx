// Small pieces of text: money, time, badges, and what is said when there is nothing or something is wrong.
import type { ReactNode } from "react";

/** A message of the server as a sentence begins. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Dollars from the server's decimal text: "$0.05". */
export function Money({ dollars }: { dollars: string }) {
  return <span className="money">{moneyText(dollars)}</span>;
}

/** The same as text. At least two digits of cents, none of the others lost. */
export function moneyText(dollars: string): string {
  const plain = dollars.trim().replace(/^\$/, "");
  if (!/^\d+(\.\d+)?$/.test(plain)) return dollars;
  const [whole = "0", fraction = ""] = plain.split(".");
  const cents = fraction.replace(/0+$/, "").padEnd(2, "0");
  return `$${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents}`;
}

type TimeProps = {
  /** ISO 8601, or milliseconds since 1970. */
  at: string | number;
  show?: "date" | "time" | "both";
  /** Instead of the reader's own. */
  timeZone?: string | undefined;
};

/** A moment in the reader's own words and time zone, or in the event's. */
export function Time({ at, show = "both", timeZone }: TimeProps) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <span>{String(at)}</span>;
  return <time dateTime={date.toISOString()}>{timeText(date, show, timeZone)}</time>;
}

/** The same as text. */
export function timeText(date: Date, show: "date" | "time" | "both" = "both", timeZone?: string): string {
  const options: Intl.DateTimeFormatOptions =
    show === "time"
      ? { hour: "2-digit", minute: "2-digit", second: "2-digit" }
      : { dateStyle: "medium", ...(show === "both" ? { timeStyle: "short" } : {}) };
  try {
    return new Intl.DateTimeFormat(
      undefined,
      timeZone === undefined ? options : { ...options, timeZone },
    ).format(date);
  } catch {
    // A time zone that this browser does not know.
    return new Intl.DateTimeFormat(undefined, options).format(date);
  }
}

/** A word that says how something stands. */
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
  /** Buttons beside it. */
  actions?: ReactNode;
};

/** Something to know. Errors are said at once by screen readers, the others when there is time. */
export function Notice({ children, kind = "info", actions }: NoticeProps) {
  return (
    <div className={`notice notice-${kind}`} role={kind === "error" ? "alert" : "status"}>
      <div className="notice-text">{children}</div>
      {actions !== undefined && <div className="row">{actions}</div>}
    </div>
  );
}

/** There is nothing here yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}
