import { visible } from "./visible";

/** A value as indented JSON in a box that scrolls. Markup in it stays text. */
export function Json({ value, label }: { value: unknown; label: string }) {
  return (
    <pre className="json" tabIndex={0} role="group" aria-label={label}>
      {jsonText(value)}
    </pre>
  );
}

const CHARS_MAX = 40_000;

/** The value as text, cut after `CHARS_MAX`. */
export function jsonText(value: unknown): string {
  const text = visible(typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? String(value)));
  return text.length > CHARS_MAX
    ? `${text.slice(0, CHARS_MAX)}\n… ${text.length - CHARS_MAX} more characters`
    : text;
}
